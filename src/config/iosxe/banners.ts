/** Banners: a text between two equal marks, over as many lines as it likes. None of them is a command. */
import { type Line, readLine } from '../lines.ts';

/** A mark is one character, which a saved configuration shows as `^C` where it can not be seen. */
const OPENING = /^\s*banner\s+[a-z-]+\s+(\^C|\S)/i;

/** The same lines, where each banner is one; the lines it took are empty. */
export function joinBanners(lines: readonly Line[]): readonly Line[] {
  const joined: Line[] = [];
  for (let index = 0; index < lines.length; index++) {
    const line = lines[index];
    if (line === undefined) break;
    const last = endOf(lines, index);
    if (last === index) {
      joined.push(line);
      continue;
    }
    const raw = lines.slice(index, last + 1).map((one) => one.raw);
    joined.push({ ...line, ...readLine(raw.join('\n'), line.number) });
    index = last;
  }
  return joined;
}

/** Index of the line that ends the banner which a line begins; its own when it is none, or none ends it. */
function endOf(lines: readonly Line[], start: number): number {
  const raw = lines[start]?.raw ?? '';
  const opening = OPENING.exec(raw);
  const mark = opening?.[1];
  if (opening === null || mark === undefined) return start;
  if (raw.slice(opening[0].length).includes(mark)) return start;
  const end = lines.findIndex((one, index) => index > start && one.raw.includes(mark));
  return end < 0 ? start : end;
}
