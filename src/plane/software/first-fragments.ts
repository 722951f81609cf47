/** First fragments that were let in by their ports, so that those after them, which show none, find in as well. */
import { after, type Instant } from '../../base/index.ts';
import type { IpHeader } from '../../ip/index.ts';

type FirstFragment = { end: number; expiresAt: Instant };

const FRAGMENT_MS = 5_000;
const MAX_FRAGMENTED = 1024;

export class FirstFragments {
  readonly #known = new Map<string, FirstFragment>();

  note(key: string, header: IpHeader, now: Instant): void {
    const end = fragmentEnd(header);
    const known = this.#known.get(key);
    this.#known.delete(key);
    if (this.#known.size >= MAX_FRAGMENTED) {
      for (const oldest of this.#known.keys()) {
        this.#known.delete(oldest);
        break;
      }
    }
    const isKnown = known !== undefined && known.expiresAt > now;
    this.#known.set(key, {
      end: isKnown ? Math.max(end, known.end) : end,
      expiresAt: after(now, FRAGMENT_MS),
    });
  }

  /** RFC 1858 section 4: a later fragment must not write over the ports that the first one was judged by. */
  follows(key: string, header: IpHeader, now: Instant): boolean {
    const first = this.#known.get(key);
    return first !== undefined && first.expiresAt > now && header.fragmentOffset >= first.end;
  }
}

/** Where the payload that a first fragment carries ends, as offsets of fragments count. */
function fragmentEnd({ family, totalLength, payloadOffset, fragmentHeaderOffset }: IpHeader): number {
  return totalLength - (family === 4 ? payloadOffset : fragmentHeaderOffset + 8);
}
