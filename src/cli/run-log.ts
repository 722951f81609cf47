/** What a running gateway says of what happens: lines on its standard output, and in a log file where one is wanted. */
import type { DeviceModel } from '../config/index.ts';
import { syslog } from '../console/index.ts';
import type { GatewayLogEvent } from '../gateway/index.ts';

export type RunLogOptions = Readonly<{
  device: string;
  form: 'text' | 'json';
  /** Messages above this severity are left out; JSON has them all. */
  level: number;
  /** systemd's journal reads our output: it has its own time stamps, and takes severities. */
  isJournal: boolean;
}>;

/** An event as text with a final newline; empty when nothing is to be said. `epochMs` is the time of instant 0. */
export function runLogText(
  event: GatewayLogEvent,
  epochMs: number,
  options: RunLogOptions,
  model?: DeviceModel,
): string {
  const { device, form, level, isJournal } = options;
  if (form === 'json') return `${JSON.stringify(syslog.eventDocument(device, event, epochMs, model))}\n`;
  const timestamp = isJournal ? 'none' : 'plain';
  const frame = { timestamp, timeMs: epochMs + event.at, deviceId: isJournal ? undefined : device, level } as const;
  const lines = syslog.syslogLines(event, model === undefined ? frame : { ...frame, model });
  if (lines.length === 0) return '';
  // sd-daemon(3): a severity in angle brackets before the line.
  const sign = isJournal ? `<${event.severity}>` : '';
  return [...lines, ...syslog.causeLines(event.cause)].map((line) => `${sign}${line}\n`).join('');
}
