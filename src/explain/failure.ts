/** The last failure of IKE that a device's journal has for one tunnel. */
import type { IpAddress } from '../base/index.ts';
import type { GatewayLogEvent } from '../gateway/index.ts';
import type { Cause } from '../ike/index.ts';
import type { TunnelCase, TunnelEnd } from './tunnel-case.ts';

export type Failure = Readonly<{ event: GatewayLogEvent; cause: Cause }>;

/** What failed last with the other end, if nothing succeeded since. */
export function lastFailure({ near }: Pick<TunnelCase, 'near'>, remote: IpAddress | undefined): Failure | undefined {
  const { snapshot } = near.device;
  const peer = peerName(near);
  for (const event of snapshot?.log.toReversed() ?? []) {
    if (event.code === 'child-sa-up' && event.subject === near.state?.name) return undefined;
    if (event.code !== 'ike-failed' || event.cause === undefined) continue;
    const isOurs =
      event.subject === peer && (near.tunnel?.kind === 'tunnel' || event.remote?.equals(remote ?? event.remote));
    const isStranger = event.subject === undefined && remote !== undefined && event.remote?.equals(remote) === true;
    if (isOurs === true || isStranger) return { event, cause: event.cause };
  }
  return undefined;
}

/** The same from the far end's journal. */
export function farFailure({ far, near, seenByFar }: TunnelCase): Failure | undefined {
  if (far === undefined) return undefined;
  return lastFailure({ near: far }, far.tunnel?.kind === 'tunnel' ? near.address : seenByFar);
}

/** The near end's. */
export function nearFailure(one: TunnelCase): Failure | undefined {
  return lastFailure(one, remoteAddress(one));
}

/** The other end's address as the near end sees it. */
export function remoteAddress({ near, far, peer }: TunnelCase): IpAddress | undefined {
  return near.tunnel?.tunnel?.destination ?? peer ?? far?.address;
}

/** The chain of causes as evidence, with the moment. */
export function tell(device: string, { event, cause }: Failure): string {
  const parts: string[] = [];
  for (let one: Cause | undefined = cause; one !== undefined; one = one.because) parts.push(one.text);
  return `${device} at ${(event.at / 1000).toFixed(1)} s: ${parts.join(', because ')} [${cause.code}]`;
}

/** What both journals say of the last failure. */
export function failuresSeen(one: TunnelCase): string[] {
  const near = nearFailure(one);
  const far = farFailure(one);
  return [
    ...(near === undefined ? [] : [tell(one.near.device.name, near)]),
    ...(far === undefined || one.far === undefined ? [] : [tell(one.far.device.name, far)]),
  ];
}

/** What IKE calls the peer of this end (`IkePeer.name`). */
export function peerName({ tunnel, group }: TunnelEnd): string {
  return tunnel?.kind === 'tunnel' ? tunnel.name : `tunnel-group ${group?.name ?? ''}`;
}
