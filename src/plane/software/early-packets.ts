/**
 * ESP that comes before its SA. A responder may send by a new child SA as soon as it has answered (RFC 7296 section
 * 1.2), and on another socket its packet can overtake the answer. For SPIs that we have offered a few packets wait,
 * bounded in number, bytes and time, until the SA is there; they are authenticated then as if they came in that moment.
 */
import { after, at, type Instant } from '../../base/index.ts';

/** One packet as it came in; `port` is the interface, by name. */
export type EarlyPacket = Readonly<{
  spi: number;
  port: string;
  packet: Uint8Array;
  start: number;
  end: number;
  sourcePort: number;
  destinationPort: number;
}>;

type Held = EarlyPacket & Readonly<{ until: Instant }>;

const HOLD_MS = 2000;
const MOST_OF_ONE = 16;
const MOST_BYTES = 256 * 1024;
/** An offer that nobody has answered by then is no offer any more; the oldest goes when there are too many. */
const OFFER_MS = 60_000;
const MOST_OFFERS = 4096;

export class EarlyPackets {
  /** When an offer ends, by SPI, the oldest first. */
  readonly #offers = new Map<number, Instant>();
  /** In the order in which they came. */
  #held: Held[] = [];
  #ready: Held[] = [];
  #bytes = 0;

  /** We have offered this SPI: its packets may come from now on. */
  expect(spi: number, now: Instant): void {
    this.#offers.delete(spi);
    this.#offers.set(spi, after(now, OFFER_MS));
    const [oldest] = this.#offers.keys();
    if (this.#offers.size > MOST_OFFERS && oldest !== undefined) this.#offers.delete(oldest);
  }

  /** Says whether the packet waits; the array stays the caller's. */
  hold(packet: EarlyPacket, now: Instant): boolean {
    const offered = this.#offers.get(packet.spi);
    if (offered === undefined) return false;
    if (offered <= now) {
      this.#offers.delete(packet.spi);
      return false;
    }
    const { length } = packet.packet;
    if (this.#bytes + length > MOST_BYTES) return false;
    if (this.#held.reduce((count, { spi }) => count + (spi === packet.spi ? 1 : 0), 0) >= MOST_OF_ONE) return false;
    this.#bytes += length;
    this.#held.push({ ...packet, packet: packet.packet.slice(), until: after(now, HOLD_MS) });
    return true;
  }

  /** The SA is there: its packets are due. */
  installed(spi: number): void {
    this.#offers.delete(spi);
    if (this.#held.length === 0) return;
    this.#ready.push(...this.#held.filter((one) => one.spi === spi));
    this.#held = this.#held.filter((one) => one.spi !== spi);
  }

  wakeAt(): Instant | undefined {
    return this.#ready[0] === undefined ? this.#held[0]?.until : at(0);
  }

  /** Those whose SA is there, and those that have waited too long. */
  take(now: Instant): Readonly<{ ready: readonly EarlyPacket[]; late: readonly EarlyPacket[] }> {
    const ready = this.#ready;
    this.#ready = [];
    const late = this.#held.filter(({ until }) => until <= now);
    if (late.length > 0) this.#held = this.#held.filter(({ until }) => until > now);
    for (const { packet } of [...ready, ...late]) this.#bytes -= packet.length;
    return { ready, late };
  }
}
