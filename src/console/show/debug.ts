/** `show debug`: what the terminal that asks wants to see of events. */
import { type Debugging, debugSubjects } from '../debugging.ts';
import { count, list, object, publish, text, type Value } from './schema.ts';
import { lines, type Shown } from './shown.ts';

export const debugSchema = publish(
  'show-debug',
  'show debug',
  object({ debugging: list(object({ subject: text('what is told of'), level: count('1 to 255') }), 'what is on') }),
);
export type DebugList = Value<typeof debugSchema.schema>;

export function showDebug(debugging: Debugging | undefined): Shown<DebugList> {
  const on = (debugging?.list() ?? []).map(({ subject, level }) => ({ subject: debugSubjects[subject], level }));
  const rows = on.map(({ subject, level }) => `debug ${subject} enabled at level ${level}`);
  return { value: { debugging: on }, text: lines(rows) };
}
