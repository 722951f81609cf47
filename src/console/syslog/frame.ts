/** What stands around a message: priority, time stamp and device, in an ASA's form or that of RFC 5424. */
import type { GatewayLogEvent } from '../../gateway/index.ts';
import type { Cause } from '../../ike/index.ts';
import { isoTime, stampText } from '../show/wall-clock.ts';
import { type SyslogMessage, tagOf } from './message.ts';

export type FrameOptions = Readonly<{
  /** `logging timestamp`; with `rfc5424` the time stamp is that of RFC 5424 section 6.2.3. */
  timestamp: 'none' | 'plain' | 'rfc5424';
  /** Milliseconds since 1970 when it happened; without it there is no time stamp. */
  timeMs: number | undefined;
  /** `logging device-id`. */
  deviceId?: string | undefined;
}>;

/** local4, as an ASA has it unless told otherwise. */
export const FACILITY = 20;

/** As in the buffer and on the console: `Jan 06 2026 12:34:56: %ASA-5-750006: …`. */
export function bufferedLine(message: SyslogMessage, options: FrameOptions): string {
  const said = [timeText(options), options.deviceId].filter((part) => part !== undefined && part !== '').join(' ');
  const end = options.deviceId === undefined ? ': ' : ' : ';
  return oneLine(`${said === '' ? '' : `${said}${end}`}${tagOf(message)}: ${message.text}`);
}

/** As sent to a log host: the buffered line behind its priority. */
export function plainDatagram(message: SyslogMessage, options: FrameOptions): string {
  return `<${FACILITY * 8 + message.level}>${bufferedLine(message, options)}`;
}

/**
 * RFC 5424 section 6: `<PRI>1 TIME HOST APP - MSGID [event …][cause …] %ASA-…`. Structured data carries our own code
 * and the chain of causes, which no ASA says.
 */
export function structuredDatagram(
  message: SyslogMessage,
  event: GatewayLogEvent,
  host: string,
  timeMs: number | undefined,
): string {
  const priority = FACILITY * 8 + message.level;
  const time = timeMs === undefined ? '-' : isoTime(timeMs);
  const header = `<${priority}>1 ${time} ${name(host, 255)} wheelwright - ${name(message.id, 32)}`;
  return `${header} ${structuredData(event)} ${oneLine(`${tagOf(message)}: ${message.text}`)}`;
}

/** Structured data identifiers need an enterprise number; this is the one kept for documentation (RFC 5612). */
const ENTERPRISE = 32473;

function structuredData({ code, subject, cause }: GatewayLogEvent): string {
  const about = subject === undefined ? '' : ` subject="${escaped(subject)}"`;
  const chain = causes(cause).map(
    (one, i) => `[cause${i + 1}@${ENTERPRISE} code="${escaped(one.code)}" text="${escaped(one.text)}"]`,
  );
  return `[event@${ENTERPRISE} code="${escaped(code)}"${about}]${chain.join('')}`;
}

/** The chain as a list, the nearest cause first. */
export function causes(cause: Cause | undefined): readonly Cause[] {
  return cause === undefined ? [] : [cause, ...causes(cause.because)];
}

/** One indented line for each cause, to stand below the lines of the event. */
export function causeLines(cause: Cause | undefined): readonly string[] {
  return causes(cause).map(({ text }) => oneLine(`    because ${text}`));
}

/** RFC 5424 section 6.3.3: these three are escaped, and no line breaks are sent. */
function escaped(text: string): string {
  return oneLine(text).replaceAll(/["\\\]]/g, '\\$&');
}

/** A header field: printing ASCII without blanks, `-` for none (section 6.2). */
function name(text: string, most: number): string {
  const kept = text.replaceAll(/[^\x21-\x7e]/g, '').slice(0, most);
  return kept === '' ? '-' : kept;
}

function timeText({ timestamp, timeMs }: FrameOptions): string | undefined {
  if (timestamp === 'none' || timeMs === undefined) return undefined;
  // An ASA writes whole seconds in this form as well.
  return timestamp === 'rfc5424' ? isoTime(timeMs).replace(/\.\d+Z$/, 'Z') : stampText(timeMs);
}

/** What a peer calls itself may hold anything: one message stays one line. */
function oneLine(text: string): string {
  return text.replaceAll(/\p{Cc}/gu, ' ');
}
