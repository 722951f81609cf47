/** Interfaces, addresses and routes of the kernel, read and changed by netlink. */
import { fail, type IpAddress, ok, type Result } from '../../base/index.ts';
import type { SystemFault, SystemLink, SystemRoute } from '../system.ts';
import { Errno, systemFault } from './errno.ts';
import type { Libc } from './libc.ts';
import { systemLink, VRF_GROUP } from './link-table.ts';
import { type AddressMessage, decodeAddress, encodeAddress, encodeAddressQuery } from './netlink/address.ts';
import { NetlinkClient } from './netlink/client.ts';
import {
  decodeLink,
  encodeLinkChange,
  encodeLinkGroup,
  encodeLinkKey,
  encodeLinkQuery,
  encodeVrf,
  type LinkChange,
  type LinkMessage,
} from './netlink/link.ts';
import { MessageType, RequestFlag, ROUTE_PROTOCOL } from './netlink/numbers.ts';
import {
  decodeRoute,
  encodeRoute,
  encodeRouteKey,
  encodeRouteQuery,
  type RouteMessage,
  type RouteNextHop,
} from './netlink/route.ts';

/** Links and addresses read together. */
export type Interfaces = Readonly<{ links: readonly LinkMessage[]; addresses: readonly AddressMessage[] }>;

type RouteKey = Pick<SystemRoute, 'prefix' | 'table' | 'metric'>;

export class KernelTables {
  readonly #client: NetlinkClient;
  /** Link indexes by name. An index is never given to a second link, so one that is out of date is refused. */
  readonly #indexes = new Map<string, number>();
  /** Routes that are ours for certain: they may be replaced without looking. */
  readonly #ours = new Set<string>();

  private constructor(client: NetlinkClient) {
    this.#client = client;
  }

  static open(libc: Libc): Result<KernelTables, SystemFault> {
    const client = NetlinkClient.open(libc);
    return client.ok ? ok(new KernelTables(client.value)) : client;
  }

  interfaces(): Result<Interfaces, SystemFault> {
    const links = this.#client.dump(MessageType.GETLINK, encodeLinkQuery(), MessageType.NEWLINK, decodeLink);
    if (!links.ok) return links;
    const addresses = this.#client.dump(MessageType.GETADDR, encodeAddressQuery(), MessageType.NEWADDR, decodeAddress);
    if (!addresses.ok) return addresses;
    this.#indexes.clear();
    for (const { name, index } of links.value) this.#indexes.set(name, index);
    return ok({ links: links.value, addresses: addresses.value });
  }

  links(): Result<readonly SystemLink[], SystemFault> {
    const all = this.interfaces();
    if (!all.ok) return all;
    const { links, addresses } = all.value;
    const names = new Map(links.map(({ index, name }) => [index, name]));
    return ok(
      links.map((link) =>
        systemLink(
          link,
          addresses.filter(({ index }) => index === link.index),
          (index) => names.get(index),
        ),
      ),
    );
  }

  /** One link by its name; undefined when there is none. */
  link(name: string): SystemLink | undefined {
    const answer = this.#client.ask(MessageType.GETLINK, encodeLinkQuery(name));
    const link = typeof answer === 'number' ? undefined : decodeLink(answer);
    if (link === undefined) return undefined;
    this.#indexes.set(name, link.index);
    const addresses = this.#client.dump(
      MessageType.GETADDR,
      encodeAddressQuery(link.index),
      MessageType.NEWADDR,
      decodeAddress,
    );
    const own = addresses.ok ? addresses.value.filter(({ index }) => index === link.index) : [];
    return systemLink(link, own, (index) => this.#nameOf(index));
  }

  /** A link's index by its name; undefined when there is none. */
  indexOf(name: string): number | undefined {
    const known = this.#indexes.get(name);
    if (known !== undefined) return known;
    const answer = this.#client.ask(MessageType.GETLINK, encodeLinkQuery(name));
    const link = typeof answer === 'number' ? undefined : decodeLink(answer);
    if (link !== undefined) this.#indexes.set(name, link.index);
    return link?.index;
  }

