/** `show running-config [all] [SECTION]`: drawn by the grammar; keys and passwords are stars. */
import { showRunning } from '../../config/index.ts';
import type { GatewaySnapshot } from '../../gateway/index.ts';
import { list, object, publish, text, type Value } from './schema.ts';
import { lines, type Shown } from './shown.ts';

export const runningConfigSchema = publish(
  'show-running-config',
  'show running-config [all] [SECTION]',
  object({
    filter: list(text('word'), 'what was asked for; nothing: all of it'),
    lines: list(text('line'), 'lines, sections indented'),
  }),
);
export type RunningConfig = Value<typeof runningConfigSchema.schema>;

export function showRunningConfig({ model }: GatewaySnapshot, filter: readonly string[]): Shown<RunningConfig> {
  const printed = showRunning(model, filter);
  const value = { filter, lines: printed === '' ? [] : printed.replace(/\n$/, '').split('\n') };
  return { value, text: lines(value.lines) };
}
