/** `show logging`: the journal, newest last, each event with its cause. */
import type { GatewayLogEvent, GatewaySnapshot } from '../../gateway/index.ts';
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
  return { value, text: textOf(value) };
}

function eventValue(event: GatewayLogEvent, epochMs: number): Logging['events'][number] {
  const causes: { code: string; text: string }[] = [];
  for (let cause = event.cause; cause !== undefined; cause = cause.because) {
    causes.push({ code: cause.code, text: cause.text });
  }
  return {
    atMs: event.at,
    time: isoTime(epochMs + event.at),
    severity: event.severity,
    code: event.code,
    text: event.text,
    ...(event.subject === undefined ? {} : { subject: event.subject }),
    ...(event.remote === undefined ? {} : { remote: event.remote.toString() }),
    causes,
  };
}

const LEVELS = [
  'emergencies',
  'alerts',
  'critical',
  'errors',
  'warnings',
  'notifications',
  'informational',
  'debugging',
] as const;

function textOf({ isEnabled, bufferedLevel, events }: Logging): string {
  const level = bufferedLevel === undefined ? 'disabled' : `level ${LEVELS[bufferedLevel] ?? bufferedLevel}`;
  return lines([
    `Syslog logging: ${isEnabled ? 'enabled' : 'disabled'}`,
    `    Buffer logging: ${level}, ${events.length} messages kept`,
    ...events.map(({ atMs, severity, code, text: words }) => `${seconds(atMs)}: ${severity}-${code}: ${words}`),
  ]);
}

function seconds(ms: number): string {
  return `${(ms / 1000).toFixed(3).padStart(12)} s`;
}
