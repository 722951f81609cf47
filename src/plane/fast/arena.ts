/** One stretch of memory that packets are read into, worked on in place, and written from: nothing is allocated for them. */

export class Arena {
  readonly bytes: Uint8Array;
  readonly view: DataView;
  readonly #halves: Uint16Array;

  constructor(buffer: ArrayBuffer) {
    this.bytes = new Uint8Array(buffer);
    this.view = new DataView(buffer);
    this.#halves = new Uint16Array(buffer, 0, buffer.byteLength >> 1);
  }

  /**
   * Sum of 16-bit words in one's complement (RFC 1071), from `start`, as it stands for a checksum that begins there. Its
   * bytes are in the order of memory; `checksumOf` brings it into that of the wire.
   */
  sum(start: number, length: number, initial = 0): number {
    if (length <= 0) return fold(initial);
    if ((start & 1) === 1) {
      // RFC 1071 section 2 (B): words that are one byte off have their bytes swapped, and so has their sum.
      const rest = this.sum(start + 1, length - 1);
      return fold(initial + (this.bytes[start] ?? 0) + swap(rest));
    }
    const halves = this.#halves;
    let at = start >> 1;
    const end = at + (length >> 1);
    let sum = initial;
    for (const unrolled = end - 7; at < unrolled; at += 8) {
      sum +=
        (halves[at] ?? 0) +
        (halves[at + 1] ?? 0) +
        (halves[at + 2] ?? 0) +
        (halves[at + 3] ?? 0) +
        (halves[at + 4] ?? 0) +
        (halves[at + 5] ?? 0) +
        (halves[at + 6] ?? 0) +
        (halves[at + 7] ?? 0);
    }
    for (; at < end; at++) sum += halves[at] ?? 0;
    if ((length & 1) === 1) sum += this.bytes[start + length - 1] ?? 0;
    return fold(sum);
  }
}

/** The checksum that belongs to a sum. */
export function checksumOf(sum: number): number {
  return ~swap(fold(sum)) & 0xffff;
}

/** A number of the wire as it counts in a sum. */
export function asSummed(value: number): number {
  return swap(value & 0xffff);
}

function fold(sum: number): number {
  let folded = sum;
  while (folded > 0xffff) folded = (folded & 0xffff) + (folded >>> 16);
  return folded;
}

function swap(half: number): number {
  return ((half & 0xff) << 8) | (half >>> 8);
}
