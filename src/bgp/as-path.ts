/** AS paths: RFC 4271 section 4.3 b, RFC 6793. */

export type AsSegment = Readonly<{ kind: 'sequence' | 'set'; asns: readonly number[] }>;

/** Nearest AS first. */
export type AsPath = readonly AsSegment[];

/** Stands for an AS number that an old speaker cannot read, RFC 6793 section 9. */
export const AS_TRANS = 23456;

/** Most ASNs in one segment: its count is one octet. */
export const SEGMENT_LIMIT = 255;

/** Length as the decision process counts it: a set is one, RFC 4271 section 9.1.2.2 a. */
export function asPathLength(path: AsPath): number {
  let length = 0;
  for (const segment of path) length += segment.kind === 'set' ? 1 : segment.asns.length;
  return length;
}

/** How often an AS occurs in the path. */
export function countAs(path: AsPath, asn: number): number {
  let count = 0;
  for (const segment of path) for (const member of segment.asns) if (member === asn) count++;
  return count;
}

/** The AS the route was received from; undefined for a local route or one that begins with a set. */
export function firstAs(path: AsPath): number | undefined {
  const first = path[0];
  return first?.kind === 'sequence' ? first.asns[0] : undefined;
}

/** The path as this AS (or these, nearest first) passes it on. */
export function prepend(path: AsPath, asns: readonly number[]): AsPath {
  if (asns.length === 0) return path;
  const first = path[0];
  if (first?.kind !== 'sequence' || first.asns.length + asns.length > SEGMENT_LIMIT) {
    return [{ kind: 'sequence', asns }, ...path];
  }
  return [{ kind: 'sequence', asns: [...asns, ...first.asns] }, ...path.slice(1)];
}

/** Numbers kept for private use, RFC 6996. */
export function isPrivateAs(asn: number): boolean {
  return (asn >= 64512 && asn <= 65534) || (asn >= 4_200_000_000 && asn <= 4_294_967_294);
}

/** The path without private numbers when it holds no others, as `remove-private-as` does; else unchanged. */
export function withoutPrivate(path: AsPath): AsPath {
  return path.every((segment) => segment.asns.every(isPrivateAs)) ? [] : path;
}

/** Text as Cisco prints and matches it: sequences bare, sets in braces. */
export function asPathText(path: AsPath): string {
  return path
    .map((segment) => (segment.kind === 'set' ? `{${segment.asns.join(',')}}` : segment.asns.join(' ')))
    .join(' ');
}

export function sameAsPath(a: AsPath, b: AsPath): boolean {
  if (a === b) return true;
  if (a.length !== b.length) return false;
  return a.every((segment, i) => {
    const other = b[i];
    return (
      other !== undefined &&
      other.kind === segment.kind &&
      other.asns.length === segment.asns.length &&
      segment.asns.every((asn, j) => other.asns[j] === asn)
    );
  });
}

/**
 * The true path from AS_PATH with AS_TRANS in it and AS4_PATH: the leading part of the first, then the second.
 * RFC 6793 section 4.2.3: an AS4_PATH longer than the AS_PATH is ignored.
 */
export function mergeAs4Path(path: AsPath, as4Path: AsPath): AsPath {
  let keep = asPathLength(path) - asPathLength(as4Path);
  if (keep < 0) return path;
  const lead: AsSegment[] = [];
  for (const segment of path) {
    if (keep <= 0) break;
    if (segment.kind === 'set') {
      lead.push(segment);
      keep--;
      continue;
    }
    lead.push({ kind: 'sequence', asns: segment.asns.slice(0, keep) });
    keep -= segment.asns.length;
  }
  const last = lead.at(-1);
  const next = as4Path[0];
  if (last?.kind === 'sequence' && next?.kind === 'sequence' && last.asns.length + next.asns.length <= SEGMENT_LIMIT) {
    return [...lead.slice(0, -1), { kind: 'sequence', asns: [...last.asns, ...next.asns] }, ...as4Path.slice(1)];
  }
  return [...lead, ...as4Path];
}
