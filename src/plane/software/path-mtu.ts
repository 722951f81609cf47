/** Path MTUs learnt from ICMP: RFC 1191, RFC 8201, RFC 4301 section 8.2. */
import { after, Deadlines, type Family, type Instant, type IpAddress } from '../../base/index.ts';

/** RFC 1191 section 6.3, RFC 8201 section 4: what was learnt is forgotten after ten minutes. */
const MAX_AGE_MS = 600_000;
/** Below these a report is not believed literally: an ASA's floor for IPv4, the minimum MTU of IPv6. */
const FLOOR: Readonly<Record<Family, number>> = { 4: 256, 6: 1280 };
/** What an old router's report without a value takes off, as an ASA does. */
const STEP_WITHOUT_VALUE = 256;

/** How long a report is believed, and down to what. */
export type PathMtuTerms = Readonly<{ maxAgeMs?: number | 'never'; leastMtu?: number }>;

/** Path MTUs by front VRF and destination, for as long as they are believed. */
export class PathMtus {
  readonly #learnt = new Map<string, number>();
  readonly #deadlines = new Deadlines<string>();

  get(frontVrf: string, destination: IpAddress): number | undefined {
    return this.#learnt.size === 0 ? undefined : this.#learnt.get(keyOf(frontVrf, destination));
  }

  /**
   * Takes a validated report; false when it tells nothing new: an MTU only ever falls before it ages, which it may be
   * told never to do.
   */
  learn(
    frontVrf: string,
    destination: IpAddress,
    current: number,
    suggested: number,
    now: Instant,
    { maxAgeMs = MAX_AGE_MS, leastMtu }: PathMtuTerms = {},
  ): boolean {
    const floor = leastMtu ?? FLOOR[destination.family];
    const mtu = Math.max(floor, suggested === 0 ? current - STEP_WITHOUT_VALUE : suggested);
    if (mtu >= current) return false;
    const key = keyOf(frontVrf, destination);
    this.#learnt.set(key, mtu);
    this.#deadlines.set(key, maxAgeMs === 'never' ? undefined : after(now, maxAgeMs));
    return true;
  }

  copy(other: PathMtus): void {
    for (const [key, mtu] of other.#learnt) this.#learnt.set(key, mtu);
  }

  wakeAt(): Instant | undefined {
    return this.#deadlines.earliest();
  }

  /** Forgets what is too old; says whether there was any. */
  tick(now: Instant): boolean {
    let changed = false;
    for (;;) {
      const key = this.#deadlines.takeDue(now);
      if (key === undefined) return changed;
      this.#learnt.delete(key);
      changed = true;
    }
  }
}

function keyOf(frontVrf: string, destination: IpAddress): string {
  return `${destination}%${frontVrf}`;
}
