/** Captures of the plane: bounded buffers of copies, filled as packets pass the interfaces. */
import { at, type Instant, readU16 } from '../../base/index.ts';
import { type IpHeader, Protocol, parseIp } from '../../ip/index.ts';
import type { PlaneInterface } from '../contract.ts';
import type { PlaneTap, TapEnd, TapMatch, TappedPacket, TapStatus } from '../tap.ts';

/** What a packet costs of a buffer beside its bytes. */
const RECORD_BYTES = 16;

export class Taps {
  /** Whether there is any: all that a packet asks while nothing is captured. */
  any = false;
  /** The time of what is being handled. */
  now: Instant = at(0);
  readonly #taps = new Map<string, Tap>();

  /** Begins a capture, or changes one; what a changed one holds stays, as far as it still fits in. */
  set(config: PlaneTap): void {
    const known = this.#taps.get(config.name);
    if (known !== undefined) known.change(config);
    else this.#taps.set(config.name, new Tap(config));
    this.any = true;
  }

  remove(name: string): void {
    this.#taps.delete(name);
    this.any = this.#taps.size > 0;
  }

  /** Empties a buffer; a capture that was full goes on. */
  clear(name: string): void {
    this.#taps.get(name)?.clear();
  }

  /** A packet passes an interface. */
  see(direction: 'in' | 'out', { name, kind, template }: PlaneInterface, packet: Uint8Array): void {
    let header: IpHeader | undefined;
    for (const tap of this.#taps.values()) {
      if (!tap.listensTo(direction) || !tap.listensAt(name, template)) continue;
      if (header === undefined && tap.config.matches.length > 0) {
        const parsed = parseIp(packet);
        if (parsed.ok) header = parsed.value;
      }
      if (tap.fits(header, packet)) tap.add(this.now, direction, name, kind === 'tunnel', packet);
    }
  }

  statuses(): readonly TapStatus[] {
    return Array.from(this.#taps.values(), (tap) => tap.status());
  }

  /** What a capture holds, oldest first; undefined when there is none of that name. */
  packets(name: string): readonly TappedPacket[] | undefined {
    return this.#taps.get(name)?.packets();
  }
}

class Tap {
  #config: PlaneTap;
  /** Those before `#first` have made room for others. */
  #held: TappedPacket[] = [];
  #first = 0;
  #bytes = 0;
  #lost = 0;
  #isFull = false;

  constructor(config: PlaneTap) {
    this.#config = config;
  }

  get config(): PlaneTap {
    return this.#config;
  }

  change(config: PlaneTap): void {
    this.#config = config;
    this.#isFull = !config.circular && this.#bytes >= config.bufferBytes;
    while (this.#bytes > config.bufferBytes) this.#dropOldest();
  }

  clear(): void {
    this.#held = [];
    this.#first = 0;
    this.#bytes = 0;
    this.#lost = 0;
    this.#isFull = false;
  }

  listensTo(direction: 'in' | 'out'): boolean {
    const { direction: wanted = 'both', stopped = false } = this.#config;
    return !stopped && (wanted === 'both' || wanted === direction);
  }

  listensAt(name: string, template: string | undefined): boolean {
    const wanted = this.#config.interface;
    return wanted === undefined || wanted === name || wanted === template;
  }

  /** A packet whose header can not be read fits where all do. */
  fits(header: IpHeader | undefined, packet: Uint8Array): boolean {
    const { matches } = this.#config;
    return matches.length === 0 || (header !== undefined && matches.some((match) => matchFits(match, header, packet)));
  }

  add(now: Instant, direction: 'in' | 'out', name: string, tunnel: boolean, packet: Uint8Array): void {
    const { bufferBytes, packetBytes, circular } = this.#config;
    const kept = Math.min(packet.length, packetBytes);
    const cost = kept + RECORD_BYTES;
    if (this.#isFull || cost > bufferBytes || (!circular && this.#bytes + cost > bufferBytes)) {
      // The ASA's buffer, once full, takes nothing more, however short.
      this.#isFull ||= !circular;
      this.#lost++;
      return;
    }
    while (this.#bytes + cost > bufferBytes) {
      this.#dropOldest();
      this.#lost++;
    }
    const cleartext = tunnel ? ({ cleartext: direction === 'in' ? 'decrypted' : 'to-encrypt' } as const) : {};
    const bytes = packet.slice(0, kept);
    this.#held.push({ at: now, interface: name, direction, ...cleartext, bytes, length: packet.length });
    this.#bytes += cost;
  }

  packets(): readonly TappedPacket[] {
    return this.#held.slice(this.#first);
  }

  status(): TapStatus {
    const packets = this.#held.length - this.#first;
    return { tap: this.#config, packets, bytes: this.#bytes, lost: this.#lost, isFull: this.#isFull };
  }

  #dropOldest(): void {
    this.#bytes -= (this.#held[this.#first++]?.bytes.length ?? 0) + RECORD_BYTES;
    if (this.#first < 1024 || this.#first * 2 < this.#held.length) return;
    this.#held = this.#held.slice(this.#first);
    this.#first = 0;
  }
}

function matchFits({ protocol, family, ends: [a, b] }: TapMatch, header: IpHeader, packet: Uint8Array): boolean {
  if (protocol !== 0 && protocol !== header.protocol) return false;
  if (family !== undefined && family !== header.family) return false;
  const [source, destination] = portsOf(header, packet);
  const { source: from, destination: to } = header;
  const along = endFits(a, from, source) && endFits(b, to, destination);
  return along || (endFits(b, from, source) && endFits(a, to, destination));
}

function endFits({ prefix, ports }: TapEnd, address: IpHeader['source'], port: number | undefined): boolean {
  if (prefix !== undefined && !(prefix.address.family === address.family && prefix.contains(address))) return false;
  return ports === undefined || (port !== undefined && ports.some(({ from, to }) => port >= from && port <= to));
}

/** Only the first fragment of a packet has its ports. */
function portsOf(header: IpHeader, packet: Uint8Array): readonly [number | undefined, number | undefined] {
  const { protocol, fragmentOffset, payloadOffset: start, totalLength } = header;
  const has = (protocol === Protocol.TCP || protocol === Protocol.UDP) && fragmentOffset === 0;
  return has && totalLength >= start + 4
    ? [readU16(packet, start), readU16(packet, start + 2)]
    : [undefined, undefined];
}
