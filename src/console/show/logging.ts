/** `show logging`: the log as an ASA keeps it, newest last; or our journal with its causes, where an ASA keeps none. */
import type { GatewayLogEvent, GatewaySnapshot } from '../../gateway/index.ts';
import { frameOf, syslogLines } from '../syslog/collector.ts';
import { causeLines, causes, FACILITY } from '../syslog/frame.ts';
import { LEVEL_NAMES } from '../syslog/message.ts';
import { count, flag, list, number, object, optional, publish, text, type Value } from './schema.ts';
import { lines, type Shown } from './shown.ts';
import { isoTime } from './wall-clock.ts';

const causeSchema = object({ code: text('stable word'), text: text('in words') });

const eventSchema = object({
  atMs: number('milliseconds since the start'),
  time: text('the same as ISO 8601'),
  severity: count('0 emergency to 7 debugging'),
  code: text('stable word'),
  text: text('in words'),
  subject: optional(text('what it is about')),
  remote: optional(text('address of the other end')),
  causes: list(causeSchema, 'why, innermost last'),
});

export const loggingSchema = publish(
  'show-logging',
  'show logging',
  object({
    isEnabled: flag('logging enable is configured'),
    bufferedLevel: optional(count('severity up to which the configuration asks for buffering')),
    events: list(eventSchema, 'what happened, newest last; older ones are forgotten'),
  }),
);
export type Logging = Value<typeof loggingSchema.schema>;

export function showLogging(snapshot: GatewaySnapshot, epochMs: number): Shown<Logging> {
  const { log, model } = snapshot;
  const { enabled, bufferedLevel } = model.logging;
  const value = {
    isEnabled: enabled,
    ...(bufferedLevel === undefined ? {} : { bufferedLevel }),
    events: log.map((event) => eventValue(event, epochMs)),
  };
  return { value, text: textOf(snapshot, epochMs) };
}

function eventValue(event: GatewayLogEvent, epochMs: number): Logging['events'][number] {
  return {
    atMs: event.at,
    time: isoTime(epochMs + event.at),
    severity: event.severity,
    code: event.code,
    text: event.text,
    ...(event.subject === undefined ? {} : { subject: event.subject }),
    ...(event.remote === undefined ? {} : { remote: event.remote.toString() }),
    causes: causes(event.cause).map((cause) => ({ code: cause.code, text: cause.text })),
  };
}

/** The platform's head, and its buffer; where it would show nothing, the journal is there all the same and says so. */
function textOf({ model, log }: GatewaySnapshot, epochMs: number): string {
  const { logging } = model;
  const { enabled, timestamp, bufferedLevel, consoleLevel, monitorLevel, trapLevel, hosts } = logging;
  const isBuffered = enabled && bufferedLevel !== undefined;
  const frame = frameOf(model);
  const kept = log.flatMap((event) => {
    const stamped = isBuffered ? frame : { ...frame, timestamp: 'plain' as const };
    const level = isBuffered ? { level: bufferedLevel } : {};
    const told = syslogLines(event, { ...stamped, ...level, timeMs: epochMs + event.at });
    // The platform's buffer knows no causes; our journal does.
    return isBuffered ? told : [...told, ...causeLines(event.cause)];
  });
  const buffered = isBuffered ? kept.length : 0;
  return lines([
    `Syslog logging: ${enabled ? 'enabled' : 'disabled'}`,
    `    Facility: ${FACILITY}`,
    `    Timestamp logging: ${timestamp ? 'enabled' : 'disabled'}`,
    '    Standby logging: disabled',
    '    Debug-trace logging: disabled',
    `    Console logging: ${levelText(consoleLevel)}`,
    `    Monitor logging: ${levelText(monitorLevel)}`,
    `    Buffer logging: ${bufferedLevel === undefined ? 'disabled' : `${levelText(bufferedLevel)}, ${buffered} messages logged`}`,
    `    Trap logging: ${trapLevel === undefined ? 'disabled' : `${levelText(trapLevel)}, facility ${FACILITY}`}`,
    ...hosts.map(({ interface: name, address }) => `        Logging to ${name} ${address}`),
    '    Permit-hostdown logging: disabled',
    '    History logging: disabled',
    `    Device ID: ${frame.deviceId === undefined ? 'disabled' : `'${frame.deviceId}'`}`,
    '    Mail logging: disabled',
    '    ASDM logging: disabled',
    ...(isBuffered
      ? []
      : [`Nothing is buffered: ${enabled ? 'logging buffered' : 'logging enable'} is not configured.`]),
    ...(isBuffered ? [] : ['The journal that is kept all the same:']),
    ...kept,
  ]);
}

function levelText(level: number | undefined): string {
  return level === undefined ? 'disabled' : `level ${LEVEL_NAMES[level] ?? level}`;
}
