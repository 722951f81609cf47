/** Lines of BGP neighbours, found and written. */
import type { Family, IpAddress, SecretKey } from '../base/index.ts';
import type { BgpNeighborModel } from '../config/index.ts';
import { type BgpEnd, isExternal } from './bgp-case.ts';
import type { Edit, SourceLine } from './diagnosis.ts';
import type { DeviceEvidence } from './evidence.ts';
import { findLine, insertAfter, lineOf, placeOf, replaceLine } from './places.ts';
import { isConnected } from './ways.ts';

/** The line of one attribute of a neighbour, `remote-as` where it was not written. */
export function neighborLine(device: DeviceEvidence, neighbor: BgpNeighborModel, attribute = 'remoteAsn'): SourceLine {
  const { written } = neighbor;
  return lineOf(device, written, written.attributes[attribute] === undefined ? 'remoteAsn' : attribute);
}

type Wanted = Readonly<{ text: string; why: string; secrets?: readonly SecretKey[] }>;

/** Writes `neighbor A …`: in place of the attribute's line, or behind the neighbour's `remote-as`. */
export function setNeighbor(
  device: DeviceEvidence,
  { address, written }: BgpNeighborModel,
  attribute: string,
  { text, ...rest }: Wanted,
): Edit {
  const line = `neighbor ${address} ${text}`;
  const known = written.attributes[attribute];
  if (known !== undefined) return replaceLine(device, known, { text: line, ...rest });
  const opener = placeOf(written, 'remoteAsn');
  return insertAfter(device, opener, { text: `${' '.repeat(opener.column - 1)}${line}`, ...rest });
}

/** All lines that `here` needs for a neighbour at an address, as the other end is configured. */
export function neighborLines(
  here: BgpEnd,
  there: BgpEnd,
  address: IpAddress,
  asn: number,
): Readonly<{ lines: readonly string[]; secrets: readonly SecretKey[] }> {
  const called = there.neighbor?.address;
  const own =
    here.link?.tunnel === undefined ? undefined : here.link.index.sourceAddress(here.link.tunnel, address.family);
  const speaker = called === undefined || own?.equals(called) === true ? undefined : ownerAlias(here, called);
  const needsHops = asn !== here.bgp?.asn && !isConnected(here.device, address);
  const key = there.neighbor?.password;
  const lines = [
    `neighbor ${address} remote-as ${asn}`,
    ...(needsHops ? [`neighbor ${address} ebgp-multihop 2`] : []),
    ...(speaker === undefined ? [] : [`neighbor ${address} update-source ${speaker}`]),
    ...(key === undefined ? [] : [`neighbor ${address} password *****`]),
    `neighbor ${address} activate`,
  ];
  return { lines, secrets: key === undefined ? [] : [key] };
}

/** The line that opens an address family, `router bgp` where there is none. */
export function familyLine(device: DeviceEvidence, family: Family): ReturnType<typeof findLine> {
  return findLine(device, new RegExp(`^\\s*address-family\\s+ipv${family}\\b`)) ?? device.model.bgp?.written.start;
}

/** Whether an end needs to be told that its neighbour is some hops away. */
export function needsHops(end: BgpEnd): boolean {
  const { neighbor, device } = end;
  if (neighbor === undefined || !isExternal(end)) return false;
  const { ebgpMultihop = 1, ttlSecurityHops = 1, disableConnectedCheck } = neighbor;
  return ebgpMultihop <= 1 && ttlSecurityHops <= 1 && !disableConnectedCheck && !isConnected(device, neighbor.address);
}

function ownerAlias({ device }: BgpEnd, wanted: IpAddress): string | undefined {
  return device.model.interfaces.find(({ addresses }) => addresses.some(({ address }) => address.equals(wanted)))
    ?.alias;
}
