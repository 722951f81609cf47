/** One end keeps the session down by its own line. */
import { type BgpRule, bothWays } from '../bgp-case.ts';
import { neighborLine } from '../bgp-lines.ts';
import { deleteLine, placeOf } from '../places.ts';

export const neighborShutdown: BgpRule = (one) => {
  for (const { here } of bothWays(one)) {
    const { device, neighbor } = here;
    if (neighbor?.shutdown !== true) continue;
    return {
      code: 'neighbor-shutdown',
      claim: `${device.name} has its neighbor ${neighbor.address} shut down`,
      lines: [neighborLine(device, neighbor, 'shutdown')],
      edits: [deleteLine(device, placeOf(neighbor.written, 'shutdown'), 'lets the session run')],
    };
  }
  return undefined;
};
