/**
 * Postquantum preshared keys, RFC 8784:
 *
 *     initiator                                                   responder
 *     IKE_SA_INIT { ..., N(USE_PPK) }                         -->
 *                                                             <--  IKE_SA_INIT { ..., N(USE_PPK) }
 *     IKE_AUTH { ..., AUTH, N(PPK_IDENTITY), [N(NO_PPK_AUTH)] } -->
 *                                                             <--  IKE_AUTH { ..., AUTH, [N(PPK_IDENTITY)] }
 *
 * NO_PPK_AUTH proves the initiator without the key, for a responder that does not have it; it is left out by who
 * demands the key. PPK_IDENTITY in the answer says that the responder used the key.
 */
import { bytesEqual, concat, fail, ok, type Result, SecretKey } from '../base/index.ts';
import { prfPlus } from '../crypto/index.ts';
import type { IkeFault } from './faults.ts';
import { type NotifyPayload, notify, pickNotify } from './payloads.ts';
import { type IkeConfig, type IkePath, type Ppk, vrfOf } from './policy.ts';
import { NotifyType, type Payload } from './wire/message.ts';

/** The keys that a PPK goes into: child SAs and later IKE SAs come of SK_d, authentication of the other two. */
export type PpkKeys = Readonly<{ skD: SecretKey; skPi: SecretKey; skPr: SecretKey }>;

/** PPK_ID types, section 5.1; 0 is reserved. */
const PpkIdType = { opaque: 1, fixed: 2 } as const;

/** SK' = prf+(PPK, SK) for each of the three, each as long as it was (section 3). */
export function mixPpk(prf: number, ppk: SecretKey, { skD, skPi, skPr }: PpkKeys): PpkKeys {
  const mix = (key: SecretKey): SecretKey => {
    const before = key.reveal();
    return new SecretKey(prfPlus(prf, ppk.reveal(), before, before.length));
  };
  return { skD: mix(skD), skPi: mix(skPi), skPr: mix(skPr) };
}

/** Tells in IKE_AUTH which key is meant. */
export function ppkIdentity({ type, id }: Ppk): NotifyPayload {
  return notify(NotifyType.PPK_IDENTITY, concat(Uint8Array.of(PpkIdType[type]), id));
}

/** As responder: whether some peer that this may be has such a key. Who it is shows in IKE_AUTH only. */
export function mayUsePpk(config: IkeConfig, path: IkePath): boolean {
  const { local, remote } = path;
  return config.peers.some(
    (peer) =>
      (peer.ppk !== undefined || peer.keyring?.some(({ ppk }) => ppk !== undefined) === true) &&
      vrfOf(peer) === vrfOf(path) &&
      (peer.remote === undefined || peer.remote.equals(remote.address)) &&
      (peer.local === undefined || peer.local.equals(local.address)),
  );
}

export type PpkRefusal = Readonly<{ fault: IkeFault; text: string }>;

/**
 * The responder's decision, section 3's table: with the key, without it when neither end demands it, or not at all.
 * `noPpkAuth` is what proves the initiator when it is without.
 */
export function choosePpk(
  ppk: Ppk | undefined,
  payloads: readonly Payload[],
  wasAgreed: boolean,
): Result<Readonly<{ ppk: Ppk } | { ppk: undefined; noPpkAuth: Uint8Array | undefined }>, PpkRefusal> {
  const told = wasAgreed ? pickNotify(payloads, NotifyType.PPK_IDENTITY) : undefined;
  if (ppk !== undefined && told !== undefined && bytesEqual(told.data, ppkIdentity(ppk).data)) return ok({ ppk });
  if (ppk?.required === true) {
    const why = told === undefined ? 'the peer does not use one' : 'the peer means another one';
    return fail({ fault: 'ppk-required', text: `a postquantum preshared key is required, but ${why}` });
  }
  if (told === undefined) return ok({ ppk: undefined, noPpkAuth: undefined });
  const noPpkAuth = pickNotify(payloads, NotifyType.NO_PPK_AUTH)?.data;
  if (noPpkAuth !== undefined) return ok({ ppk: undefined, noPpkAuth });
  const text = 'the peer requires a postquantum preshared key that is not configured here';
  return fail({ fault: 'unknown-ppk', text });
}
