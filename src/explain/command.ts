/** The exec lines `explain tunnel NAME` and `explain bgp ADDRESS`. */
import { explainBgp } from './bgp.ts';
import { type Diagnosis, formatDiagnosis } from './diagnosis.ts';
import type { Fabric } from './evidence.ts';
import { explainTunnel } from './tunnel.ts';

/**
 * What `words` ask of a device, as text and as a value for JSON; undefined: they are no `explain` line. Words may be
 * abbreviated.
 */
export function explainCommand(
  fabric: Fabric,
  device: string,
  words: readonly string[],
): Readonly<{ text: string; value: Diagnosis }> | undefined {
  const [, what = '', name, ...rest] = words;
  if (!isExplain(words) || name === undefined || rest.length > 0) return undefined;
  if (means(what, 'tunnel', 1)) return answer(explainTunnel(fabric, device, name));
  if (means(what, 'bgp', 1)) return answer(explainBgp(fabric, device, name));
  return undefined;
}

/** Whether a line begins like ours: before that, nobody needs to gather evidence. */
export function isExplain([verb = '']: readonly string[]): boolean {
  return means(verb, 'explain', 3);
}

function means(word: string, keyword: string, least: number): boolean {
  return word.length >= least && keyword.startsWith(word.toLowerCase());
}

function answer(value: Diagnosis): Readonly<{ text: string; value: Diagnosis }> {
  return { text: formatDiagnosis(value), value };
}
