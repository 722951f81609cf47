/** `show capture`: the captures that run or have run. */
import { count, flag, list, object, publish, text, type Value } from './schema.ts';
import { lines, type Shown } from './shown.ts';

const captureSchema = object({
  name: text('name'),
  interface: text('interface (nameif)'),
  packets: count('packets kept'),
  bytes: count('bytes of these'),
  isRunning: flag('still takes packets'),
});

export const captureListSchema = publish(
  'show-capture',
  'show capture',
  object({ captures: list(captureSchema, 'captures') }),
);
export type CaptureList = Value<typeof captureListSchema.schema>;
export type CaptureStatus = Value<typeof captureSchema>;

export function showCapture(captures: readonly CaptureStatus[]): Shown<CaptureList> {
  const rows = captures.map(({ name, interface: where, bytes, isRunning }) => {
    const state = isRunning ? 'Capturing' : 'Stopped';
    return `capture ${name} type raw-data interface ${where} [${state} - ${bytes} bytes] `;
  });
  return { value: { captures }, text: lines(rows) };
}
