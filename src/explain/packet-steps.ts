/** The decisions of one device about a packet, in words, with the configuration lines that they come from. */
import { Prefix } from '../base/index.ts';
import type { InterfaceModel } from '../config/index.ts';
import type { ChildSaSnapshot } from '../ike/index.ts';
import type { PlaneNote } from '../plane/contract.ts';
import type { InstalledRoute } from '../routing/index.ts';
import type { SourceLine } from './diagnosis.ts';
import { type DeviceEvidence, interfaceState, modelInterface } from './evidence.ts';
import { addressPlace, lineAt, lineOf, placeOf } from './places.ts';

export type PacketStep = Readonly<{
  /** Stable word. */
  step: PlaneNote['kind'];
  verdict: 'pass' | 'drop';
  text: string;
  /** Where the configuration says so. */
  lines: readonly SourceLine[];
}>;

type Note<K extends PlaneNote['kind']> = Extract<PlaneNote, { kind: K }>;
type Told = Readonly<{ text: string; lines?: readonly SourceLine[]; verdict?: 'drop' }>;

const ROUTE_SOURCES = {
  vpn: 'told over IKEv2',
  bgp: 'from BGP',
  local: 'its own address',
  connected: 'connected',
  static: 'static',
} as const;

export function stepOf(device: DeviceEvidence, note: PlaneNote): PacketStep {
  const { text, lines = [], verdict = 'pass' } = told(device, note);
  return { step: note.kind, verdict, text, lines };
}

function told(device: DeviceEvidence, note: PlaneNote): Told {
  switch (note.kind) {
    case 'input': {
      const vrf = note.vrf === '' ? '' : `, VRF ${note.vrf}`;
      return {
        text: `comes in by ${named(device, note.interface)}${vrf}: ${note.bytes} bytes`,
        lines: startOf(device, note.interface),
      };
    }
    case 'route':
      return routeTold(device, note);
    case 'access-list':
      return listTold(device, note);
    case 'passage':
      return passageTold(device, note);
    case 'mss':
      return { text: `TCP MSS is held to ${note.limit}` };
    case 'child-sa':
      return childTold(device, note);
    case 'cut':
      return {
        text: `does not fit ${named(device, note.interface)} in one piece: cut into ${note.pieces} of at most ${note.limit} bytes`,
      };
    case 'sealed': {
      const udp = note.udpEncapsulation ? ' in UDP' : '';
      const df = note.df ? ', DF set' : '';
      return {
        text: `sealed, ESP${udp} in ${note.mode} mode, SPI ${spiText(note.outboundSpi)}: ${note.inner} bytes become ${note.outer} (${note.outer - note.inner} added)${df}, ${note.local} to ${note.remote}`,
        lines: profileLines(device, note.interface),
      };
    }
    case 'wrapped':
      return {
        text: `put into ${note.by === 'gre' ? 'GRE' : 'VXLAN'}: ${note.inner} bytes become ${note.outer} (${note.outer - note.inner} added), ${note.local} to ${note.remote}`,
        lines: startOf(device, note.interface),
      };
    case 'opened':
      return {
        text: `opened by child SA ${spiText(note.id)} of ${named(device, note.interface)}: authentic, ${note.inner} bytes inside`,
        lines: profileLines(device, note.interface),
      };
    case 'transmit':
      return {
        text: `leaves by ${named(device, note.interface)} toward ${note.nextHop}: ${note.bytes} bytes`,
        lines: startOf(device, note.interface),
      };
    case 'delivered': {
      const whom = {
        gateway: 'the gateway takes it',
        answer: 'the gateway answers it',
        machine: 'the machine around gets it',
      };
      return { text: `it is for this device: ${whom[note.to]}` };
    }
    case 'told': {
      const what = {
        unreachable: 'unreachable',
        'too-big': `too big, MTU ${note.mtu}`,
        'time-exceeded': 'time exceeded',
      };
      return { text: `its source is told by ICMP: ${what[note.error]}`, verdict: 'drop' };
    }
    case 'drop': {
      const where = note.interface === undefined ? '' : ` at ${named(device, note.interface)}`;
      return { text: `dropped${where}: ${note.reason}`, verdict: 'drop' };
    }
    default:
      return note satisfies never;
  }
}

