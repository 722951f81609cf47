/** `match PROTOCOL SOURCE [PORTS] DESTINATION [PORTS]` of captures, read and written. */
import { IpAddress, netmask, Prefix, prefixLength } from '../base/index.ts';
import type { Expected } from '../config/index.ts';
import type { TapEnd, TapMatch } from '../plane/contract.ts';
import { END, wholeNumber } from './commands/options.ts';

const PROTOCOLS: Readonly<Record<string, number>> = {
  ip: 0,
  icmp: 1,
  igmp: 2,
  ipinip: 4,
  tcp: 6,
  udp: 17,
  gre: 47,
  esp: 50,
  ah: 51,
  icmp6: 58,
  ospf: 89,
};

const PORTS: Readonly<Record<string, number>> = {
  bgp: 179,
  isakmp: 500,
  domain: 53,
  ntp: 123,
  ssh: 22,
  syslog: 514,
  www: 80,
  https: 443,
};
const LAST_PORT = 65_535;

type Family = 4 | 6 | undefined;
/** `family` is what the words were of, `only` what they ask for. */
type EndRead = Readonly<{ end: TapEnd; family: Family; only?: Family; used: number }>;

/** Reads what stands behind `match`; a text says what can not be read. */
export function readMatch(
  words: readonly string[],
): Readonly<{ value: TapMatch; used: number }> | 'incomplete' | string {
  const [word] = words;
  if (word === undefined) return 'incomplete';
  const protocol = PROTOCOLS[word.toLowerCase()] ?? wholeNumber(word, 0, 255);
  if (protocol === undefined) return `protocol ${word}`;
  const hasPorts = protocol === 6 || protocol === 17;
  const first = readEnd(words.slice(1), hasPorts);
  if (typeof first === 'string') return first;
  const second = readEnd(words.slice(1 + first.used), hasPorts);
  if (typeof second === 'string') return second;
  const either = first.family ?? second.family;
  if (either !== (second.family ?? either)) return 'ends of different families';
  const family = first.only ?? second.only;
  const value = { protocol, ...(family === undefined ? {} : { family }), ends: [first.end, second.end] } as const;
  return { value, used: 1 + first.used + second.used };
}

/** A match as it would be typed. */
export function matchText({ protocol, family, ends }: TapMatch): string {
  const name = Object.entries(PROTOCOLS).find(([, number]) => number === protocol)?.[0] ?? String(protocol);
  return ['match', name, ...ends.map((end) => endText(end, family))].join(' ');
}

function readEnd(words: readonly string[], hasPorts: boolean): EndRead | string {
  const place = readPlace(words);
  if (typeof place === 'string' || !hasPorts) return place;
  const ports = readPorts(words.slice(place.used));
  if (ports === undefined) return place;
  if (typeof ports === 'string') return ports;
  return { ...place, end: { ...place.end, ports: ports.ranges }, used: place.used + ports.used };
}

function readPlace([word, next]: readonly string[]): EndRead | string {
  if (word === undefined) return 'incomplete';
  const lower = word.toLowerCase();
  if (lower === 'any') return { end: {}, family: undefined, used: 1 };
  if (lower === 'any4' || lower === 'any6') {
    const family = lower === 'any4' ? 4 : 6;
    return { end: {}, family, only: family, used: 1 };
  }
  if (lower === 'host') {
    if (next === undefined) return 'incomplete';
    const address = IpAddress.parse(next);
    return address === undefined ? `${next} is not an address` : at(Prefix.host(address), 2);
  }
  if (word.includes('/')) {
    const prefix = Prefix.parse(word);
    return prefix === undefined ? `${word} is not a prefix` : at(prefix, 1);
  }
  const address = IpAddress.parse(word);
  if (address === undefined) return `${word} is not an address`;
  if (next === undefined) return 'incomplete';
  const mask = IpAddress.parse(next);
  const length = mask === undefined ? undefined : prefixLength(mask);
  if (length === undefined || mask?.family !== address.family) return `${next} is not a mask`;
  return at(new Prefix(address, length), 2);
}

function at(prefix: Prefix, used: number): EndRead {
  return { end: { prefix }, family: prefix.family, used };
}

type PortsRead = Readonly<{ ranges: NonNullable<TapEnd['ports']>; used: number }>;

