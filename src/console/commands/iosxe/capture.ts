/** `monitor capture NAME …` of a router: what and where, then `start`, `stop`, `export`. */
import { netmask, Prefix } from '../../../base/index.ts';
import { parameters } from '../../../config/index.ts';
import type { PlaneTap } from '../../../plane/contract.ts';
import { readMatch } from '../../capture-match.ts';
import { capturedPacketsSchema, captureListSchema, showCapture, showCaptured } from '../../show/capture.ts';
import { showIosCapture } from '../../show/iosxe/capture.ts';
import { anyInterface, withInterface } from '../arguments.ts';
import { type ExecDevice, INCOMPLETE, invalid, type Row, type RowResult, refused, shown, text } from '../row.ts';

/** The platform's own size, and all of each packet. */
const DEFAULTS = { matches: [], bufferBytes: 10_485_760, packetBytes: 65_535, circular: false, stopped: true } as const;
const MEGABYTE = 1_048_576;

const name = parameters.name('Name of a capture', 64);
const direction = parameters.choice('Direction', {
  both: 'Either way',
  in: 'Packets that come in',
  out: 'Packets that leave',
});

/** Changes a capture, or defines one that has yet to be started. */
function change(device: ExecDevice, called: string | undefined, more: Partial<PlaneTap>): RowResult {
  const known = device.captures?.().find(({ tap }) => tap.name === called)?.tap;
  const tap = { ...(known ?? { name: called ?? '', ...DEFAULTS }), ...more };
  return { kind: 'operator', request: { kind: 'capture', tap } };
}

function withCapture(device: ExecDevice, called: string | undefined, run: (tap: PlaneTap) => RowResult): RowResult {
  const found = device.captures?.().find(({ tap }) => tap.name === called);
  return found === undefined ? refused(`Capture ${called} does not exist`) : run(found.tap);
}

/** `any`, `ipv4 SOURCE DESTINATION`, `ipv4 protocol tcp SOURCE DESTINATION`; addresses as `host A`, `any` or `A/L`. */
function matchOf(words: readonly string[]): PlaneTap['matches'] | RowResult {
  const [family, ...rest] = words.map((word) => word.toLowerCase());
  if (family === undefined) return INCOMPLETE;
  if (family === 'any') return [];
  if (family !== 'ipv4' && family !== 'ipv6') return invalid(`match ${family}`);
  const [protocol, ends] = rest[0] === 'protocol' ? [rest[1], rest.slice(2)] : ['ip', rest];
  if (protocol === undefined) return INCOMPLETE;
  const masked = ends.flatMap((word) => {
    const prefix = word.includes('/') ? Prefix.parse(word) : undefined;
    return prefix?.family === 4 ? [String(prefix.address), String(netmask(prefix.length))] : [word];
  });
  const read = readMatch([protocol, ...masked]);
  if (read === 'incomplete') return INCOMPLETE;
  if (typeof read === 'string') return invalid(read);
  if (read.used < masked.length + 1) return invalid(masked.slice(read.used - 1).join(' '));
  return [{ ...read.value, family: family === 'ipv4' ? 4 : 6 }];
}

export const iosShowCapture: readonly Row[] = [
  {
    pattern: 'show monitor capture [<name>]',
    help: 'Captures there are',
    params: { name },
    schema: captureListSchema,
    run: (device, { arguments: given }) => {
      const all = device.captures?.() ?? [];
      const wanted = given['name'] === undefined ? all : all.filter(({ tap }) => tap.name === given['name']);
      return shown(showIosCapture(showCapture(device.snapshot(), wanted).value, wanted));
    },
  },
  ...(['', ' brief', ' detailed', ' dump'] as const).map(
    (how): Row => ({
      pattern: `show monitor capture <name> buffer${how}`,
      help: 'Packets of a capture',
      params: { name },
      schema: capturedPacketsSchema,
      run: (device, { arguments: given }) =>
        withCapture(device, given['name'], (tap) => {
          const manner = how === ' detailed' ? 'detail' : how === ' dump' ? 'dump' : 'brief';
          const packets = device.captured?.(tap.name) ?? [];
          return shown(showCaptured(device.snapshot(), tap.name, packets, device.epochMs ?? 0, manner));
        }),
    }),
  ),
];

export const iosCapture: readonly Row[] = [
  {
    pattern: 'monitor capture <name> interface <interface> <direction>',
    help: 'Where packets are captured; at a tunnel they are seen in clear',
    params: { name, interface: anyInterface, direction },
    run: (device, { arguments: given }) =>
      withInterface(device.snapshot(), given['interface'], (at) => {
        const way = given['direction'];
        // Absent is both ways; a former choice is taken back by saying so.
        return change(device, given['name'], {
          interface: at,
          direction: way === 'in' || way === 'out' ? way : 'both',
        });
      }),
  },
  {
    pattern: 'monitor capture <name> match ...',
    help: 'Which packets: any, ipv4 SOURCE DESTINATION, ipv4 protocol tcp SOURCE DESTINATION',
    params: { name },
    run: (device, { arguments: given, rest }) => {
      const matches = matchOf(rest);
      if ('kind' in matches) return matches;
      return change(device, given['name'], { matches });
    },
  },
  {
    pattern: 'monitor capture <name> buffer size <megabytes>',
    help: 'Megabytes that it may hold',
    params: { name, megabytes: parameters.number(1, 32, 'Megabytes') },
    run: (device, { arguments: given }) =>
      change(device, given['name'], { bufferBytes: Number(given['megabytes']) * MEGABYTE }),
  },
  {
    pattern: 'monitor capture <name> buffer circular',
    help: 'A full buffer loses the oldest packets',
    params: { name },
    run: (device, { arguments: given }) => change(device, given['name'], { circular: true }),
  },
  {
    pattern: 'monitor capture <name> limit packet-len <bytes>',
    help: 'Bytes of each packet that are kept',
    params: { name, bytes: parameters.number(64, 9500, 'Bytes') },
    run: (device, { arguments: given }) => change(device, given['name'], { packetBytes: Number(given['bytes']) }),
  },
  ...(['start', 'stop'] as const).map(
    (verb): Row => ({
      pattern: `monitor capture <name> ${verb}`,
      help: verb === 'start' ? 'Begin to capture' : 'End capturing; what it holds stays',
      params: { name },
      run: (device, { arguments: given }) =>
        withCapture(device, given['name'], () => change(device, given['name'], { stopped: verb === 'stop' })),
    }),
  ),
  {
    pattern: 'monitor capture <name> clear',
    help: 'Empty the buffer',
    params: { name },
    run: (device, { arguments: given }) =>
      withCapture(device, given['name'], (tap) => ({
        kind: 'operator',
        request: { kind: 'clear-capture', name: tap.name },
      })),
  },
  {
    pattern: 'monitor capture <name> export <file>',
    help: 'Write the packets to a file, as pcapng',
    params: { name, file: parameters.name('Name of the file', 255) },
    run: (device, { arguments: given }) =>
      withCapture(device, given['name'], (tap) => ({ kind: 'export', capture: tap.name, file: given['file'] ?? '' })),
  },
  {
    pattern: 'monitor capture <name>',
    help: 'Define a capture; `no` takes it away',
    params: { name },
    run: (device, { arguments: given }) =>
      device.captures?.().some(({ tap }) => tap.name === given['name']) === true
        ? text('')
        : change(device, given['name'], {}),
    negated: (device, { arguments: given }) =>
      withCapture(device, given['name'], (tap) => ({
        kind: 'operator',
        request: { kind: 'end-capture', name: tap.name },
      })),
  },
];
