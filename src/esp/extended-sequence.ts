/** Extended sequence numbers: 64 bits of which 32 travel, RFC 4303 section 2.2.1. */
import { TWO_32 } from './packet.ts';

/** Highest high half that a JavaScript number holds exactly together with its low half. */
const MAX_HIGH = 2 ** 21 - 1;

/**
 * The whole number of a packet that carries `low`, given the highest number accepted so far (T) and the window (W):
 * RFC 4303 appendix A2.2. Undefined when it would lie before the first packet.
 */
export function inferSequence(low: number, highest: number, window: number): number | undefined {
  const highestLow = highest % TWO_32;
  const highestHigh = Math.floor(highest / TWO_32);
  const high = highestHigh + inferStep(low, highestLow, window);
  return high < 0 || high > MAX_HIGH ? undefined : high * TWO_32 + low;
}

/** Which subspace `low` belongs to, relative to that of the right edge. */
function inferStep(low: number, highestLow: number, window: number): -1 | 0 | 1 {
  const bottom = highestLow - window + 1;
  // Case A: the window lies within one subspace, and what is below it must be of the next one.
  if (bottom >= 0) return low >= bottom ? 0 : 1;
  // Case B: the window spans two, and what is above its bottom is of the one before.
  return low >= bottom + TWO_32 ? -1 : 0;
}
