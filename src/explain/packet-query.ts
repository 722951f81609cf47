/**
 * The question after a packet: `explain packet FROM TO [tcp|udp|icmp|N] [port N] [sport N] [size N] [df] [vrf V]
 * [input IFC] [both]`, and `packet-tracer input IFC tcp FROM SPORT TO DPORT` as an ASA has it.
 */
import { fail, IpAddress, ok, type Result } from '../base/index.ts';
import { buildProbe, Protocol } from '../ip/index.ts';
import { type DeviceEvidence, type Fabric, interfaceState } from './evidence.ts';
import { explainPacket, type PacketReport } from './packet.ts';
import type { PacketWalk, PacketWalker, WalkStart } from './packet-walk.ts';

export type PacketQuery = Readonly<{
  from: IpAddress;
  to: IpAddress;
  protocol: number;
  port: number;
  sourcePort: number;
  size: number;
  df: boolean;
  vrf: string;
  /** Interface where it comes in; absent: the one that its source is behind. */
  input?: string;
  /** The answer is walked too. */
  both: boolean;
}>;

const DEFAULTS = { port: 80, sourcePort: 40_000, size: 100, df: false, vrf: '', both: false } as const;
const MOST = { port: 65_535, protocol: 255, size: 65_535 } as const;

/** Words behind `explain packet`. */
export function readPacketQuery(words: readonly string[]): Result<PacketQuery, string> {
  const [first = '', second = '', ...rest] = words.filter((word) => word !== 'from' && word !== 'to');
  const [from, to] = [IpAddress.parse(first), IpAddress.parse(second)];
  if (from === undefined) return fail(`${first === '' ? 'a source' : first} is not an address`);
  if (to === undefined) return fail(`${second === '' ? 'a destination' : second} is not an address`);
  if (from.family !== to.family) return fail(`${from} and ${to} are not of one family`);
  let query: PacketQuery = { ...DEFAULTS, from, to, protocol: icmpOf(from) };
  for (let i = 0; i < rest.length; i++) {
    const word = (rest[i] ?? '').toLowerCase();
    const value = rest[i + 1];
    if (word === 'df') query = { ...query, df: true };
    else if (word === 'both') query = { ...query, both: true };
    else if (word === 'vrf' || word === 'input') {
      if (value === undefined) return fail(`${word} needs a name`);
      query = { ...query, [word]: value };
      i++;
    } else if (word === 'port' || word === 'sport' || word === 'size') {
      const number = numberUpTo(value, word === 'size' ? MOST.size : MOST.port);
      if (number === undefined) return fail(`${word} ${value ?? ''} is not a number that fits`);
      query = { ...query, [word === 'sport' ? 'sourcePort' : word]: number };
      i++;
    } else {
      const protocol = protocolOf(word, from);
      if (protocol === undefined) return fail(`${rest[i]} is no protocol and no option`);
      query = { ...query, protocol };
    }
  }
  return ok(query);
}

/** Words behind `packet-tracer`. */
export function readPacketTracer(words: readonly string[]): Result<PacketQuery, string> {
  const [input, name, protocolWord, source, ...rest] = words;
  if (input !== 'input' || name === undefined || protocolWord === undefined || source === undefined)
    return fail(
      'packet-tracer input INTERFACE {tcp | udp} SOURCE PORT DESTINATION PORT, or icmp SOURCE TYPE CODE DESTINATION',
    );
  const given = rest.filter((word) => word !== 'detailed');
  const isIcmp = /^icmp/i.test(protocolWord);
  const hasPorts = /^(?:tcp|udp)$/i.test(protocolWord);
  const destination = isIcmp ? given.findLast((word) => IpAddress.parse(word) !== undefined) : given[hasPorts ? 1 : 0];
  const ports = hasPorts ? ['sport', given[0] ?? '', 'port', given[2] ?? ''] : [];
  return readPacketQuery([source, destination ?? '', isIcmp ? 'icmp' : protocolWord, 'input', name, ...ports]);
}

