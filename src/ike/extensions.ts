/**
 * What the ends tell each other in IKE_SA_INIT besides the key exchange: that they can put messages together that came
 * in pieces (RFC 7383), that an IKE SA may stand without a child SA (RFC 6023), where a NAT stands (RFC 7296 2.23).
 */
import type { IkeContext } from './context.ts';
import { mtuOf } from './fragments.ts';
import type { IkeSa } from './ike-sa.ts';
import { detectNat, natNotifies, type Spis } from './nat-detection.ts';
import { notify, pickNotify } from './payloads.ts';
import type { IkePath, IkePeer } from './policy.ts';
import { NotifyType, type Payload } from './wire/message.ts';

/** For the request that we send on a path; `peer` is whom it is meant for. */
export function requestExtensions(
  context: IkeContext,
  spis: Spis,
  path: IkePath,
  peer: IkePeer | undefined,
): readonly Payload[] {
  const { fragmentation } = context.config;
  return [
    ...natNotifies(spis, path, isForced(context, peer)),
    ...(fragmentation === undefined ? [] : [notify(NotifyType.IKEV2_FRAGMENTATION_SUPPORTED)]),
  ];
}

/** For the response; `peer` is who it seems to be. RFC 6023 section 4: only the responder tells that it can do without. */
export function responseExtensions(
  context: IkeContext,
  spis: Spis,
  path: IkePath,
  peer: IkePeer | undefined,
): readonly Payload[] {
  return [...requestExtensions(context, spis, path, peer), notify(NotifyType.CHILDLESS_IKEV2_SUPPORTED)];
}

/** Takes note of what the peer told on `sa.path`; says whether it looks for NATs at all. */
export function agreeOnExtensions(
  context: IkeContext,
  sa: IkeSa,
  spis: Spis,
  payloads: readonly Payload[],
  peer: IkePeer | undefined,
): boolean {
  const says = (type: number): boolean => pickNotify(payloads, type) !== undefined;
  const nat = detectNat(payloads, spis, sa.path);
  sa.natLocal = nat.local;
  sa.natRemote = nat.remote;
  sa.isForced = nat.supported && isForced(context, peer);
  const { fragmentation } = context.config;
  // RFC 7383 section 2.3: both say that they can put pieces together, or nobody cuts.
  const cuts = fragmentation !== undefined && says(NotifyType.IKEV2_FRAGMENTATION_SUPPORTED);
  sa.fragmentation = cuts ? { mtu: mtuOf(sa.path, fragmentation.mtu) } : undefined;
  sa.isChildless =
    sa.role === 'initiator' &&
    peer?.childless === true &&
    // One that replaces another takes over its child SA in the same exchange.
    sa.reauthenticates === undefined &&
    says(NotifyType.CHILDLESS_IKEV2_SUPPORTED);
  return nat.supported;
}

/** Whether ESP shall go in UDP with this peer. */
function isForced({ config }: IkeContext, peer: IkePeer | undefined): boolean {
  return config.forceEncapsulation === true || peer?.forceEncapsulation === true;
}
