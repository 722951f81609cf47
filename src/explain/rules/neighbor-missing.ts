/** One end has no line for the other. */
import { asnOf, type BgpEnd, type BgpRule, bothWays } from '../bgp-case.ts';
import { familyLine, neighborLine, neighborLines } from '../bgp-lines.ts';
import { sourceLine } from '../diagnosis.ts';
import { insertAfter } from '../places.ts';
import { refusals } from '../session-evidence.ts';
import type { Finding } from '../tunnel-case.ts';
import { ownerOf } from '../ways.ts';

export const neighborMissing: BgpRule = (one) => {
  for (const { here, there } of bothWays(one)) {
    if (there === undefined || here.neighbor !== undefined) continue;
    const known = here.bgp?.neighbors.find(
      ({ address }) => address.family === one.family && ownerOf(there.device, address) !== undefined,
    );
    if (known !== undefined) {
      return {
        code: 'no-such-neighbor',
        claim: `${here.device.name} has no neighbor ${one.address}; ${there.device.name} is its neighbor ${known.address}`,
      };
    }
    const caller = there.address;
    const asn = asnOf(there);
    if (here.bgp === undefined || there.neighbor === undefined || caller === undefined || asn === undefined) continue;
    return {
      code: 'neighbor-missing',
      claim: `${there.device.name} calls from ${caller}, and ${here.device.name} has no neighbor ${caller}`,
      evidence: [
        ...refusals(here, caller),
        ...(there.session?.lastError === undefined ? [] : [there.session.lastError]),
      ],
      lines: [neighborLine(there.device, there.neighbor)],
      edits: [added(here, there, caller, asn)].flat(),
    };
  }
  return undefined;
};

/** Without the other side: it closes every connection before it has said who it is. */
export const neighborRefused: BgpRule = ({ near, far }) => {
  const { neighbor, session, device } = near;
  if (far !== undefined || neighbor === undefined || session?.lastError === undefined) return undefined;
  if (!/^(peer closed|connect: (refused|reset))/.test(session.lastError)) return undefined;
  const own = near.address === undefined ? 'our address' : `${near.address}`;
  return {
    layer: 'tcp',
    code: 'neighbor-refuses',
    claim: `${neighbor.address} can be reached, and refuses the session with ${device.name}`,
    evidence: [session.lastError],
    lines: [neighborLine(device, neighbor)],
    missing: `\`neighbor ${own} remote-as ${asnOf(near)}\`, not shut down, with \`ebgp-multihop\` if the AS numbers differ, and an \`update-source\` with the address ${neighbor.address}`,
  };
};

/** Nobody is configured at the address that was asked for, and one who is not known calls. */
export const strangerCalls: BgpRule = ({ near, far, address }) => {
  if (near.neighbor !== undefined || far !== undefined) return undefined;
  const { device } = near;
  const seen = refusals(near, address);
  return {
    layer: 'configuration',
    code: seen.length > 0 ? 'neighbor-missing' : 'no-such-neighbor',
    claim: `${device.name} has no neighbor ${address}`,
    evidence: seen,
    missing: `a session to ${device.name} from ${address}; its AS is what \`neighbor ${address} remote-as\` must say here`,
  } satisfies Finding;
};

function added(here: BgpEnd, there: BgpEnd, caller: NonNullable<BgpEnd['address']>, asn: number) {
  const opener = familyLine(here.device, caller.family);
  if (opener === undefined) return [];
  const { lines, secrets } = neighborLines(here, there, caller, asn);
  const isFamily = /address-family/.test(sourceLine(here.device, opener).text);
  const text = [
    ...(isFamily ? [] : [` address-family ipv${caller.family} unicast`]),
    ...lines.map((line) => `  ${line}`),
    ...(isFamily ? [] : [' exit-address-family']),
  ].join('\n');
  return [insertAfter(here.device, opener, { text, secrets, why: `makes ${there.device.name} a neighbor` })];
}
