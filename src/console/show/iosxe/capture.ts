/** `show monitor capture` of a router. */
import type { TapStatus } from '../../../plane/contract.ts';
import { matchText } from '../../capture-match.ts';
import type { CaptureList } from '../capture.ts';
import { lines, type Shown } from '../shown.ts';

export function showIosCapture(value: CaptureList, statuses: readonly TapStatus[]): Shown<CaptureList> {
  return { value, text: lines(statuses.flatMap(block)) };
}

function block({ tap, packets, bytes, lost }: TapStatus): string[] {
  const way = tap.direction === undefined || tap.direction === 'both' ? 'both' : tap.direction;
  return [
    '',
    `Status Information for Capture ${tap.name}`,
    '  Target Type:',
    ` Interface: ${tap.interface ?? 'any'}, Direction: ${way}`,
    `   Status : ${tap.stopped === true ? 'Inactive' : 'Active'}`,
    '  Filter Details:',
    ...(tap.matches.length === 0 ? ['   Capture all packets'] : tap.matches.map((match) => `   ${matchText(match)}`)),
    '  Buffer Details:',
    `   Buffer Type: ${tap.circular ? 'CIRCULAR' : 'LINEAR (default)'}`,
    `   Buffer Size (in MB): ${Math.max(1, Math.round(tap.bufferBytes / 1_048_576))}`,
    '  Limit Details:',
    `   Packet Size to capture: ${tap.packetBytes === 65_535 ? '0 (no limit)' : tap.packetBytes}`,
    `   Packets held: ${packets}, bytes: ${bytes}, lost: ${lost}`,
  ];
}
