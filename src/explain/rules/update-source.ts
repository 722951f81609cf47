/** One end speaks from another address than the one that the other end has for a neighbour. */
import { type BgpRule, bothWays } from '../bgp-case.ts';
import { neighborLine, setNeighbor } from '../bgp-lines.ts';
import { deleteLine, placeOf } from '../places.ts';
import { refusals, sessionsSeen } from '../session-evidence.ts';
import { aliasOf, ownerOf, sourceAddress, wayTo } from '../ways.ts';

export const updateSource: BgpRule = (one) => {
  for (const { here, there } of bothWays(one)) {
    const { device, neighbor, address: speaks, index } = here;
    const expected = there?.neighbor?.address;
    if (neighbor === undefined) continue;
    const { updateSource: name } = neighbor;
    const isNamed = name !== undefined;
    if (isNamed && speaks === undefined) {
      const model = index.interface(name);
      return {
        code: 'update-source-unusable',
        claim: `${device.name} shall speak to ${neighbor.address} from ${name}, ${model === undefined ? 'which no interface is called' : 'which has no such address'}`,
        lines: [neighborLine(device, neighbor, 'updateSource')],
        edits: [deleteLine(device, placeOf(neighbor.written, 'updateSource'), 'speaks from the way out')],
      };
    }
    if (there === undefined || expected === undefined || speaks === undefined || speaks.equals(expected)) continue;
    const owner = ownerOf(device, expected);
    if (owner === undefined) continue;
    const out = wayTo(device, neighbor.address)?.interface;
    const direct = out === undefined ? undefined : sourceAddress(device, out, expected.family);
    const remove = isNamed && direct?.equals(expected) === true;
    const wanted = aliasOf(device, owner.name);
    return {
      code: isNamed ? 'update-source-wrong' : 'update-source-missing',
      claim: `${device.name} speaks to ${neighbor.address} from ${speaks}, and ${there.device.name} expects ${expected}`,
      evidence: [...sessionsSeen(one), ...refusals(there, speaks)],
      lines: [
        neighborLine(device, neighbor, 'updateSource'),
        ...(there.neighbor === undefined ? [] : [neighborLine(there.device, there.neighbor)]),
      ],
      edits: [
        ...(remove ? [deleteLine(device, placeOf(neighbor.written, 'updateSource'), `speaks from ${expected}`)] : []),
        setNeighbor(device, neighbor, 'updateSource', {
          text: `update-source ${wanted}`,
          why: `speaks from ${expected}`,
        }),
      ],
    };
  }
  return undefined;
};
