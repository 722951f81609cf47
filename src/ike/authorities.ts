/** Certificate requests, RFC 7296 section 3.7, and what is said of signatures in IKE_SA_INIT (RFC 7427 section 4). */
import { concat, toHex } from '../base/index.ts';
import { hashesBytes, hashesOf, OWN_HASHES } from './authentication.ts';
import type { IkeContext } from './context.ts';
import type { IkeSa } from './ike-sa.ts';
import { notify, pickNotify } from './payloads.ts';
import type { CertificateTrust, IkeConfig, IkePeer } from './policy.ts';
import { CertificateEncoding, NotifyType, type Payload } from './wire/message.ts';

const HASH_LENGTH = 20;
/** Authorities that one request names; a peer that needs another one finds out by trying. */
const MOST_AUTHORITIES = 100;

/** Asks for certificates of the authorities that a peer may show. */
export function certificateRequest(trust: CertificateTrust | undefined): readonly Payload[] {
  return trust === undefined ? [] : requestOf([trust]);
}

/** What the initiator says of signatures in IKE_SA_INIT. */
export function initiatorSignatures(peer: IkePeer | undefined): readonly Payload[] {
  return peer !== undefined && usesSignatures(peer) ? [hashesNotify()] : [];
}

/** What the responder says, who does not know yet who asks: what holds for any of its peers. */
export function responderSignatures(context: IkeContext, request: readonly Payload[]): readonly Payload[] {
  const { signs, requests } = answerOf(context.config);
  const isAsked = pickNotify(request, NotifyType.SIGNATURE_HASH_ALGORITHMS) !== undefined;
  return [...(signs && isAsked ? [hashesNotify()] : []), ...requests];
}

/** Takes note of what the peer said about signatures, in IKE_SA_INIT or in IKE_AUTH. */
export function noteSignatures(sa: IkeSa, payloads: readonly Payload[]): void {
  const told = pickNotify(payloads, NotifyType.SIGNATURE_HASH_ALGORITHMS);
  if (told !== undefined) sa.peerHashes = hashesOf(told.data);
  const wanted = new Set<string>();
  for (const payload of payloads) {
    if (payload.kind !== 'certreq' || payload.encoding !== CertificateEncoding.X509_SIGNATURE) continue;
    const { data } = payload;
    for (let i = 0; i + HASH_LENGTH <= data.length && wanted.size < MOST_AUTHORITIES; i += HASH_LENGTH) {
      wanted.add(toHex(data.subarray(i, i + HASH_LENGTH)));
    }
  }
  if (wanted.size > 0) sa.peerAuthorities = wanted;
}

function usesSignatures({ localSignature, trust }: IkePeer): boolean {
  return localSignature !== undefined || trust !== undefined;
}

function hashesNotify(): Payload {
  return notify(NotifyType.SIGNATURE_HASH_ALGORITHMS, hashesBytes(OWN_HASHES));
}

type Answer = Readonly<{ signs: boolean; requests: readonly Payload[] }>;

/** Worked out once for each configuration: anybody may ask, and often. */
const answers = new WeakMap<IkeConfig, Answer>();

function answerOf(config: IkeConfig): Answer {
  const known = answers.get(config);
  if (known !== undefined) return known;
  const trusts = new Set(config.peers.flatMap(({ trust }) => (trust === undefined ? [] : [trust])));
  const made = { signs: config.peers.some(usesSignatures), requests: requestOf([...trusts]) };
  answers.set(config, made);
  return made;
}

function requestOf(trusts: readonly CertificateTrust[]): readonly Payload[] {
  const hashes = new Map<string, Uint8Array>();
  for (const { anchors } of trusts) {
    for (const { certificate } of anchors) {
      const { keyHash } = certificate;
      if (hashes.size < MOST_AUTHORITIES) hashes.set(toHex(keyHash), keyHash);
    }
  }
  if (hashes.size === 0) return [];
  return [{ kind: 'certreq', encoding: CertificateEncoding.X509_SIGNATURE, data: concat(...hashes.values()) }];
}
