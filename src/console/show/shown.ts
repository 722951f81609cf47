/** What a show command gives: a value for machines, and the same as text in the platform's layout. */
export type Shown<V> = Readonly<{ value: V; text: string }>;

/** Text of lines, each ended. */
export function lines(all: readonly string[]): string {
  return all.length === 0 ? '' : `${all.join('\n')}\n`;
}
