/**
 * The FIBs mirrored into the kernel, that of each VRF into the table of its device, so that the machine sends into our devices what the plane shall carry, and by
 * its own interfaces what the configuration routes there. Connected routes are the kernel's own: they come with addresses.
 *
 * A default route that leads into a tunnel stands there as its two halves, which win against a default route that the
 * machine has from elsewhere, whatever its metric: the configuration says where packets go.
 *
 * The outer packets of a tunnel follow the same table. A default route that leads into a tunnel does not catch them as
 * long as a longer one leads to the peer, which the gateway asks for too: it starts no tunnel whose peer is behind it.
 */
import { IpAddress, Prefix, type Result } from '../base/index.ts';
import type { PlaneCommand, PlaneNextHop } from '../plane/contract.ts';
import type { HostSettings } from './settings.ts';
import type { System, SystemFault, SystemRoute } from './system.ts';

/** What an interface of the plane is to the kernel. */
export type KernelInterface = Readonly<{
  link: string;
  /** Of ours: a next hop on it needs no gateway. */
  isDevice: boolean;
  addresses: readonly Readonly<{ address: IpAddress; length: number }>[];
}>;

export type KernelRoutesOptions = Readonly<{
  system: Pick<System, 'routes' | 'setRoute' | 'removeRoute'>;
  settings: Pick<HostSettings, 'installRoutes' | 'routeMetric'>;
  /** The table of a VRF; undefined: it has none in the kernel. */
  tableOf: (vrf: string) => number | undefined;
  /** Undefined: not known to the kernel, now at least. */
  interface: (name: string) => KernelInterface | undefined;
  onFault: (fault: SystemFault) => void;
}>;

type Wanted = Readonly<{ vrf: string; prefix: Prefix; nextHops: readonly PlaneNextHop[] }>;

export class KernelRoutes {
  readonly #options: KernelRoutesOptions;
  readonly #wanted = new Map<string, Wanted>();
  readonly #installed = new Map<string, readonly SystemRoute[]>();
  readonly #dirty = new Set<string>();
  #last: readonly SystemRoute[] = [];

  constructor(options: KernelRoutesOptions) {
    this.#options = options;
  }

  get size(): number {
    return this.#installed.size;
  }

