/** `ping [vrf V] [ip|ipv6] A …` and `traceroute [vrf V] …` of a router. */
import { IpAddress } from '../../../base/index.ts';
import type { Expected } from '../../../config/index.ts';
import { sourceAddress } from '../arguments.ts';
import { type Option, optionsAfter, readOptions } from '../options.ts';
import { PING_DEFAULTS, pingOptions } from '../ping.ts';
import { type ExecDevice, INCOMPLETE, invalid, type Row, type RowResult, refused } from '../row.ts';
import { TRACEROUTE_DEFAULTS, tracerouteOptions } from '../traceroute.ts';

const VRF: Expected = { text: 'vrf', help: 'Table that the packets are routed by', keyword: true };
const HOST: Expected = { text: 'A.B.C.D|X:X::X', help: 'Address of the host', keyword: false };

/** What stands before the options: the table, the family, the host. */
type Target = Readonly<{ vrf?: string; destination: IpAddress; rest: readonly string[] }>;

function targetOf(device: ExecDevice, words: readonly string[]): Target | RowResult {
  let rest = words;
  let vrf: string | undefined;
  if (rest[0]?.toLowerCase() === 'vrf') {
    vrf = rest[1];
    if (vrf === undefined) return INCOMPLETE;
    if (!device.snapshot().model.vrfs.some(({ name }) => name === vrf)) return refused(`VRF ${vrf} does not exist`);
    rest = rest.slice(2);
  }
  const family = /^ip(v6)?$/i.exec(rest[0] ?? '');
  if (family !== null) rest = rest.slice(1);
  const [host, ...more] = rest;
  if (host === undefined) return INCOMPLETE;
  const destination = IpAddress.parse(host);
  if (destination === undefined) return invalid(`${host} is not an address`);
  if (family !== null && destination.family !== (family[1] === undefined ? 4 : 6))
    return invalid(`${host} is of another family`);
  return { ...(vrf === undefined ? {} : { vrf }), destination, rest: joined(more) };
}

/** `source Loopback 0` is one name in two words. */
function joined(words: readonly string[]): readonly string[] {
  return words.flatMap((word, i) => {
    const before = words[i - 1];
    const isName = (one: string | undefined): boolean => one !== undefined && /^[A-Za-z-]+$/.test(one);
    const next = words[i + 1];
    if (isFrom(before) && isName(word) && next !== undefined && /^\d[\d/.]*$/.test(next)) return [`${word}${next}`];
    return isFrom(words[i - 2]) && isName(before) && /^\d[\d/.]*$/.test(word) ? [] : [word];
  });
}

function isFrom(word: string | undefined): boolean {
  return word !== undefined && word.length >= 2 && 'source'.startsWith(word.toLowerCase());
}

function follows<R>(options: readonly Option<R>[]): (typed: readonly string[]) => readonly Expected[] {
  return (typed) => {
    const isVrf = typed[0]?.toLowerCase() === 'vrf';
    if (isVrf && typed.length === 1) return [{ text: 'WORD', help: 'VRF', keyword: false }];
    const rest = isVrf ? typed.slice(2) : typed;
    if (rest.length === 0) return isVrf ? [HOST] : [HOST, VRF];
    return optionsAfter(rest.slice(1), options);
  };
}

/** Puts the address of a named source in; the name itself is no part of a request. */
function withSource<R extends Readonly<{ destination: IpAddress }>>(
  device: ExecDevice,
  asked: R & Readonly<{ sourceWord?: string }>,
  run: (request: Omit<R, 'sourceWord'> & Readonly<{ source?: IpAddress }>) => RowResult,
): RowResult {
  const { sourceWord, ...request } = asked;
  if (sourceWord === undefined) return run(request);
  const source = sourceAddress(device.snapshot(), sourceWord, asked.destination.family);
  return source instanceof IpAddress ? run({ ...request, source }) : source;
}

export const iosProbes: readonly Row[] = [
  {
    pattern: 'ping ...',
    help: 'Send echo messages',
    isPublic: true,
    follows: follows(pingOptions),
    run: (device, { rest }) => {
      const target = targetOf(device, rest);
      if ('kind' in target) return target;
      const { rest: words, ...start } = target;
      const read = readOptions(words, pingOptions, { ...start, ...PING_DEFAULTS });
      return read.ok ? withSource(device, read.value, (request) => ({ kind: 'ping', request })) : read.result;
    },
  },
  {
    pattern: 'traceroute ...',
    help: 'Trace the route to a host',
    isPublic: true,
    follows: follows(tracerouteOptions),
    run: (device, { rest }) => {
      const target = targetOf(device, rest);
      if ('kind' in target) return target;
      const { rest: words, ...start } = target;
      const read = readOptions(words, tracerouteOptions, { ...start, ...TRACEROUTE_DEFAULTS });
      return read.ok ? withSource(device, read.value, (request) => ({ kind: 'traceroute', request })) : read.result;
    },
  },
];
