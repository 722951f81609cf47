/** Arithmetic of sequence numbers, modulo 2^32, RFC 9293 section 3.4. */

/** `sequence` moved on by `count` (or back, when negative). */
export function advance(sequence: number, count: number): number {
  return (sequence + count) >>> 0;
}

/** How far `to` lies after `from`; negative when it lies before. */
export function distance(from: number, to: number): number {
  return (to - from) | 0;
}

/** Whether `a` comes before `b`. */
export function isBefore(a: number, b: number): boolean {
  return ((a - b) | 0) < 0;
}
