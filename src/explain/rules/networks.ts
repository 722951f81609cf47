/** The session is up, and an end announces nothing: its `network` line has no route, or there is none for the LAN. */
import { type Family, netmask, type Prefix } from '../../base/index.ts';
import { type BgpEnd, type BgpRule, bothWays, familiesOf } from '../bgp-case.ts';
import { familyLine } from '../bgp-lines.ts';
import type { Edit } from '../diagnosis.ts';
import { deleteLine, insertAfter, lineOf, replaceLine } from '../places.ts';
import type { Finding } from '../tunnel-case.ts';
import { lans, wayFor } from '../ways.ts';

export const networks: BgpRule = (one) => {
  for (const { here } of bothWays(one)) {
    for (const family of familiesOf(here)) {
      const found = withoutRoute(here, family) ?? silent(here, family);
      if (found !== undefined) return found;
    }
  }
  return undefined;
};

/** Networks of LANs that no line of BGP announces. */
export function unannounced({ bgp, device }: Pick<BgpEnd, 'bgp' | 'device'>, family: Family): readonly Prefix[] {
  const settings = bgp?.families[family];
  if (settings === undefined || settings.redistribute.some(({ source }) => source === 'connected')) return [];
  return lans(device, family).filter((lan) => !settings.networks.some(({ prefix }) => prefix.covers(lan)));
}

/** A `network` line for a LAN, behind the line that opens the family. */
export function announce({ device }: Pick<BgpEnd, 'device'>, lan: Prefix): readonly Edit[] {
  const opener = familyLine(device, lan.family);
  if (opener === undefined) return [];
  return [insertAfter(device, opener, { text: `  ${networkLine(lan)}`, why: `announces ${lan}` })];
}

/** BGP announces what the routing table has for exactly that prefix. */
function withoutRoute(here: BgpEnd, family: Family): Finding | undefined {
  const { device, bgp } = here;
  const missing = bgp?.families[family]?.networks.find(({ prefix }) => wayFor(device, prefix) === undefined);
  if (missing === undefined) return undefined;
  const [lan] = unannounced(here, family);
  const { start } = missing.written;
  return {
    layer: 'route',
    code: 'network-without-route',
    claim: `${device.name} is to announce ${missing.prefix}, and has no route for exactly that`,
    evidence: [
      `${device.name} has no route ${missing.prefix}${lan === undefined ? '' : `, but is connected to ${lan}`}`,
    ],
    lines: [lineOf(device, missing.written)],
    edits:
      lan === undefined
        ? [deleteLine(device, start, 'it announces nothing')]
        : [replaceLine(device, start, { text: networkLine(lan), why: `announces ${lan}, which is connected` })],
  };
}

/** Nothing at all goes to the neighbour although there is a LAN. */
function silent(here: BgpEnd, family: Family): Finding | undefined {
  const { device, bgp, session, neighbor } = here;
  const settings = bgp?.families[family];
  const [lan] = unannounced(here, family);
  if (settings === undefined || lan === undefined || bgp === undefined) return undefined;
  const saysOther = settings.networks.length > 0 || settings.redistribute.length > 0;
  if (saysOther || neighbor?.families[family]?.defaultOriginate === true) return undefined;
  if ((session?.families?.[family]?.sent ?? 0) > 0) return undefined;
  return {
    layer: 'route',
    code: 'lan-not-announced',
    claim: `${device.name} announces nothing to ${neighbor?.address}: no \`network\` line is for its LAN ${lan}`,
    evidence: [`${device.name}: 0 prefixes sent to ${neighbor?.address}`],
    lines: [lineOf(device, bgp.written)],
    edits: announce(here, lan),
  };
}

function networkLine({ family, address, length }: Prefix): string {
  return family === 6 ? `network ${address}/${length}` : `network ${address} mask ${netmask(length)}`;
}
