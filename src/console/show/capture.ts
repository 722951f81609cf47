/** `show capture`: the captures there are, and the packets that one holds. */
import type { GatewaySnapshot } from '../../gateway/index.ts';
import type { TappedPacket, TapStatus } from '../../plane/contract.ts';
import { matchText } from '../capture-match.ts';
import { hexLines, summarize } from '../packet-text.ts';
import { count, flag, list, number, object, oneOf, optional, publish, text, type Value } from './schema.ts';
import { lines, type Shown } from './shown.ts';
import { isoTime } from './wall-clock.ts';

const captureSchema = object({
  name: text('name'),
  interface: text('interface (nameif), or any'),
  matches: list(text('as it would be typed'), 'packets between these ends alone; none: all packets'),
  packets: count('packets kept'),
  bytes: count('what they take of the buffer'),
  lost: count('packets that found no room or had to make some'),
  bufferBytes: count('size of the buffer'),
  packetBytes: count('bytes of each packet that are kept'),
  isCircular: flag('a full buffer loses its oldest packets'),
  isRunning: flag('still takes packets'),
});

export const captureListSchema = publish(
  'show-capture',
  'show capture',
  object({ captures: list(captureSchema, 'captures') }),
);
export type CaptureList = Value<typeof captureListSchema.schema>;

const packetSchema = object({
  number: count('from 1'),
  time: text('when it passed'),
  interface: text('where (nameif)'),
  direction: oneOf(['in', 'out'], 'into the device or out of it'),
  cleartext: optional(oneOf(['decrypted', 'to-encrypt'], 'at a tunnel: it came out of ESP, or is about to go into it')),
  source: optional(text('source address')),
  destination: optional(text('destination address')),
  protocol: optional(number('IP protocol')),
  length: count('bytes of the packet'),
  text: text('the packet on one line'),
  data: text('bytes kept, hexadecimal'),
});

export const capturedPacketsSchema = publish(
  'show-capture-packets',
  'show capture NAME',
  object({ name: text('name of the capture'), packets: list(packetSchema, 'packets, oldest first') }),
);
export type CapturedPackets = Value<typeof capturedPacketsSchema.schema>;

const USUAL = { bufferBytes: 524_288, packetBytes: 1518 } as const;

export function showCapture(snapshot: GatewaySnapshot, captures: readonly TapStatus[]): Shown<CaptureList> {
  const values = captures.map(({ tap, packets, bytes, lost, isFull }) => ({
    name: tap.name,
    interface: tap.interface === undefined ? 'any' : alias(snapshot, tap.interface),
    matches: tap.matches.map(matchText),
    packets,
    bytes,
    lost,
    bufferBytes: tap.bufferBytes,
    packetBytes: tap.packetBytes,
    isCircular: tap.circular,
    isRunning: !isFull,
  }));
  const rows = values.flatMap((one) => {
    const options = [
      ...(one.bufferBytes === USUAL.bufferBytes ? [] : [`buffer ${one.bufferBytes}`]),
      ...(one.packetBytes === USUAL.packetBytes ? [] : [`packet-length ${one.packetBytes}`]),
      ...(one.isCircular ? ['circular-buffer'] : []),
      `interface ${one.interface}`,
    ];
    const state = one.isRunning ? 'Capturing' : 'Buffer Full';
    return [
      `capture ${one.name} type raw-data ${options.join(' ')} [${state} - ${one.bytes} bytes] `,
      ...one.matches.map((match) => `  ${match} `),
    ];
  });
  return { value: { captures: values }, text: lines(rows) };
}

export function showCaptured(
  snapshot: GatewaySnapshot,
  name: string,
  captured: readonly TappedPacket[],
  epochMs: number,
  manner: 'brief' | 'detail' | 'dump',
): Shown<CapturedPackets> {
  const packets: CapturedPackets['packets'][number][] = [];
  const shown: string[] = [];
  for (const [index, packet] of captured.entries()) {
    const { at, direction, cleartext, bytes, length } = packet;
    const { text: said, header } = summarize(bytes);
    const where = alias(snapshot, packet.interface);
    const time = isoTime(epochMs + at);
    packets.push({
      number: index + 1,
      time,
      interface: where,
      direction,
      ...(cleartext === undefined ? {} : { cleartext }),
      ...(header === undefined
        ? {}
        : { source: String(header.source), destination: String(header.destination), protocol: header.protocol }),
      length,
      text: said,
      data: Array.from(bytes, (byte) => byte.toString(16).padStart(2, '0')).join(''),
    });
    const head = `${String(index + 1).padStart(4)}: ${clockOf(epochMs + at)}`;
    if (manner === 'brief') {
      shown.push(`${head}       ${said} `);
      continue;
    }
    const mark = cleartext === undefined ? '' : ` (${cleartext === 'decrypted' ? 'decrypted' : 'before encryption'})`;
    const type = header?.family === 6 ? '0x86dd' : '0x0800';
    const more =
      header === undefined
        ? ''
        : ` (${header.family === 6 ? 'hlim' : 'ttl'} ${header.ttl}${header.family === 4 ? `, id ${header.identification}` : ''})`;
    shown.push(`${head} ${where} ${direction}${mark} ${type} Length: ${length}`, `      ${said}${more} `);
    if (manner === 'dump') shown.push(...hexLines(bytes));
  }
  const counted = (verb: string): string => `${captured.length} packet${captured.length === 1 ? '' : 's'} ${verb}`;
  const body = lines([counted('captured'), '', ...shown, counted('shown')]);
  return { value: { name, packets }, text: `\n${body}` };
}

/** Time of day to the microsecond. */
function clockOf(epochMs: number): string {
  const micros = Math.round(epochMs * 1000);
  const [seconds, rest] = [Math.floor(micros / 1_000_000), micros % 1_000_000];
  return `${isoTime(seconds * 1000).slice(11, 19)}.${String(rest).padStart(6, '0')}`;
}

function alias({ interfaces }: GatewaySnapshot, name: string): string {
  return interfaces.find((one) => one.name === name)?.alias ?? name;
}
