/** Access lists on interfaces: the first entry that fits a packet decides, and what fits none is denied. */
import { type IpHeader, Protocol } from '../../ip/index.ts';
import type { PlaneFilter, PlaneFilterEntry } from '../contract.ts';
import { NO_PORTS, portsOf } from './flow.ts';
import type { Port } from './plane-state.ts';

type Lists = { in: readonly PlaneFilterEntry[] | undefined; out: readonly PlaneFilterEntry[] | undefined };

export class Filters {
  /** By the name of an interface, or of the template that it is a clone of. */
  readonly #lists = new Map<string, Lists>();
  #everywhere: readonly PlaneFilterEntry[] | undefined;
  any = false;
  /** Which list of the last packet that one refused did. */
  refusedBy: 'in' | 'out' = 'in';

  set(filters: readonly PlaneFilter[]): void {
    this.#lists.clear();
    this.#everywhere = undefined;
    this.any = filters.length > 0;
    for (const { interface: name, direction, entries } of filters) {
      if (name === undefined) {
        this.#everywhere = entries;
        continue;
      }
      const lists = this.#lists.get(name) ?? { in: undefined, out: undefined };
      lists[direction] = entries;
      this.#lists.set(name, lists);
    }
  }

  /** What is said about a packet that comes in by a port; undefined when there is no list. */
  inward(port: Port, header: IpHeader, packet: Uint8Array): 'permit' | 'deny' | undefined {
    const own = this.#of(port)?.in;
    if (own === undefined && this.#everywhere === undefined) return undefined;
    // The list of all interfaces stands behind the interface's own.
    return judge(own, header, packet) ?? judge(this.#everywhere, header, packet) ?? 'deny';
  }

  outward(port: Port, header: IpHeader, packet: Uint8Array): 'permit' | 'deny' | undefined {
    const own = this.#of(port)?.out;
    return own === undefined ? undefined : (judge(own, header, packet) ?? 'deny');
  }

  /** The line that decides about a packet, and whether it is one of the list of all interfaces. */
  which(
    port: Port,
    direction: 'in' | 'out',
    header: IpHeader,
    packet: Uint8Array,
  ): Readonly<{ entry?: number; isEverywhere: boolean }> {
    const found = (entries: readonly PlaneFilterEntry[] | undefined): number =>
      entries?.findIndex((one) => fits(one, header, packet)) ?? -1;
    const own = this.#of(port)?.[direction];
    const entry = found(own);
    if (entry >= 0) return { entry, isEverywhere: false };
    const last = direction === 'in' ? found(this.#everywhere) : -1;
    return last >= 0 ? { entry: last, isEverywhere: true } : { isEverywhere: own === undefined };
  }

  copy(other: Filters): void {
    for (const [name, lists] of other.#lists) this.#lists.set(name, { ...lists });
    this.#everywhere = other.#everywhere;
    this.any = other.any;
  }

  #of({ config }: Port): Lists | undefined {
    return this.#lists.get(config.name) ?? this.#lists.get(config.template ?? '');
  }
}

/** What the first entry that fits a packet says; undefined: none fits. */
export function judge(
  entries: readonly PlaneFilterEntry[] | undefined,
  header: IpHeader,
  packet: Uint8Array,
): 'permit' | 'deny' | undefined {
  const found = entries?.find((entry) => fits(entry, header, packet));
  return found === undefined ? undefined : found.permit ? 'permit' : 'deny';
}

function fits(entry: PlaneFilterEntry, header: IpHeader, packet: Uint8Array): boolean {
  const { protocol, source, destination } = header;
  if (entry.protocol !== 0 && entry.protocol !== protocol) return false;
  if (!entry.source.some((one) => one.contains(source))) return false;
  if (!entry.destination.some((one) => one.contains(destination))) return false;
  if (entry.sourcePorts === undefined && entry.destinationPorts === undefined) return true;
  if (protocol !== Protocol.TCP && protocol !== Protocol.UDP) return false;
  const ports = portsOf(header, packet);
  // A later fragment shows no ports. Without the first one, which is judged by them, it comes to nothing (RFC 1858).
  if (ports === NO_PORTS) return entry.permit && header.fragmentOffset > 0;
  return isWithin(ports >>> 16, entry.sourcePorts) && isWithin(ports & 0xffff, entry.destinationPorts);
}

function isWithin(port: number, range: Readonly<{ from: number; to: number }> | undefined): boolean {
  return range === undefined || (port >= range.from && port <= range.to);
}
