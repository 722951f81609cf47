/** Output a page at a time: how much fits before `More`, and what the keys do there. */
import type { Platform } from '../platform.ts';
import { widthOf } from './cells.ts';
import type { Key } from './keys.ts';

/** What stands below a page that is not the last. */
export const MORE: Readonly<Record<Platform, string>> = { asa: '<--- More --->', iosxe: ' --More-- ' };

/** What a key at `<--- More --->` asks for: so many more rows, or no more at all. */
export type Wish = Readonly<{ kind: 'rows'; count: number } | { kind: 'stop' }>;

/** Undefined: the key means nothing here. */
export function wishOf(key: Key, pageRows: number): Wish | undefined {
  const name = key.kind === 'key' ? key.name : key.kind === 'text' ? key.text : '';
  if (name === ' ' || name === 'C-f' || name === 'C-v') return { kind: 'rows', count: pageRows };
  if (name === 'enter' || name === 'down' || name === 'j') return { kind: 'rows', count: 1 };
  return ['q', 'Q', 'C-c', 'C-z', 'C-d'].includes(name) ? { kind: 'stop' } : undefined;
}

/** Splits lines after as many as fill `rows` rows of a screen; at least one goes. */
export function cutPage(
  lines: readonly string[],
  rows: number,
  columns: number,
): Readonly<{ page: readonly string[]; rest: readonly string[] }> {
  let used = 0;
  let count = 0;
  for (const line of lines) {
    used += Math.max(1, Math.ceil(widthOf(line) / columns));
    if (used > rows && count > 0) break;
    count++;
  }
  return { page: lines.slice(0, count), rest: lines.slice(count) };
}