function routeTold(device: DeviceEvidence, note: Note<'route'>): Told {
  const { vrf, destination, next, isNull, choices, isOuter } = note;
  const what = `${isOuter ? 'outer route' : 'route'} to ${destination}${vrf === '' ? '' : ` in VRF ${vrf}`}`;
  if (isNull)
    return { text: `${what}: to nowhere`, verdict: 'drop', lines: linesOf(device, installedFor(device, note)) };
  if (next === undefined) return { text: `${what}: there is none`, verdict: 'drop' };
  const found = installedFor(device, note);
  const why = found === undefined ? '' : `${found.prefix}, ${sourceText(found)}, the longest match: `;
  const through = next.gateway === undefined ? '' : ` toward ${next.gateway}`;
  const one = choices > 1 ? `, one of ${choices} by the flow's hash` : '';
  return { text: `${what}: ${why}by ${named(device, next.interface)}${through}${one}`, lines: linesOf(device, found) };
}

function installedFor({ snapshot }: DeviceEvidence, { vrf, destination }: Note<'route'>): InstalledRoute | undefined {
  let best: InstalledRoute | undefined;
  for (const one of snapshot?.routes.find((table) => table.vrf === vrf)?.routes ?? []) {
    if (one.prefix.contains(destination) && one.prefix.length > (best?.prefix.length ?? -1)) best = one;
  }
  return best;
}

function sourceText({ candidate }: InstalledRoute): string {
  const { source, distance, metric, bgpKind } = candidate;
  const kind = bgpKind === undefined ? '' : ` (${bgpKind === 'ebgp' ? 'eBGP' : 'iBGP'})`;
  const rank = source === 'connected' || source === 'local' ? '' : ` [${distance}/${metric}]`;
  return `${ROUTE_SOURCES[source]}${kind}${rank}`;
}

/** The static route, the address that a network is connected by, or the neighbour that told it. */
function linesOf(device: DeviceEvidence, route: InstalledRoute | undefined): readonly SourceLine[] {
  if (route === undefined) return [];
  const { prefix, candidate } = route;
  const { model } = device;
  if (candidate.source === 'static') {
    const line = model.staticRoutes.find((one) => one.prefix.equals(prefix));
    return line === undefined ? [] : [lineOf(device, line.written)];
  }
  if (candidate.source === 'connected' || candidate.source === 'local') {
    for (const one of model.interfaces) {
      const own = one.addresses.find(({ address, length }) => new Prefix(address, length).contains(prefix.address));
      if (own !== undefined) return [lineAt(device, addressPlace(device, one, own.address))];
    }
    return [];
  }
  if (candidate.source !== 'bgp') return [];
  const told = model.bgp?.neighbors.find(({ address }) =>
    candidate.nextHops.some(({ gateway }) => gateway?.equals(address) === true),
  );
  return told === undefined ? [] : [lineOf(device, told.written)];
}

function listTold(device: DeviceEvidence, note: Note<'access-list'>): Told {
  const { interface: name, direction, permits, isEverywhere, entry } = note;
  const alias = modelInterface(device, name)?.alias;
  const { accessGroups = [], accessLists } = device.model;
  const group = accessGroups.find(
    (one) =>
      one.direction === direction &&
      (isEverywhere ? one.interface === undefined : one.interface === alias || one.interface === name),
  );
  const list = accessLists.find((one) => one.name === group?.accessList);
  const line = entry === undefined ? undefined : list?.entries.filter((one) => !one.inactive)[entry];
  const lines = [
    ...(line === undefined ? [] : [lineOf(device, line.written)]),
    ...(group === undefined ? [] : [lineOf(device, group.written)]),
  ];
  const what = `access list ${list?.name ?? ''} ${direction === 'in' ? 'inward' : 'outward'} at ${named(device, name)}`;
  const why = line === undefined ? 'no line fits, and what none fits is denied' : permits ? 'permits' : 'denies';
  return { text: `${what}: ${why}`, lines, ...(permits ? {} : { verdict: 'drop' as const }) };
}

