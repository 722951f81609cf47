/** `capture NAME …`, how it ends and is emptied, what it holds, and its export to a file. */
import { parameters } from '../../config/index.ts';
import type { PlaneTap } from '../../plane/contract.ts';
import { expectedInMatch, readMatch } from '../capture-match.ts';
import { capturedPacketsSchema, captureListSchema, showCapture, showCaptured } from '../show/capture.ts';
import { interfaceName } from './arguments.ts';
import { END, flagOption, numberOption, type Option, optionsAfter, readOptions } from './options.ts';
import { type ExecDevice, INCOMPLETE, invalid, type Row, type RowResult, refused, shown } from './row.ts';

/** The platform's own sizes. */
const DEFAULTS = { matches: [], bufferBytes: 524_288, packetBytes: 1518, circular: false } as const;
const BUFFER: readonly [number, number] = [1534, 33_554_432];
const PACKET: readonly [number, number] = [64, 65_535];

const any = { shape: 'WORD', help: 'Interface (nameif), or any' };

/** Options that every line may change; `match` is read by itself. */
function options(device: ExecDevice | undefined): readonly Option<PlaneTap>[] {
  return [
    numberOption('buffer', 'Bytes that it may hold', BUFFER, (tap, bufferBytes) => ({ ...tap, bufferBytes })),
    flagOption('circular-buffer', 'A full buffer loses the oldest packets', (tap) => ({ ...tap, circular: true })),
    {
      word: 'interface',
      help: 'Where packets are captured; at a tunnel they are seen in clear',
      values: [any],
      apply: (tap, [word = '']) => {
        const { interface: _, ...rest } = tap;
        if (word.toLowerCase() === 'any') return rest;
        const name = device === undefined ? word : interfaceName(device.snapshot(), word);
        return name === undefined ? `no interface ${word}` : { ...tap, interface: name };
      },
    },
    numberOption('packet-length', 'Bytes of each packet that are kept', PACKET, (tap, packetBytes) => ({
      ...tap,
      packetBytes,
    })),
    {
      word: 'type',
      help: 'What is captured',
      values: [{ shape: 'raw-data', help: 'Packets as they pass' }],
      apply: (tap, [type = '']) => ('raw-data'.startsWith(type.toLowerCase()) ? tap : `type ${type}`),
    },
  ];
}

const name = parameters.name('Name of a capture', 64);
const named = { name };

/** `capture:NAME`, a capture as a source of `copy`. */
const captureFile: parameters.Param<unknown> = {
  ...parameters.name('A capture'),
  shape: 'capture:WORD',
  read: (line, index) => {
    const word = line.tokens[index]?.text ?? '';
    const found = /^capture:\/?(.+)$/i.exec(word);
    if (found !== null) return { ok: true, value: found[1] ?? '', used: 1 };
    return { ok: false, fault: { code: 'malformed', message: `${word} is not capture:NAME` } };
  },
};

const pcapWord: parameters.Param<unknown> = {
  ...parameters.name('As packets, in pcapng'),
  shape: '/pcap',
  read: (line, index) => {
    const word = line.tokens[index]?.text ?? '';
    if (/^\/p(?:c(?:ap?)?)?$/i.test(word)) return { ok: true, value: '/pcap', used: 1 };
    return { ok: false, fault: { code: 'malformed', message: `${word} is not /pcap` } };
  },
};

const target = parameters.name('Name of the file', 255);

/** What there is and what it holds; `show tech-support` tells of the first. */
export const showCaptureCommands: readonly Row[] = [
  {
    pattern: 'show capture',
    help: 'Captures there are',
    schema: captureListSchema,
    run: (device) => shown(showCapture(device.snapshot(), device.captures?.() ?? [])),
  },
  ...(['', ' detail', ' dump'] as const).map(
    (how): Row => ({
      pattern: `show capture <name>${how}`,
      help: `Packets of a capture${how === '' ? '' : how === ' detail' ? ', with their headers' : ', byte by byte'}`,
      params: named,
      schema: capturedPacketsSchema,
      run: (device, { arguments: given }) =>
        withCapture(device, given['name'], (found) => {
          const manner = how === '' ? 'brief' : how === ' detail' ? 'detail' : 'dump';
          const packets = device.captured?.(found) ?? [];
          return shown(showCaptured(device.snapshot(), found, packets, device.epochMs ?? 0, manner));
        }),
    }),
  ),
];

