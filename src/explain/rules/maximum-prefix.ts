/** The session was ended for more prefixes than `maximum-prefix` allows: RFC 4486 section 4, Cease 6/1. */
import { type BgpEnd, type BgpRule, bothWays } from '../bgp-case.ts';
import { neighborLine, setNeighbor } from '../bgp-lines.ts';
import { notified } from '../session-evidence.ts';

export const maximumPrefix: BgpRule = (one) => {
  for (const { here, there } of bothWays(one)) {
    const { device, neighbor, session } = here;
    if (neighbor === undefined || session?.maximumPrefixExceeded !== true) continue;
    const found = ([4, 6] as const).find((family) => neighbor.families[family]?.maximumPrefix !== undefined);
    const limit = found === undefined ? undefined : neighbor.families[found]?.maximumPrefix;
    if (found === undefined || limit === undefined) continue;
    const told = toldBy(here);
    // It stopped at the first one too many: how many there are in all only the other side knows.
    const all = Math.max(told.count, there?.device.snapshot?.bgp?.prefixes ?? 0, limit.count + 1);
    const text = (rest: string): string => `maximum-prefix ${rest}`;
    const attribute = `ipv${found} maximum-prefix`;
    return {
      code: 'maximum-prefix-exceeded',
      claim: `${device.name} takes ${limit.count} prefixes from ${neighbor.address} at most, and was told more; it waits for \`clear bgp ${neighbor.address}\``,
      evidence: told.text === undefined ? [] : [told.text],
      lines: [neighborLine(device, neighbor, attribute)],
      edits: [
        setNeighbor(device, neighbor, attribute, {
          text: text(`${Math.ceil((all * 4) / 3)} ${limit.warningPercent}`),
          why: 'leaves room for as many and a third more',
        }),
        setNeighbor(device, neighbor, attribute, {
          text: text(`${limit.count} ${limit.warningPercent} warning-only`),
          why: 'only warns',
        }),
      ],
    };
  }
  const seen = one.far === undefined ? notified(one.near, 6, 1) : undefined;
  const { neighbor, device, address } = one.near;
  if (seen === undefined || neighbor === undefined) return undefined;
  const count = device.snapshot?.bgp?.prefixes ?? 1;
  return {
    code: 'maximum-prefix-exceeded',
    claim: `${neighbor.address} was told more prefixes by ${device.name} than it takes`,
    evidence: [seen.text],
    lines: [neighborLine(device, neighbor)],
    missing: `\`neighbor ${address ?? 'ADDRESS'} maximum-prefix ${count}\` or more, and then \`clear bgp ${address ?? 'ADDRESS'}\``,
  };
};

function toldBy({ device, neighbor }: BgpEnd): Readonly<{ count: number; text?: string }> {
  const last = device.snapshot?.log.findLast(
    ({ code, subject }) => code === 'maximum-prefix-exceeded' && subject === neighbor?.address.toString(),
  );
  if (last === undefined) return { count: 0 };
  return { count: Number(/: (\d+) exceeds/.exec(last.text)?.[1] ?? 0), text: last.text };
}