/** Undefined: no operator stands here. */
function readPorts([operator, first, second]: readonly string[]): PortsRead | string | undefined {
  const word = operator?.toLowerCase() ?? '';
  if (!['eq', 'neq', 'lt', 'gt', 'range'].includes(word)) return undefined;
  if (first === undefined || (word === 'range' && second === undefined)) return 'incomplete';
  const port = portOf(first);
  if (port === undefined) return `port ${first}`;
  switch (word) {
    case 'eq':
      return { ranges: [{ from: port, to: port }], used: 2 };
    case 'neq':
      return {
        ranges: [
          { from: 0, to: port - 1 },
          { from: port + 1, to: LAST_PORT },
        ],
        used: 2,
      };
    case 'lt':
      return { ranges: [{ from: 0, to: port - 1 }], used: 2 };
    case 'gt':
      return { ranges: [{ from: port + 1, to: LAST_PORT }], used: 2 };
    default: {
      const last = portOf(second ?? '');
      if (last === undefined || last < port) return `port ${second}`;
      return { ranges: [{ from: port, to: last }], used: 3 };
    }
  }
}

function portOf(word: string): number | undefined {
  return PORTS[word.toLowerCase()] ?? wholeNumber(word, 1, LAST_PORT);
}

function endText({ prefix, ports }: TapEnd, family: Family): string {
  const place = prefix === undefined ? (family === undefined ? 'any' : `any${family}`) : placeText(prefix);
  const [first, second] = ports ?? [];
  if (first === undefined) return place;
  const { from, to } = first;
  if (second !== undefined) return `${place} neq ${portText(to + 1)}`;
  if (from === to) return `${place} eq ${portText(from)}`;
  if (from === 0) return `${place} lt ${portText(to + 1)}`;
  return to === LAST_PORT ? `${place} gt ${portText(from - 1)}` : `${place} range ${portText(from)} ${portText(to)}`;
}

function portText(port: number): string {
  return Object.entries(PORTS).find(([, number]) => number === port)?.[0] ?? String(port);
}

function placeText(prefix: Prefix): string {
  if (prefix.isHost) return `host ${prefix.address}`;
  return prefix.family === 6 ? prefix.toString() : `${prefix.address} ${netmask(prefix.length)}`;
}

const PLACES: readonly Expected[] = [
  { text: 'A.B.C.D', help: 'Address, with a mask behind it', keyword: false },
  { text: 'A.B.C.D/L|X:X::X/L', help: 'Prefix', keyword: false },
  { text: 'any', help: 'Any address', keyword: true },
  { text: 'any4', help: 'Any IPv4 address', keyword: true },
  { text: 'any6', help: 'Any IPv6 address', keyword: true },
  { text: 'host', help: 'One address', keyword: true },
];
const OPERATORS: readonly Expected[] = ['eq', 'gt', 'lt', 'neq', 'range'].map((text) => ({
  text,
  help: 'Ports',
  keyword: true,
}));

/** What may follow `match …`, for `?` and Tab. */
export function expectedInMatch(typed: readonly string[]): readonly Expected[] {
  const words = typed.slice(1);
  if (words.length === 0) return Object.keys(PROTOCOLS).map((text) => ({ text, help: 'Protocol', keyword: true }));
  const read = readMatch(words);
  if (typeof read !== 'string') {
    const isOpen = read.used === words.length;
    const hasPorts = read.value.protocol === 6 || read.value.protocol === 17;
    return isOpen ? [...(hasPorts ? OPERATORS : []), END] : [];
  }
  if (read !== 'incomplete') return [];
  const last = words.at(-1)?.toLowerCase() ?? '';
  if (last === 'host') return [{ text: 'A.B.C.D|X:X::X', help: 'Address', keyword: false }];
  if (IpAddress.parse(last) !== undefined && words.at(-2)?.toLowerCase() !== 'host') {
    const isMask = IpAddress.parse(words.at(-2) ?? '') !== undefined;
    if (!isMask) return [{ text: 'A.B.C.D', help: 'Mask', keyword: false }];
  }
  if (['eq', 'gt', 'lt', 'neq', 'range'].includes(last)) return [{ text: '<1-65535>', help: 'Port', keyword: false }];
  const first = readPlace(words.slice(1));
  const isBehindFirst = typeof first !== 'string' && 1 + first.used === words.length;
  return isBehindFirst && ['tcp', 'udp', '6', '17'].includes(words[0]?.toLowerCase() ?? '')
    ? [...PLACES, ...OPERATORS]
    : PLACES;
}
