/** What one end calls the other's AS is not what that one calls itself: RFC 4271 section 6.2, NOTIFICATION 2/2. */
import { asnOf, type BgpEnd, type BgpRule, bothWays, isExternal } from '../bgp-case.ts';
import { neighborLine, setNeighbor } from '../bgp-lines.ts';
import type { Edit, SourceLine } from '../diagnosis.ts';
import { lineOf } from '../places.ts';
import { notified, sessionsSeen } from '../session-evidence.ts';

/** What stands in the OPEN's two octets for an AS number that needs four, RFC 6793. */
const AS_TRANS = 23_456;

export const asNumber: BgpRule = (one) => {
  for (const { here, there } of bothWays(one)) {
    const { neighbor, device } = here;
    const actual = there === undefined ? undefined : asnOf(there);
    if (there === undefined || neighbor?.remoteAsn === undefined || actual === undefined) continue;
    if (neighbor.remoteAsn === actual) continue;
    const isInternal = neighbor.remoteAsn === asnOf(here);
    const shouldBe = actual === asnOf(here);
    const kind = isInternal ? 'as internal' : shouldBe ? 'as external' : undefined;
    const treats = kind === undefined ? '' : `, and so treats it ${kind}`;
    return {
      code: kind === undefined ? 'as-mismatch' : 'as-internal-external',
      claim: `${device.name} takes ${neighbor.address} to be AS ${neighbor.remoteAsn}${treats}; ${there.device.name} is AS ${actual}`,
      evidence: sessionsSeen(one),
      lines: [neighborLine(device, neighbor), asLine(there)],
      edits: [
        setNeighbor(device, neighbor, 'remoteAsn', {
          text: `remote-as ${actual}`,
          why: `the AS of ${there.device.name}`,
        }),
        ...localAs(there, neighbor.remoteAsn),
      ],
    };
  }
  return one.far === undefined ? alone(one.near) : undefined;
};

function alone(near: BgpEnd): ReturnType<BgpRule> {
  const seen = notified(near, 2, 2);
  const { neighbor, device } = near;
  if (seen === undefined || neighbor === undefined) return undefined;
  if (seen.way === 'received') {
    return {
      code: 'as-mismatch',
      claim: `${neighbor.address} does not expect AS ${asnOf(near)} from ${device.name}`,
      evidence: [seen.text],
      lines: [asLine(near)],
      missing: `\`neighbor ${near.address ?? 'ADDRESS'} remote-as ${asnOf(near)}\``,
    };
  }
  const actual = seen.data === AS_TRANS ? undefined : seen.data;
  return {
    code: 'as-mismatch',
    claim: `${neighbor.address} is ${actual === undefined ? 'another AS' : `AS ${actual}`}, not AS ${neighbor.remoteAsn}`,
    evidence: [seen.text],
    lines: [neighborLine(device, neighbor)],
    edits:
      actual === undefined
        ? []
        : [
            setNeighbor(device, neighbor, 'remoteAsn', {
              text: `remote-as ${actual}`,
              why: 'the AS that it says it is',
            }),
          ],
    missing: `\`router bgp ${neighbor.remoteAsn}\`, or \`local-as ${neighbor.remoteAsn}\` toward ${near.address ?? 'us'}`,
  };
}

/** The line by which an end is in its AS. */
function asLine({ device, neighbor, bgp }: BgpEnd): SourceLine {
  if (neighbor?.localAsn !== undefined) return neighborLine(device, neighbor, 'localAsn');
  return lineOf(
    device,
    bgp?.written ?? { start: { file: device.configuration.file, line: 1, column: 1 }, attributes: {} },
  );
}

/** The other side of it: that end calls itself what it is expected to be. An internal session can not have that. */
function localAs(end: BgpEnd, expected: number): readonly Edit[] {
  const { device, neighbor } = end;
  if (neighbor === undefined || expected === neighbor.remoteAsn || !isExternal(end)) return [];
  const text = `local-as ${expected}`;
  return [setNeighbor(device, neighbor, 'localAsn', { text, why: 'is that AS toward this neighbor alone' })];
}
