/** Segments that came before their turn, RFC 9293 section 3.10.7.4 (seventh step). */
import { advance, distance, isBefore } from './sequence.ts';

/** A window of tiny segments must not become a list of tens of thousands: what is over the limit is sent again. */
const MAX_PIECES = 256;

type Piece = { sequence: number; data: Uint8Array };

/** Pieces in order, without overlap; the first to bring a byte wins. */
export class ReassemblyQueue {
  readonly #pieces: Piece[] = [];
  #bytes = 0;

  get isEmpty(): boolean {
    return this.#pieces.length === 0;
  }

  get bytes(): number {
    return this.#bytes;
  }

  /** Keeps a copy of what is new in `data`; the caller has cut it to the window. Says whether there was room. */
  add(sequence: number, data: Uint8Array): boolean {
    let start = sequence;
    let rest = data;
    let index = this.#pieces.length;
    // From the end: most segments follow the last one.
    while (index > 0) {
      const before = this.#pieces[index - 1];
      if (before === undefined || !isBefore(sequence, before.sequence)) break;
      index--;
    }
    const previous = this.#pieces[index - 1];
    if (previous !== undefined) {
      const overlap = distance(start, advance(previous.sequence, previous.data.length));
      if (overlap >= rest.length) return true;
      if (overlap > 0) {
        start = advance(start, overlap);
        rest = rest.subarray(overlap);
      }
    }
    while (rest.length > 0) {
      if (this.#pieces.length >= MAX_PIECES) return false;
      const next = this.#pieces[index];
      const gap = next === undefined ? rest.length : distance(start, next.sequence);
      if (gap > 0) {
        const data = rest.slice(0, gap);
        this.#pieces.splice(index++, 0, { sequence: start, data });
        this.#bytes += data.length;
      }
      if (next === undefined) break;
      const skip = gap + next.data.length;
      index++;
      start = advance(start, skip);
      rest = rest.subarray(Math.min(skip, rest.length));
    }
    return true;
  }

  /** Takes out the piece that continues at `sequence`, without what is before it; undefined: there is a gap. */
  take(sequence: number): Uint8Array | undefined {
    for (;;) {
      const piece = this.#pieces[0];
      if (piece === undefined || isBefore(sequence, piece.sequence)) return undefined;
      this.#pieces.shift();
      this.#bytes -= piece.data.length;
      const known = distance(piece.sequence, sequence);
      if (known < piece.data.length) return known === 0 ? piece.data : piece.data.subarray(known);
    }
  }
}
