/** Wildcard masks: the ones of a netmask turned round, not always contiguous. */
import { IpAddress, Prefix } from '../../base/index.ts';
import type { Param } from '../parameters.ts';

/** Bits outside a contiguous tail that are written out as prefixes of their own; more are refused. */
const MOST_FREE_BITS = 8;

/** A wildcard mask as its 32 bits. */
export function wildcard(help: string): Param<number> {
  return {
    kind: 'mask',
    help,
    shape: 'WILDCARD',
    optional: false,
    many: false,
    write: (bits) => String(fromBits(bits)),
    read: (line, index) => {
      const found = IpAddress.parse(line.tokens[index]?.text ?? '');
      if (found?.family !== 4)
        return { ok: false, fault: { code: 'malformed', message: 'expected a wildcard mask such as 0.0.0.255' } };
      const bits = found.a >>> 0;
      if (freeBits(bits).length <= MOST_FREE_BITS) return { ok: true, value: bits, used: 1 };
      const message = 'a wildcard mask with so many holes is not supported';
      return { ok: false, fault: { code: 'out-of-range', message } };
    },
  };
}

/** Every prefix that an address with a wildcard stands for. */
export function prefixesOf(base: IpAddress, bits: number): Prefix[] {
  const tail = tailLength(bits);
  const fixed = (base.a & ~bits) >>> 0;
  const free = freeBits(bits);
  return Array.from({ length: 2 ** free.length }, (_, choice) => {
    const set = free.reduce((sum, bit, i) => ((choice >>> i) & 1 ? sum + 2 ** bit : sum), 0);
    return new Prefix(fromBits((fixed | set) >>> 0), 32 - tail);
  });
}

function fromBits(bits: number): IpAddress {
  return IpAddress.v4(bits >>> 0);
}

/** Ones at the end. */
function tailLength(bits: number): number {
  let length = 0;
  while (length < 32 && (bits >>> length) & 1) length++;
  return length;
}

/** Ones past the first zero, counted from the end. */
function freeBits(bits: number): number[] {
  const tail = tailLength(bits);
  return Array.from({ length: 32 }, (_, bit) => bit).filter((bit) => bit >= tail && ((bits >>> bit) & 1) === 1);
}