function passageTold(device: DeviceEvidence, note: Note<'passage'>): Told {
  const { from, to, permits, levels, isTracked } = note;
  const lines = [from, to].flatMap((name) => levelLine(device, name));
  const ways = `from ${named(device, from)} to ${named(device, to)}`;
  const verdict = permits ? {} : { verdict: 'drop' as const };
  if (levels === undefined) return { text: `${ways}: ${permits ? 'passes' : 'refused'}`, ...verdict };
  const [a, b] = levels;
  const relation =
    a > b ? `level ${a} to the lower ${b}` : a < b ? `level ${a} to the higher ${b}` : `both of level ${a}`;
  const tracked = permits && isTracked ? ', its connection is followed' : '';
  const refused = a < b ? 'refused: it is no answer' : 'refused';
  return { text: `${ways}, ${relation}: ${permits ? 'passes' : refused}${tracked}`, lines, ...verdict };
}

function levelLine(device: DeviceEvidence, name: string): readonly SourceLine[] {
  const model = configured(device, name);
  const place = model?.written.attributes['securityLevel'] ?? model?.written.start;
  return place === undefined ? [] : [lineAt(device, place)];
}

function childTold(device: DeviceEvidence, note: Note<'child-sa'>): Told {
  const { interface: name, id, limit, pathMtu, asked } = note;
  const child = device.snapshot?.ike.sas
    .flatMap(({ children }) => children)
    .find(({ inboundSpi }) => inboundSpi === id);
  const selectors =
    child === undefined
      ? ''
      : `, selectors ${child.localSelectors.map(selectorText).join(' ')} to ${child.remoteSelectors.map(selectorText).join(' ')}`;
  const newest = asked > 1 ? `, the newest of ${asked} that fits` : '';
  return {
    text: `child SA ${spiText(id)} of ${named(device, name)}${newest}${selectors}: takes ${limit} bytes in one piece, path MTU ${pathMtu}`,
    lines: profileLines(device, name),
  };
}

function selectorText({ start, end, protocol }: ChildSaSnapshot['localSelectors'][number]): string {
  const isAll = start.isUnspecified && end.equals(start.filled(0));
  const range = isAll ? `any${start.family}` : start.equals(end) ? `${start}` : `${start}-${end}`;
  return protocol === 0 ? range : `${range} protocol ${protocol}`;
}

/** The line that protects a tunnel, its template's for a clone. */
function profileLines(device: DeviceEvidence, name: string): readonly SourceLine[] {
  const model = configured(device, name);
  return model === undefined ? [] : [lineAt(device, placeOf(model.written, 'profile'))];
}

export function startOf(device: DeviceEvidence, name: string): readonly SourceLine[] {
  const model = configured(device, name);
  return model === undefined ? [] : [lineOf(device, model.written)];
}

/** As configured; a clone as its template is. */
export function configured(device: DeviceEvidence, name: string): InterfaceModel | undefined {
  return modelInterface(device, name) ?? modelInterface(device, interfaceState(device, name)?.tunnel?.template ?? '');
}

/** An interface with the name that routes are written with, where it has one. */
export function named(device: DeviceEvidence, name: string): string {
  const alias = modelInterface(device, name)?.alias;
  return alias === undefined || alias === name ? name : `${name} (${alias})`;
}

function spiText(spi: number): string {
  return `0x${spi.toString(16).padStart(8, '0')}`;
}