  /** Takes notice of an order to the plane; the kernel hears of it with the next `flush`. */
  order(command: PlaneCommand): void {
    if (!this.#options.settings.installRoutes) return;
    if (command.kind !== 'set-route' && command.kind !== 'remove-route') return;
    const key = keyOf(command.vrf, command.prefix);
    if (command.kind === 'set-route') this.#wanted.set(key, command);
    else this.#wanted.delete(key);
    this.#dirty.add(key);
  }

  /** The kernel forgot routes by this link, as it does when the link goes down or away, or knows it from now on. */
  linkChanged(link: string): void {
    for (const [key, routes] of this.#installed) {
      if (!routes.some(({ nextHops }) => nextHops.some((hop) => hop.link === link))) continue;
      this.#installed.delete(key);
      this.#dirty.add(key);
    }
    for (const [key, { nextHops }] of this.#wanted) {
      if (nextHops.some((hop) => this.#options.interface(hop.interface)?.link === link)) this.#dirty.add(key);
    }
  }

  /**
   * Takes over what an earlier run left, which ended without removing it. What is not wanted now is removed at once:
   * static routes stand already, and nobody can vouch for what neighbours told a process that is gone.
   */
  reconcile(): Result<void, SystemFault> {
    const { system, settings, tableOf } = this.#options;
    const found = system.routes();
    if (!found.ok) return found;
    const vrfs = new Map([...this.#wanted.values()].map(({ vrf }) => [tableOf(vrf), vrf]));
    const last = new Set(this.#last.map(routeKey));
    for (const route of found.value) {
      if (last.has(routeKey(route))) continue;
      const key = keyOf(vrfs.get(route.table) ?? '', route.prefix);
      const isOurs = vrfs.has(route.table) && route.metric === settings.routeMetric;
      if (isOurs && this.#wanted.has(key)) {
        this.#installed.set(key, [route]);
        this.#dirty.add(key);
      } else this.#report(system.removeRoute(route));
    }
    this.flush();
    return { ok: true, value: undefined };
  }

  flush(): void {
    if (this.#dirty.size === 0) return;
    const { system } = this.#options;
    // A set: what fails is not tried again until it changes.
    for (const key of this.#dirty) {
      const wanted = this.#wanted.get(key);
      const routes = wanted === undefined ? [] : this.#routesOf(wanted);
      const old = this.#installed.get(key) ?? [];
      const now: SystemRoute[] = [];
      // The new ones first: nothing is without a way in between.
      for (const route of routes) {
        const before = old.find((one) => routeKey(one) === routeKey(route));
        const done = before !== undefined && sameRoute(before, route) ? { ok: true as const } : system.setRoute(route);
        if (done.ok) now.push(route);
        else this.#options.onFault(done.error);
      }
      for (const one of old) {
        if (!routes.some((route) => routeKey(route) === routeKey(one))) this.#report(system.removeRoute(one));
      }
      if (now.length > 0) this.#installed.set(key, now);
      else this.#installed.delete(key);
    }
    this.#dirty.clear();
  }

  /** Routes that stand behind all others for as long as the gateway runs. */
  setLast(routes: readonly SystemRoute[]): void {
    const { system } = this.#options;
    const before = new Set(this.#last.map(routeKey));
    const now = new Set(routes.map(routeKey));
    for (const route of this.#last) if (!now.has(routeKey(route))) this.#report(system.removeRoute(route));
    for (const route of routes) if (!before.has(routeKey(route))) this.#report(system.setRoute(route));
    this.#last = routes;
  }

  /** The kernel has forgotten them, with the device that they were for. */
  forgetLast(): void {
    this.#last = [];
  }

  removeAll(): void {
    this.setLast([]);
    for (const route of [...this.#installed.values()].flat()) this.#report(this.#options.system.removeRoute(route));
    this.#installed.clear();
    this.#wanted.clear();
    this.#dirty.clear();
  }

  /** None where it is the kernel's own, or nothing that the kernel could do. */
  #routesOf(wanted: Wanted): readonly SystemRoute[] {
    const route = this.#routeOf(wanted);
    if (route === undefined) return [];
    const isDevice = ({ interface: name }: PlaneNextHop): boolean => this.#options.interface(name)?.isDevice === true;
    const { prefix, vrf, nextHops } = wanted;
    // In a table of a VRF nobody else's default route is to be expected.
    if (prefix.length > 0 || vrf !== '' || nextHops.length === 0 || !nextHops.every(isDevice)) return [route];
    return halvesOf(prefix).map((half) => ({ ...route, prefix: half, metric: route.metric + 1 }));
  }

  #routeOf({ vrf, prefix, nextHops }: Wanted): SystemRoute | undefined {
    const table = this.#options.tableOf(vrf);
    if (table === undefined) return undefined;
    const { routeMetric: metric } = this.#options.settings;
    const hops = new Map<string, SystemRoute['nextHops'][number]>();
    for (const { interface: name, gateway } of nextHops) {
      const known = this.#options.interface(name);
      if (known === undefined) continue;
      const { link, isDevice, addresses } = known;
      if (gateway === undefined && (!isDevice || isOwn(prefix, addresses))) return undefined;
      if (isDevice || gateway === undefined) hops.set(link, { link });
      else hops.set(`${link} ${gateway}`, { link, gateway });
    }
    if (hops.size === 0 && nextHops.length > 0) return undefined;
    return { prefix, table, metric, nextHops: [...hops.values()] };
  }

  #report(result: Result<void, SystemFault>): void {
    if (!result.ok) this.#options.onFault(result.error);
  }
}

function keyOf(vrf: string, prefix: Prefix): string {
  return `${vrf} ${prefix}`;
}

/** Their metric is one more than that of a route to the same half: that is another one. */
function halvesOf({ address: { family } }: Prefix): readonly Prefix[] {
  const bytes = new Uint8Array(family === 4 ? 4 : 16);
  bytes[0] = 0x80;
  return [new Prefix(IpAddress.any(family), 1), new Prefix(IpAddress.read(bytes, 0, family), 1)];
}

function routeKey({ prefix, table, metric }: SystemRoute): string {
  return `${prefix} ${table} ${metric}`;
}

/** An interface's own address, or the subnet of one. */
function isOwn(prefix: Prefix, addresses: KernelInterface['addresses']): boolean {
  return addresses.some(
    ({ address, length }) => prefix.equals(new Prefix(address, length)) || prefix.equals(Prefix.host(address)),
  );
}

function sameRoute(a: SystemRoute, b: SystemRoute): boolean {
  if (a.nextHops.length !== b.nextHops.length) return false;
  return a.nextHops.every(({ link, gateway }) =>
    b.nextHops.some(
      (other) =>
        other.link === link &&
        (gateway === undefined
          ? other.gateway === undefined
          : other.gateway !== undefined && gateway.equals(other.gateway)),
    ),
  );
}
