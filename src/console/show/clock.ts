/** `show clock`. */
import type { GatewaySnapshot } from '../../gateway/index.ts';
import { number, object, publish, text, type Value } from './schema.ts';
import type { Shown } from './shown.ts';
import { clockText, isoTime } from './wall-clock.ts';

export const clockSchema = publish(
  'show-clock',
  'show clock',
  object({
    time: text('ISO 8601, UTC'),
    epochMs: number('milliseconds since 1970'),
    nowMs: number('milliseconds since the driver started, by which everything else is timed'),
  }),
);
export type Clock = Value<typeof clockSchema.schema>;

export function showClock({ now }: GatewaySnapshot, epochMs: number): Shown<Clock> {
  const moment = epochMs + now;
  return { value: { time: isoTime(moment), epochMs: moment, nowMs: now }, text: `${clockText(moment)}\n` };
}