  changeLink(name: string, change: LinkChange): Result<void, SystemFault> {
    const done = this.#onLink(name, (index) =>
      this.#client.change(MessageType.NEWLINK, encodeLinkChange(index, change)),
    );
    return done === 0 ? ok(undefined) : fail(systemFault('netlink', done, `set up the interface ${name}`));
  }

  /** Makes a VRF device of ours, up at once. */
  makeVrf(name: string, table: number): Result<void, SystemFault> {
    const flags = RequestFlag.CREATE | RequestFlag.EXCL;
    const done = this.#client.change(MessageType.NEWLINK, encodeVrf(name, table, VRF_GROUP), flags);
    if (done === 0) return ok(undefined);
    const isLacking = done === Errno.EOPNOTSUPP;
    return fail(systemFault('netlink', done, `make the VRF device ${name}`, isLacking ? REMEDY_NO_VRF : undefined));
  }

  /**
   * Whether the kernel has VRF devices, undefined when it does not say: asked for one without a table, one that has them
   * finds the request wanting (EINVAL), another one knows no such kind. Nothing is made.
   */
  hasVrfs(): boolean | undefined {
    const flags = RequestFlag.CREATE | RequestFlag.EXCL;
    const done = this.#client.change(MessageType.NEWLINK, encodeVrf('wheelwright-ask', undefined, 0), flags);
    return done === Errno.EINVAL ? true : done === Errno.EOPNOTSUPP ? false : undefined;
  }

  deleteLink(name: string): Result<void, SystemFault> {
    const done = this.#onLink(name, (index) => this.#client.change(MessageType.DELLINK, encodeLinkKey(index)));
    this.#indexes.delete(name);
    if (done === 0 || done === Errno.ENODEV) return ok(undefined);
    return fail(systemFault('netlink', done, `delete the interface ${name}`));
  }

  /** Puts a link into a VRF device, or out of it, and gives back the addresses that IPv6 loses on the way. */
  setMaster(name: string, master: string | undefined): Result<void, SystemFault> {
    const before = this.link(name);
    const doing = master === undefined ? `take ${name} out of its VRF` : `put ${name} into the VRF device ${master}`;
    const index = master === undefined ? 0 : this.indexOf(master);
    if (before === undefined || index === undefined) return fail(systemFault('netlink', Errno.ENODEV, doing));
    const change = encodeLinkChange(before.index, { master: index });
    const done = this.#client.change(MessageType.NEWLINK, change);
    if (done !== 0) return fail(systemFault('netlink', done, doing));
    const after = this.link(name)?.addresses ?? [];
    for (const { address, length } of before.addresses) {
      if (address.isLinkLocal || after.some((own) => own.address.equals(address) && own.length === length)) continue;
      const added = this.addAddress(name, address, length, true);
      if (!added.ok) return added;
    }
    return ok(undefined);
  }

  /** Deletes all links of a group, which takes the kernel about as long as one link does. */
  deleteGroup(group: number): void {
    this.#client.change(MessageType.DELLINK, encodeLinkGroup(group));
  }

  /** `noDad`: as in `encodeAddress`. Says whether it was there already. */
  addAddress(name: string, address: IpAddress, length: number, noDad: boolean): Result<'added' | 'there', SystemFault> {
    const done = this.#onLink(name, (index) =>
      this.#client.change(
        MessageType.NEWADDR,
        encodeAddress(index, address, length, noDad),
        RequestFlag.CREATE | RequestFlag.EXCL,
      ),
    );
    if (done === 0 || done === Errno.EEXIST) return ok(done === 0 ? 'added' : 'there');
    return fail(systemFault('netlink', done, `give ${name} the address ${address}/${length}`));
  }

  removeAddress(name: string, address: IpAddress, length: number): Result<void, SystemFault> {
    const done = this.#onLink(name, (index) =>
      this.#client.change(MessageType.DELADDR, encodeAddress(index, address, length)),
    );
    // Gone already, or its interface is.
    if (done === 0 || done === Errno.EADDRNOTAVAIL || done === Errno.ENODEV) return ok(undefined);
    return fail(systemFault('netlink', done, `take the address ${address}/${length} from ${name}`));
  }

  /** Routes under our protocol number in all tables. */
  routes(): Result<readonly SystemRoute[], SystemFault> {
    const names = this.#names();
    if (!names.ok) return names;
    const found: SystemRoute[] = [];
    for (const family of [4, 6] as const) {
      const query = encodeRouteQuery(family, ROUTE_PROTOCOL);
      const routes = this.#client.dump(MessageType.GETROUTE, query, MessageType.NEWROUTE, decodeRoute);
      // A kernel without IPv6 has no such routes either.
      if (!routes.ok && family === 6) break;
      if (!routes.ok) return routes;
      for (const route of routes.value) {
        if (route.protocol !== ROUTE_PROTOCOL) continue;
        this.#ours.add(keyOf(route));
        found.push(systemRoute(route, names.value));
      }
    }
    return ok(found);
  }

  setRoute(route: SystemRoute): Result<void, SystemFault> {
    let done = this.#writeRoute(route);
    if (typeof done === 'number' && done === Errno.ENODEV) {
      this.#indexes.clear();
      done = this.#writeRoute(route);
    }
    const doing = `set the route ${route.prefix} of metric ${route.metric} in table ${route.table}`;
    if (typeof done === 'string') {
      return fail({
        call: 'netlink',
        code: 'ENODEV',
        text: `Can not ${doing}: there is no interface ${done} (ENODEV).`,
      });
    }
    if (done === 0) return ok(undefined);
    const remedy = done === Errno.EEXIST ? REMEDY_OTHERS_ROUTE : undefined;
    return fail(systemFault('netlink', done, doing, remedy));
  }

  removeRoute(key: RouteKey): Result<void, SystemFault> {
    const body = encodeRouteKey({ ...key, protocol: ROUTE_PROTOCOL });
    const done = this.#client.change(MessageType.DELROUTE, body);
    this.#ours.delete(keyOf(key));
    // Gone already: with its interface, or by another hand.
    if (done === 0 || done === Errno.ESRCH || done === Errno.ENOENT) return ok(undefined);
    return fail(systemFault('netlink', done, `remove the route ${key.prefix} of metric ${key.metric}`));
  }

  close(): void {
    this.#client.close();
  }

  /** Answers an error number, or the name of a link that is not there. */
  #writeRoute(route: SystemRoute): number | string {
    const nextHops: RouteNextHop[] = [];
    for (const { link, gateway } of route.nextHops) {
      const index = this.indexOf(link);
      if (index === undefined) return link;
      nextHops.push(gateway === undefined ? { index } : { index, gateway });
    }
    const body = encodeRoute({ ...route, protocol: ROUTE_PROTOCOL, nextHops });
    const create = (how: number): number => this.#client.change(MessageType.NEWROUTE, body, RequestFlag.CREATE | how);
    const key = keyOf(route);
    if (this.#ours.has(key)) {
      const replaced = create(RequestFlag.REPLACE);
      if (replaced === 0) return 0;
    }
    // Never over a route that somebody else made: with REPLACE the kernel would take theirs away without a word.
    let done = create(RequestFlag.EXCL);
    if (done === Errno.EEXIST && this.#isOurs(key)) done = create(RequestFlag.REPLACE);
    if (done === 0) this.#ours.add(key);
    return done;
  }

  #isOurs(key: string): boolean {
    return this.routes().ok && this.#ours.has(key);
  }

  #onLink(name: string, act: (index: number) => number): number {
    const index = this.indexOf(name);
    const done = index === undefined ? Errno.ENODEV : act(index);
    if (done !== Errno.ENODEV || !this.#indexes.delete(name)) return done;
    const again = this.indexOf(name);
    return again === undefined ? Errno.ENODEV : act(again);
  }

  #nameOf(index: number): string | undefined {
    const names = this.#names();
    return names.ok ? names.value.get(index) : undefined;
  }

  #names(): Result<ReadonlyMap<number, string>, SystemFault> {
    const links = this.#client.dump(MessageType.GETLINK, encodeLinkQuery(), MessageType.NEWLINK, decodeLink);
    return links.ok ? ok(new Map(links.value.map(({ index, name }) => [index, name]))) : links;
  }
}

const REMEDY_NO_VRF =
  'This kernel has no VRF devices: load them ("modprobe vrf"), or use one with CONFIG_NET_VRF. Configurations with VRFs run in the lab on any machine ("wheelwright lab run").';
const REMEDY_OTHERS_ROUTE =
  'Another program made a route of the same prefix, metric and table: see it with "ip route show", and remove it or choose another table.';

function keyOf({ prefix, table, metric }: RouteKey): string {
  return `${prefix} ${table} ${metric}`;
}

function systemRoute(route: RouteMessage, names: ReadonlyMap<number, string>): SystemRoute {
  const { prefix, table, metric } = route;
  const nextHops = route.nextHops.map(({ index, gateway }) => {
    const link = names.get(index) ?? `#${index}`;
    return gateway === undefined ? { link } : { link, gateway };
  });
  const unreachable = route.kind === 'unreachable' ? { unreachable: true } : {};
  return { prefix, table, metric, nextHops, ...unreachable };
}