export const captureCommands: readonly Row[] = [
  {
    pattern: 'capture <name> ...',
    help: 'Capture packets',
    params: named,
    follows: (typed) => {
      const at = matchAt(typed);
      return at < 0
        ? [...optionsAfter(typed, options(undefined)), ...matchAfter(typed)]
        : expectedInMatch(typed.slice(at));
    },
    run: (device, { arguments: given, rest }) => capture(device, given['name'] ?? '', rest),
    negated: (device, { arguments: given }) =>
      withCapture(device, given['name'], (found) => ({
        kind: 'operator',
        request: { kind: 'end-capture', name: found },
      })),
  },
  {
    pattern: 'clear capture <name>',
    help: 'Empty the buffer of a capture',
    params: named,
    run: (device, { arguments: given }) =>
      withCapture(device, given['name'], (found) => ({
        kind: 'operator',
        request: { kind: 'clear-capture', name: found },
      })),
  },
  ...(['copy <pcap> <capture> <file>', 'copy <capture> <file>'] as const).map(
    (pattern): Row => ({
      pattern,
      help: 'Write a capture to a file',
      params: { pcap: pcapWord, capture: captureFile, file: target },
      run: (device, { arguments: given }) =>
        withCapture(device, given['capture'], (found) => ({
          kind: 'export',
          capture: found,
          file: given['file'] ?? '',
        })),
    }),
  ),
];

/** Begins a capture, or changes one: what the line does not say stays; a `match` joins those there are. */
function capture(device: ExecDevice, called: string, words: readonly string[]): RowResult {
  const known = device.captures?.().find(({ tap }) => tap.name === called)?.tap;
  const at = matchAt(words);
  const before = at < 0 ? words : words.slice(0, at);
  const read = readOptions<PlaneTap>(before, options(device), known ?? { name: called, ...DEFAULTS });
  if (!read.ok) return read.result;
  let tap = read.value;
  for (let rest = at < 0 ? [] : words.slice(at); rest.length > 0; ) {
    const match = readMatch(rest.slice(1));
    if (match === 'incomplete') return INCOMPLETE;
    if (typeof match === 'string') return invalid(match);
    tap = { ...tap, matches: [...tap.matches, match.value] };
    rest = rest.slice(1 + match.used);
    const next = matchAt(rest);
    const more = readOptions<PlaneTap>(next < 0 ? rest : rest.slice(0, next), options(device), tap);
    if (!more.ok) return more.result;
    tap = more.value;
    rest = next < 0 ? [] : rest.slice(next);
  }
  return { kind: 'operator', request: { kind: 'capture', tap } };
}

/** Where the first `match` stands among options; a name of an interface may be that word too. */
function matchAt(words: readonly string[]): number {
  let at = 0;
  while (at < words.length) {
    const word = words[at]?.toLowerCase() ?? '';
    if (word !== '' && 'match'.startsWith(word)) return at;
    const option = options(undefined).find((one) => one.word.startsWith(word));
    at += 1 + (option?.values.length ?? 0);
  }
  return -1;
}

function matchAfter(typed: readonly string[]): ReturnType<typeof optionsAfter> {
  const isBetween = optionsAfter(typed, options(undefined)).includes(END);
  return isBetween ? [{ text: 'match', help: 'Only packets between two ends', keyword: true }] : [];
}

function withCapture(device: ExecDevice, called: string | undefined, run: (name: string) => RowResult): RowResult {
  const found = device.captures?.().find(({ tap }) => tap.name === called);
  return found === undefined ? refused(`Capture <${called}> does not exist`) : run(found.tap.name);
}