/** Walks it from a device, or says why it can not be. */
export function walkPacket(fabric: Fabric, device: string, query: PacketQuery): Result<PacketReport, string> {
  const evidence = fabric.get(device);
  const walker = evidence?.walker?.();
  if (evidence === undefined || walker === undefined) return fail(`${device} does not run: no packet can be walked`);
  const start = startOf(evidence, query);
  return start.ok ? ok(walkFrom(fabric, walker, start.value, query)) : start;
}

/** Walks it from wherever it begins. */
export function walkFrom(
  fabric: Fabric,
  walker: PacketWalker,
  start: Omit<WalkStart, 'packet'>,
  query: PacketQuery,
): PacketReport {
  const forth = walker.walk({ ...start, packet: buildProbe(probeOf(query, false)) });
  if (!query.both || forth.verdict !== 'delivered') return explainPacket(fabric, forth);
  const back = walker.walk({ ...answererOf(forth), packet: buildProbe(probeOf(query, true)) });
  return explainPacket(fabric, forth, back);
}

function probeOf(query: PacketQuery, isAnswer: boolean): Parameters<typeof buildProbe>[0] {
  const { from, to, protocol, port, sourcePort, size, df } = query;
  const there = { source: from, destination: to, sourcePort, destinationPort: port };
  const back = { source: to, destination: from, sourcePort: port, destinationPort: sourcePort };
  return { ...(isAnswer ? back : there), protocol, size, df, isAnswer };
}

/** An address of the device sends by itself; another one is behind the interface of the route to it. */
function startOf(device: DeviceEvidence, { from, vrf, input }: PacketQuery): Result<Omit<WalkStart, 'packet'>, string> {
  const { name: node, snapshot } = device;
  if (input !== undefined) {
    const found = interfaceState(device, input);
    return found === undefined ? fail(`${node} has no interface ${input}`) : ok({ node, interface: found.name });
  }
  const isOwn = snapshot?.interfaces.some(
    (one) => one.vrf === vrf && one.addresses.some(({ address }) => address.equals(from)),
  );
  if (isOwn === true) return ok({ node, vrf });
  let best: Readonly<{ length: number; interface: string | undefined }> | undefined;
  for (const { prefix, resolved } of snapshot?.routes.find((table) => table.vrf === vrf)?.routes ?? []) {
    if (prefix.contains(from) && prefix.length > (best?.length ?? -1))
      best = { length: prefix.length, interface: resolved[0]?.interface };
  }
  if (best?.interface === undefined) {
    return fail(
      `${node} has no route to ${from}${vrf === '' ? '' : ` in VRF ${vrf}`}: name the interface where it comes in`,
    );
  }
  const kind = interfaceState(device, best.interface)?.kind;
  if (kind !== 'ethernet') return fail(`${from} is behind ${best.interface}: ask the device where it begins`);
  return ok({ node, interface: best.interface });
}

/** Who answers: whoever got it, a device in the VRF where it came in. */
function answererOf({ hops, node }: PacketWalk): Omit<WalkStart, 'packet'> {
  const last = hops.findLast((hop) => hop.node === node && hop.fate === 'delivered');
  const input = last?.notes.findLast((note) => note.kind === 'input');
  return { node, ...(input === undefined ? {} : { vrf: input.vrf }) };
}

function protocolOf(word: string, { family }: IpAddress): number | undefined {
  if (word === 'tcp') return Protocol.TCP;
  if (word === 'udp') return Protocol.UDP;
  if (word === 'icmp' || word === 'icmp6') return family === 4 ? Protocol.ICMP : Protocol.ICMPV6;
  return numberUpTo(word, MOST.protocol);
}

function icmpOf({ family }: IpAddress): number {
  return family === 4 ? Protocol.ICMP : Protocol.ICMPV6;
}

function numberUpTo(word: string | undefined, most: number): number | undefined {
  const number = /^\d+$/.test(word ?? '') ? Number(word) : undefined;
  return number !== undefined && number <= most ? number : undefined;
}
