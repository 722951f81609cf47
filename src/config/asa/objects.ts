/** `object` and `object-group`: names for addresses and services. They end in the prefixes of access-list entries. */
import type { Prefix } from '../../base/index.ts';
import type { PortRange } from '../rows/ports.ts';

/** Addresses under a name; `members` are other objects' names. */
export type NetworkObject = { readonly name: string; prefixes: Prefix[]; members: string[] };

/** Services under a name. `protocol` 0 is any. */
export type Service = Readonly<{ protocol: number; source?: PortRange; destination?: PortRange }>;
export type ServiceObject = { readonly name: string; protocol: number; services: Service[]; members: string[] };

export class Objects {
  readonly networks = new Map<string, NetworkObject>();
  readonly services = new Map<string, ServiceObject>();

  clear(): void {
    this.networks.clear();
    this.services.clear();
  }

  network(name: string): NetworkObject {
    const made = this.networks.get(name) ?? { name, prefixes: [], members: [] };
    this.networks.set(name, made);
    return made;
  }

  service(name: string, protocol: number): ServiceObject {
    const made = this.services.get(name) ?? { name, protocol, services: [], members: [] };
    this.services.set(name, made);
    return made;
  }

  /** All prefixes of an object and its members; undefined when it does not exist. Circles are cut. */
  prefixesOf(name: string, seen: Set<string> = new Set()): readonly Prefix[] | undefined {
    const found = this.networks.get(name);
    if (found === undefined) return undefined;
    if (seen.has(name)) return [];
    seen.add(name);
    return [...found.prefixes, ...found.members.flatMap((member) => this.prefixesOf(member, seen) ?? [])];
  }

  /** All services of an object and its members; undefined when it does not exist. */
  servicesOf(name: string, seen: Set<string> = new Set()): readonly Service[] | undefined {
    const found = this.services.get(name);
    if (found === undefined) return undefined;
    if (seen.has(name)) return [];
    seen.add(name);
    return [...found.services, ...found.members.flatMap((member) => this.servicesOf(member, seen) ?? [])];
  }
}

/** The fewest prefixes that cover a range of IPv4 addresses, both ends included. */
export function prefixesOfRange(
  first: number,
  last: number,
  toPrefix: (address: number, length: number) => Prefix,
): Prefix[] {
  const found: Prefix[] = [];
  for (let at = first; at <= last; ) {
    let size = at === 0 ? 2 ** 32 : at & -at ? (at & -at) >>> 0 : 2 ** 32;
    while (at + size - 1 > last) size /= 2;
    found.push(toPrefix(at, 32 - Math.log2(size)));
    at += size;
  }
  return found;
}
