/** What all files of a Linux peer have in common. */

/** How secrets are written: as they are, or hidden. */
export type Secrets = 'plain' | 'mask';

/** What a key is shown as. */
export const HIDDEN = '*****';

/** A name in a comment or a text stays in its line. */
export function oneLine(text: string): string {
  return text.replaceAll(/[\r\n]+/g, ' ');
}
