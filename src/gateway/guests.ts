/** Neighbours of listen ranges coming and going. */
import type { IpAddress } from '../base/index.ts';
import type { Context } from './context.ts';
import { tellNeighborReachable } from './routes.ts';
import type { Speaker } from './speaker.ts';

/** A caller that is no neighbour becomes one, if a range is for it. */
export function welcome(context: Context, speaker: Speaker, address: IpAddress): void {
  const { running } = speaker;
  if (running === undefined || running.neighbors.has(address.toString())) return;
  const verdict = speaker.ranges.admit(address);
  if (verdict === 'full') {
    const text = `BGP neighbor ${speaker.nameOf(address)} is refused: as many of the listen ranges are here as may`;
    context.log(4, 'listen-limit', text, { subject: speaker.nameOf(address), remote: address });
  }
  if (verdict !== 'admitted') return;
  const range = speaker.ranges.rangeOf(address);
  const text = `BGP neighbor ${speaker.nameOf(address)} comes from listen range ${range?.prefix} (${range?.peerGroup})`;
  context.log(6, 'dynamic-neighbor', text, { subject: speaker.nameOf(address), remote: address });
  reconfigure(context, speaker);
  speaker.watchers.add('bgp-neighbor', address.toString(), address, context.tracking(speaker.vrf));
  tellNeighborReachable(context, speaker, address);
}

/** Its last connection has ended: it is nobody any more. */
export function takeLeave(context: Context, speaker: Speaker, address: IpAddress): void {
  for (const { remote } of speaker.transports.values()) if (remote.address.equals(address)) return;
  if (!speaker.ranges.dismiss(address)) return;
  speaker.watchers.remove('bgp-neighbor', address.toString(), address, context.tracking(speaker.vrf));
  reconfigure(context, speaker);
}

function reconfigure(context: Context, speaker: Speaker): void {
  const config = speaker.run();
  if (config !== undefined) context.push({ to: 'bgp', speaker, event: { kind: 'configure', config } });
}
