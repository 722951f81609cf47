/** The child SAs of the plane: by inbound SPI, by outbound SPI, by interface; and those that linger. */
import { after, Deadlines, type Instant, type Random } from '../../base/index.ts';
import type { PlaneChildSa } from '../contract.ts';
import { ChildSa, type FastShare } from './child-sa.ts';
import type { PlaneState } from './plane-state.ts';
import { Totals } from './totals.ts';

/** Whoever carries packets of SAs as well. */
export type SaCompanion = Readonly<{
  /** What a new SA shares with it; undefined: nothing. */
  share: (config: PlaneChildSa) => FastShare | undefined;
  closing: (sa: ChildSa) => void;
  forgotten: (sa: ChildSa) => void;
}>;

export class SaDatabase {
  readonly totals = new Totals();
  readonly #state: PlaneState;
  readonly #random: Random;
  readonly #companion: SaCompanion | undefined;
  readonly #byId = new Map<number, ChildSa>();
  /** Peers choose outbound SPIs, so two may choose the same. */
  readonly #byOutboundSpi = new Map<number, ChildSa[]>();
  readonly #lingering = new Deadlines<number>();

  constructor(state: PlaneState, random: Random, companion?: SaCompanion) {
    this.#state = state;
    this.#random = random;
    this.#companion = companion;
  }

  get(id: number): ChildSa | undefined {
    return this.#byId.get(id);
  }

  all(): Iterable<ChildSa> {
    return this.#byId.values();
  }

  withOutboundSpi(spi: number): readonly ChildSa[] {
    return this.#byOutboundSpi.get(spi) ?? [];
  }

  install(config: PlaneChildSa): ChildSa {
    this.#forget(config.id);
    const sa = new ChildSa(config, this.#random, this.#companion?.share(config));
    this.#byId.set(config.id, sa);
    this.totals.installed(sa);
    const sharing = this.#byOutboundSpi.get(config.outboundSpi);
    if (sharing === undefined) this.#byOutboundSpi.set(config.outboundSpi, [sa]);
    else sharing.push(sa);
    this.#state.outboundOf(config.interface).push(sa);
    return sa;
  }

  /** Takes over the SAs of another as they are; numbers and windows go on from where they stand. */
  copy(other: SaDatabase): void {
    for (const known of other.#byId.values()) {
      known.collect();
      const sa = known.twin(this.#random);
      this.#byId.set(sa.config.id, sa);
    }
    for (const [spi, sharing] of other.#byOutboundSpi) this.#byOutboundSpi.set(spi, this.#twinsOf(sharing));
    for (const { config } of other.#state.ports.values()) {
      this.#state.outboundOf(config.name).push(...this.#twinsOf(other.#state.outboundOf(config.name)));
    }
  }

  #twinsOf(sas: readonly ChildSa[]): ChildSa[] {
    return sas.flatMap((sa) => this.#byId.get(sa.config.id) ?? []);
  }

  /** Outbound stops at once; inbound goes on for a while. */
  remove(id: number, lingerMs: number, now: Instant): void {
    const sa = this.#byId.get(id);
    if (sa === undefined) return;
    this.#stopOutbound(sa);
    if (lingerMs > 0) this.#lingering.set(id, after(now, lingerMs));
    else this.#forget(id);
  }

  wakeAt(): Instant | undefined {
    return this.#lingering.earliest();
  }

  tick(now: Instant): void {
    for (;;) {
      const id = this.#lingering.takeDue(now);
      if (id === undefined) return;
      this.#forget(id);
    }
  }

  #forget(id: number): void {
    const sa = this.#byId.get(id);
    if (sa === undefined) return;
    this.#stopOutbound(sa);
    this.#byId.delete(id);
    sa.collect();
    this.totals.forgotten(sa);
    this.#companion?.forgotten(sa);
    this.#lingering.set(id, undefined);
  }

  #stopOutbound(sa: ChildSa): void {
    if (sa.closing) return;
    sa.closing = true;
    this.#companion?.closing(sa);
    const { interface: name, outboundSpi } = sa.config;
    const list = this.#state.outboundOf(name);
    take(list, sa);
    const sharing = this.#byOutboundSpi.get(outboundSpi) ?? [];
    take(sharing, sa);
    if (sharing.length === 0) this.#byOutboundSpi.delete(outboundSpi);
    // The old SA goes only once the peer has the new one, so nothing is left to wait for: RFC 7296 section 2.8.
    if (!list.some((other) => other.confirmed)) for (const other of list) other.released = true;
    if (list.length === 0) this.#state.releaseOutbound(name);
  }
}

function take(list: ChildSa[], sa: ChildSa): void {
  const index = list.indexOf(sa);
  if (index >= 0) list.splice(index, 1);
}
