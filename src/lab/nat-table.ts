import { after, type Instant, type IpAddress } from '../base/index.ts';
import { Protocol } from '../ip/index.ts';
import type { NatSpec } from './topology.ts';

/** One mapping: an inside endpoint and the port it has outside. For ICMP the port is the echo identifier. */
export type NatMapping = Readonly<{
  protocol: number;
  inside: IpAddress;
  insidePort: number;
  outsidePort: number;
  expiresAt: Instant;
}>;

type Entry = { -readonly [K in keyof NatMapping]: NatMapping[K] } & { peers: Set<string> };

/** Where ports come from that cannot be kept. */
const FIRST_PORT = 20_000;
const LAST_PORT = 59_999;

/** Mappings of a NAT, endpoint independent (RFC 4787 section 4.1); ports are kept where they are free. */
export class NatTable {
  readonly #spec: Pick<NatSpec, 'timeouts' | 'filtering'>;
  readonly #timeouts: NatSpec['timeouts'];
  readonly #strict: boolean;
  readonly #byInside = new Map<string, Entry>();
  readonly #byOutside = new Map<string, Entry>();
  #nextPort = FIRST_PORT;
  #keepPorts = true;

  constructor(spec: Pick<NatSpec, 'timeouts' | 'filtering'>) {
    const { timeouts, filtering } = spec;
    this.#spec = spec;
    this.#timeouts = timeouts;
    this.#strict = filtering === 'address-and-port';
  }

  /** The outside port of an inside endpoint that speaks to `peer`; makes and refreshes the mapping. */
  outbound(protocol: number, inside: IpAddress, insidePort: number, peer: string, now: Instant): number | undefined {
    const key = `${protocol} ${inside} ${insidePort}`;
    let entry = this.#byInside.get(key);
    if (entry !== undefined && entry.expiresAt <= now) {
      this.#remove(entry);
      entry = undefined;
    }
    if (entry === undefined) {
      const outsidePort = this.#freePort(protocol, insidePort, now);
      if (outsidePort === undefined) return undefined;
      entry = { protocol, inside, insidePort, outsidePort, expiresAt: now, peers: new Set() };
      this.#byInside.set(key, entry);
      this.#byOutside.set(`${protocol} ${outsidePort}`, entry);
    }
    // RFC 4787 section 4.3: what goes out keeps the mapping alive; what comes in does not.
    entry.expiresAt = after(now, this.#timeout(protocol));
    if (this.#strict) entry.peers.add(peer);
    return entry.outsidePort;
  }

  /** The mapping of an outside port, if `peer` may use it. */
  inbound(protocol: number, outsidePort: number, peer: string | undefined, now: Instant): NatMapping | undefined {
    const entry = this.#byOutside.get(`${protocol} ${outsidePort}`);
    if (entry === undefined) return undefined;
    if (entry.expiresAt <= now) {
      this.#remove(entry);
      return undefined;
    }
    return !this.#strict || peer === undefined || entry.peers.has(peer) ? entry : undefined;
  }

  /** The outside port of an inside endpoint, if it has one. */
  existing(protocol: number, inside: IpAddress, insidePort: number, now: Instant): number | undefined {
    const entry = this.#byInside.get(`${protocol} ${inside} ${insidePort}`);
    return entry === undefined || entry.expiresAt <= now ? undefined : entry.outsidePort;
  }

  /** Another table with the same mappings. */
  copy(): NatTable {
    const table = new NatTable(this.#spec);
    table.#nextPort = this.#nextPort;
    table.#keepPorts = this.#keepPorts;
    for (const [key, entry] of this.#byInside) {
      const copied = { ...entry, peers: new Set(entry.peers) };
      table.#byInside.set(key, copied);
      table.#byOutside.set(`${entry.protocol} ${entry.outsidePort}`, copied);
    }
    return table;
  }

  mappings(now: Instant): readonly NatMapping[] {
    return [...this.#byInside.values()].filter(({ expiresAt }) => expiresAt > now);
  }

  /** Drops every mapping; from now on ports are not kept, so that whoever speaks next gets another one. */
  forget(): void {
    this.#byInside.clear();
    this.#byOutside.clear();
    this.#keepPorts = false;
  }

  #freePort(protocol: number, wanted: number, now: Instant): number | undefined {
    if (this.#keepPorts && this.#isFree(protocol, wanted, now)) return wanted;
    for (let tries = 0; tries <= LAST_PORT - FIRST_PORT; tries++) {
      const port = this.#nextPort;
      this.#nextPort = port === LAST_PORT ? FIRST_PORT : port + 1;
      if (this.#isFree(protocol, port, now)) return port;
    }
    return undefined;
  }

  #isFree(protocol: number, port: number, now: Instant): boolean {
    const entry = this.#byOutside.get(`${protocol} ${port}`);
    if (entry !== undefined && entry.expiresAt <= now) this.#remove(entry);
    return entry === undefined || entry.expiresAt <= now;
  }

  #remove(entry: Entry): void {
    this.#byInside.delete(`${entry.protocol} ${entry.inside} ${entry.insidePort}`);
    this.#byOutside.delete(`${entry.protocol} ${entry.outsidePort}`);
  }

  #timeout(protocol: number): number {
    if (protocol === Protocol.UDP) return this.#timeouts.udpMs;
    return protocol === Protocol.TCP ? this.#timeouts.tcpMs : this.#timeouts.icmpMs;
  }
}
