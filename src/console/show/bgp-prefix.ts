/** `show bgp PREFIX`: every path of one prefix with the step of the decision process that settled it. */
import { IpAddress, Prefix } from '../../base/index.ts';
import type { BgpPathSnapshot } from '../../bgp/index.ts';
import type { GatewaySnapshot } from '../../gateway/index.ts';
import { BGP_NOT_ACTIVE } from './bgp-summary.ts';
import { type PathValue, pathSchema, pathValue } from './bgp-table.ts';
import { count, flag, list, object, optional, prefix, publish, type Value } from './schema.ts';
import { lines, type Shown } from './shown.ts';

export const bgpPrefixSchema = publish(
  'show-bgp-prefix',
  'show bgp [ipv4|ipv6 unicast] PREFIX',
  object({
    isActive: flag('BGP is configured'),
    prefix: optional(prefix('the entry found; absent when there is none')),
    version: count('version of the table in which its best path last changed'),
    paths: list(pathSchema, 'paths, the best one first'),
  }),
);
export type BgpPrefix = Value<typeof bgpPrefixSchema.schema>;

/** What an operator may write for a prefix: `10.1.1.0/24`, or an address for the longest prefix that holds it. */
export type Wanted = Readonly<{ prefix: Prefix } | { address: IpAddress }>;

export function readWanted(word: string, mask?: string): Wanted | undefined {
  const written = Prefix.parse(word);
  if (written !== undefined) return { prefix: written };
  const address = IpAddress.parse(word);
  if (address === undefined) return undefined;
  if (mask === undefined) return { address };
  for (let length = 0; length <= 32; length++) {
    const prefix = new Prefix(address, length);
    if (address.family === 4 && maskText(length) === mask) return { prefix };
  }
  return undefined;
}

export function showBgpPrefix(
  snapshot: GatewaySnapshot,
  all: readonly BgpPathSnapshot[],
  wanted: Wanted,
): Shown<BgpPrefix> {
  const value = bgpPrefix(snapshot, all, wanted);
  if (!value.isActive) return { value, text: BGP_NOT_ACTIVE };
  return { value, text: value.prefix === undefined ? '% Network not in table\n' : textOf(value, value.prefix) };
}

export function bgpPrefix({ bgp }: GatewaySnapshot, all: readonly BgpPathSnapshot[], wanted: Wanted): BgpPrefix {
  const found = 'prefix' in wanted ? wanted.prefix : longest(all, wanted.address);
  const paths = found === undefined ? [] : all.filter(({ prefix }) => prefix.equals(found));
  return {
    isActive: bgp !== undefined,
    ...(paths.length === 0 || found === undefined ? {} : { prefix: found.toString() }),
    version: paths[0]?.version ?? 0,
    paths: paths.map(pathValue),
  };
}

function longest(all: readonly BgpPathSnapshot[], address: IpAddress): Prefix | undefined {
  let best: Prefix | undefined;
  for (const { prefix } of all) {
    if (prefix.contains(address) && (best === undefined || prefix.length > best.length)) best = prefix;
  }
  return best;
}

function maskText(length: number): string {
  const bits = length === 0 ? 0 : (0xffffffff << (32 - length)) >>> 0;
  return [bits >>> 24, (bits >>> 16) & 255, (bits >>> 8) & 255, bits & 255].join('.');
}

function textOf({ version, paths }: BgpPrefix, prefix: string): string {
  const best = paths.findIndex(({ isBest }) => isBest);
  const which = best < 0 ? 'no best path' : `best #${best + 1}, table default`;
  return lines([
    `BGP routing table entry for ${prefix}, version ${version}`,
    `Paths: (${paths.length} available, ${which})`,
    ...paths.flatMap(pathLines),
  ]);
}

function pathLines(path: PathValue): string[] {
  const words = [
    `Origin ${{ igp: 'IGP', egp: 'EGP', incomplete: 'incomplete' }[path.origin]}`,
    ...(path.med === undefined ? [] : [`metric ${path.med}`]),
    `localpref ${path.localPreference ?? 100}`,
    ...(path.weight === 0 ? [] : [`weight ${path.weight}`]),
    ...(path.isValid ? ['valid'] : []),
    { local: 'sourced, local', ebgp: 'external', ibgp: 'internal' }[path.source],
    ...(path.isMultipath ? ['multipath'] : []),
    ...(path.isBest ? ['best'] : []),
  ];
  const from = path.from === undefined ? '' : ` from ${path.from} (${path.fromRouterId ?? '0.0.0.0'})`;
  return [
    `  ${path.asPath === '' ? 'Local' : path.asPath}`,
    `    ${path.nextHop}${from}`,
    `      ${words.join(', ')}`,
    ...(path.communities.length === 0 ? [] : [`      Community: ${path.communities.join(' ')}`]),
    `      Decision: ${path.reason}`,
  ];
}
