/**
 * SAs seen as interfaces. A static VTI exists by configuration and has line protocol while a child SA serves it; a
 * virtual-access interface is cloned from a virtual template for each IKE session that authenticates, and goes with it.
 */
import type { ChildSa } from '../ike/index.ts';

/** One tunnel interface as the SAs see it. */
export type Tunnel = Readonly<{
  /** `Tunnel1` or `Virtual-Access1`. */
  name: string;
  kind: 'static' | 'access';
  /** IKE peer that serves it. */
  peer: string;
  /** Virtual template of a clone. */
  template?: string;
  /** IKE session in use, while there is one. */
  session?: number;
  /** Newest child SA: its path gives the outer ends. */
  newest?: ChildSa;
  /** Inbound SPIs of all its child SAs. */
  spis: ReadonlySet<number>;
}>;

type Entry = {
  name: string;
  kind: 'static' | 'access';
  peer: string;
  template?: string;
  session?: number;
  newest?: ChildSa;
  children: Map<number, ChildSa>;
  spis: Set<number>;
};

/** What a peer's child SAs become: a static tunnel by name, or clones of a template. */
export type TunnelBinding =
  | Readonly<{ kind: 'static'; peer: string; tunnel: string }>
  | Readonly<{ kind: 'access'; peer: string; template: string }>;

/** All tunnel interfaces of one gateway. */
export class Tunnels {
  #bindings = new Map<string, TunnelBinding>();
  readonly #byName = new Map<string, Entry>();
  readonly #bySpi = new Map<number, Entry>();
  readonly #accessBySession = new Map<number, Entry>();
  readonly #accessNumbers = new Set<number>();

  /** Replaces the bindings. Static tunnels that are gone disappear; clones live on until their session ends. */
  configure(bindings: readonly TunnelBinding[]): void {
    this.#bindings = new Map(bindings.map((binding) => [binding.peer, binding]));
    const wanted = new Set<string>();
    for (const binding of bindings) {
      if (binding.kind !== 'static') continue;
      wanted.add(binding.tunnel);
      const entry = this.#byName.get(binding.tunnel);
      if (entry !== undefined) entry.peer = binding.peer;
      else {
        this.#byName.set(binding.tunnel, {
          name: binding.tunnel,
          kind: 'static',
          peer: binding.peer,
          children: new Map(),
          spis: new Set(),
        });
      }
    }
    for (const entry of [...this.#byName.values()]) {
      if (entry.kind === 'static' && !wanted.has(entry.name)) this.#byName.delete(entry.name);
    }
  }

  /** A child SA came to be. Gives its interface, and whether that was cloned just now; undefined: no such peer. */
  install(sa: ChildSa): Readonly<{ tunnel: Tunnel; created: boolean }> | undefined {
    const binding = this.#bindings.get(sa.peer);
    let entry: Entry | undefined;
    let created = false;
    if (binding?.kind === 'static') entry = this.#byName.get(binding.tunnel);
    else if (binding?.kind === 'access') {
      entry = this.#accessBySession.get(sa.session);
      if (entry === undefined) {
        entry = this.#clone(sa, binding.template);
        created = true;
      }
    }
    if (entry === undefined) return undefined;
    entry.session = sa.session;
    entry.newest = sa;
    entry.children.set(sa.inboundSpi, sa);
    entry.spis.add(sa.inboundSpi);
    this.#bySpi.set(sa.inboundSpi, entry);
    return { tunnel: entry, created };
  }

  /** A child SA is gone. Gives the interface that it served. */
  remove(inboundSpi: number): Tunnel | undefined {
    const entry = this.#bySpi.get(inboundSpi);
    if (entry === undefined) return undefined;
    this.#bySpi.delete(inboundSpi);
    entry.spis.delete(inboundSpi);
    entry.children.delete(inboundSpi);
    if (entry.newest?.inboundSpi === inboundSpi) {
      const newest = [...entry.children.values()].at(-1);
      if (newest === undefined) delete entry.newest;
      else {
        entry.newest = newest;
        entry.session = newest.session;
      }
    }
    return entry;
  }

  /** A child SA goes another way from now on. Gives the interface that it serves. */
  move(inboundSpi: number, path: ChildSa['path'], udpEncapsulation: boolean): Tunnel | undefined {
    const entry = this.#bySpi.get(inboundSpi);
    const sa = entry?.children.get(inboundSpi);
    if (entry === undefined || sa === undefined) return undefined;
    const moved = { ...sa, path, udpEncapsulation };
    entry.children.set(inboundSpi, moved);
    if (entry.newest === sa) entry.newest = moved;
    return entry;
  }

  /** An IKE session ended: its clone goes and is returned. */
  endSession(session: number): Tunnel | undefined {
    const entry = this.#accessBySession.get(session);
    if (entry === undefined) {
      for (const tunnel of this.#byName.values()) {
        if (tunnel.session === session && tunnel.spis.size === 0) delete tunnel.session;
      }
      return undefined;
    }
    for (const spi of entry.spis) this.#bySpi.delete(spi);
    this.#accessBySession.delete(session);
    this.#byName.delete(entry.name);
    this.#accessNumbers.delete(Number(entry.name.slice(ACCESS.length)));
    return entry;
  }

  byName(name: string): Tunnel | undefined {
    return this.#byName.get(name);
  }

  bySpi(inboundSpi: number): Tunnel | undefined {
    return this.#bySpi.get(inboundSpi);
  }

  /** The interface of a session: its clone, or the static tunnel that it serves. */
  bySession(session: number, peer: string): Tunnel | undefined {
    const clone = this.#accessBySession.get(session);
    if (clone !== undefined) return clone;
    const binding = this.#bindings.get(peer);
    return binding?.kind === 'static' ? this.#byName.get(binding.tunnel) : undefined;
  }

  /** A child SA that serves a tunnel. */
  child(inboundSpi: number): ChildSa | undefined {
    return this.#bySpi.get(inboundSpi)?.children.get(inboundSpi);
  }

  all(): Iterable<Tunnel> {
    return this.#byName.values();
  }

  /** Lowest free number, as the platform does; the number of a clone that went is used again. */
  #clone(sa: ChildSa, template: string): Entry {
    let number = 1;
    while (this.#accessNumbers.has(number)) number++;
    this.#accessNumbers.add(number);
    const entry: Entry = {
      name: `${ACCESS}${number}`,
      kind: 'access',
      peer: sa.peer,
      template,
      session: sa.session,
      children: new Map(),
      spis: new Set(),
    };
    this.#byName.set(entry.name, entry);
    this.#accessBySession.set(sa.session, entry);
    return entry;
  }
}

const ACCESS = 'Virtual-Access';
