/** What becomes of routes between devices: loops of AS numbers, next hops, limits, and routes that go before those of BGP. */
import { type Family, type IpAddress, Prefix } from '../../base/index.ts';
import type { BgpNeighborModel } from '../../config/index.ts';
import { byPrefixList } from '../../explain/index.ts';
import type { DeviceView } from '../device-view.ts';
import type { FabricView, KnownSession as Session } from '../fabric-view.ts';
import type { Found, Rule } from '../rule.ts';

const sessionsOf = (fabric: FabricView, near: DeviceView): readonly Session[] => fabric.known(near);

function isExternal({ near, neighbor }: Session): boolean {
  return neighbor.remoteAsn !== (neighbor.localAsn ?? near.model.bgp?.asn);
}

function networksOf({ model }: DeviceView, family: Family): readonly Prefix[] {
  return model.bgp?.families[family]?.networks.map(({ prefix }) => prefix) ?? [];
}

const remoteAs = (device: DeviceView, { written }: BgpNeighborModel) => device.lineOf(written, 'remoteAsn');

/** Sites of one AS behind a device of another one: each finds its own AS in what the others tell. */
function loops(fabric: FabricView): readonly Found[] {
  return fabric.devices.flatMap((hub) => {
    const byAsn = new Map<number, Session[]>();
    for (const one of sessionsOf(fabric, hub)) {
      const { remoteAsn } = one.neighbor;
      if (remoteAsn === undefined || !isExternal(one)) continue;
      const known = byAsn.get(remoteAsn);
      if (known === undefined) byAsn.set(remoteAsn, [one]);
      else if (!known.some(({ far }) => far === one.far)) known.push(one);
    }
    return [...byAsn].flatMap(([asn, sites]) => {
      if (sites.length < 2) return [];
      const [first, ...others] = sites.map(({ far }) => far).filter((far) => !dials(fabric, hub, far));
      if (first === undefined || others.length === 0) return [];
      const told = networksOf(first, 4);
      const isSame = others.every((one) => {
        const theirs = networksOf(one, 4);
        return theirs.length === told.length && theirs.every((prefix) => told.some((own) => own.equals(prefix)));
      });
      const back = [first, ...others].flatMap((site) =>
        (site.model.bgp?.neighbors ?? [])
          .filter(({ address }) => fabric.owners(address).some(({ device }) => device === hub))
          .filter(({ families }) => (families[4]?.allowAsIn ?? 0) === 0)
          .slice(0, 1)
          .map((neighbor) => remoteAs(site, neighbor)),
      );
      // Sites that speak with one another have another way, and those with the same networks need none.
      const areJoined = others.some((one) => sessionsOf(fabric, one).some(({ far }) => far === first));
      if (isSame || areJoined || back.length < 2) return [];
      const message = `the ${sites.length} sites of AS ${asn} behind ${hub.name} refuse one another's routes, as they find their own AS in the path`;
      return [{ message, lines: back.slice(0, 8) }];
    });
  });
}

/** Whether a device is a spoke of another: its tunnel leads there, and none leads back. */
function dials(fabric: FabricView, from: DeviceView, to: DeviceView): boolean {
  const leads = (one: DeviceView, other: DeviceView): boolean =>
    one.model.interfaces.some(
      ({ tunnel }) =>
        tunnel?.destination !== undefined && fabric.owners(tunnel.destination).some(({ device }) => device === other),
    );
  return leads(from, to) && !leads(to, from);
}

/** A static route of the very prefix that a neighbor announces, out of another interface than a tunnel. */
function otherRoutes(fabric: FabricView): readonly Found[] {
  return fabric.devices.flatMap((near) =>
    sessionsOf(fabric, near).flatMap((session) => {
      const told = [...networksOf(session.far, 4), ...networksOf(session.far, 6)];
      return near.model.staticRoutes.flatMap((route) => {
        const out = near.index.interface(route.interface);
        const isBetter = route.distance < (isExternal(session) ? 20 : 200) && route.vrf === '' && !route.nullRoute;
        if (!isBetter || out === undefined || out.kind === 'tunnel' || out.kind === 'virtual-template') return [];
        if (!told.some((prefix) => prefix.equals(route.prefix))) return [];
        const message = `${near.name} sends ${route.prefix} out of ${route.interface}, though ${session.far.name} announces it over the tunnel`;
        return [{ message, lines: [near.lineOf(route.written)] }];
      });
    }),
  );
}

function knowsWay({ model, index }: DeviceView, address: IpAddress): boolean {
  return (
    model.staticRoutes.some(({ prefix }) => prefix.contains(address)) ||
    model.interfaces.some((one) =>
      index.addresses(one).some((own) => new Prefix(own.address, own.length).contains(address)),
    )
  );
}

/** Next hops that a route map sets, or that reflection leaves, and that the other end has no way to. */
function nextHops(fabric: FabricView): readonly Found[] {
  return fabric.devices.flatMap((near) => {
    const all = sessionsOf(fabric, near);
    return all.flatMap((session) => [...setNextHops(session), ...reflectedNextHops(session, all)]);
  });
}

function setNextHops({ near, far, neighbor }: Session): readonly Found[] {
  const names = ([4, 6] as const).map((family) => neighbor.families[family]?.routeMapOut);
  const clauses = near.model.routeMaps.filter(({ name }) => names.includes(name)).flatMap((one) => one.clauses);
  return clauses.flatMap(({ setNextHop, written }) => {
    if (setNextHop === undefined || knowsWay(far, setNextHop)) return [];
    const message = `${near.name} tells ${far.name} routes by ${setNextHop}, which ${far.name} has no way to`;
    return [{ message, lines: [near.lineWith(`set ip next-hop ${setNextHop}`, written.start)] }];
  });
}

function reflectedNextHops(session: Session, all: readonly Session[]): readonly Found[] {
  const { near, far, neighbor } = session;
  const own = neighbor.families[4];
  if (isExternal(session) || own?.routeReflectorClient !== true || own.nextHopSelf) return [];
  const lost = all.find(
    (other) =>
      other.far !== far &&
      !isExternal(other) &&
      other.neighbor.families[4]?.activate === true &&
      networksOf(other.far, 4).length > 0 &&
      !networksOf(near, 4).some((prefix) => prefix.contains(other.neighbor.address)) &&
      !knowsWay(far, other.neighbor.address),
  );
  if (lost === undefined) return [];
  const back = far.model.bgp?.neighbors.find(({ address }) =>
    near.model.interfaces.some(({ addresses }) => addresses.some((one) => one.address.equals(address))),
  );
  const message = `${near.name} passes the routes of ${lost.far.name} on to ${far.name} with the next hop ${lost.neighbor.address}, which ${far.name} has no way to`;
  return [{ message, lines: back === undefined ? [remoteAs(near, neighbor)] : [remoteAs(far, back)] }];
}

/** At least the networks of the other end come, and those of its other neighbors if it passes them on. */
function limits(fabric: FabricView): readonly Found[] {
  return fabric.devices.flatMap((near) =>
    sessionsOf(fabric, near).flatMap(({ far, neighbor }) =>
      ([4, 6] as const).flatMap((family) => {
        const limit = neighbor.families[family]?.maximumPrefix;
        if (limit === undefined || limit.warningOnly) return [];
        const certain = networksOf(far, family);
        const passed = sessionsOf(fabric, far)
          .filter((one) => one.far !== near)
          .flatMap((one) => networksOf(one.far, family));
        const count = new Set([...certain, ...passed].map(String)).size;
        if (count <= limit.count) return [];
        const message = `${near.name} takes ${limit.count} prefixes of ${far.name}, which has ${count} to tell`;
        const severity = certain.length > limit.count ? ('error' as const) : ('warning' as const);
        const lines = [near.lineWith(`neighbor ${neighbor.address} maximum-prefix`, neighbor.written.start)];
        return [{ severity, message, lines }];
      }),
    ),
  );
}

/** Networks of other sites that a prefix list keeps from this one: it may be meant. */
function denied(fabric: FabricView): readonly Found[] {
  return fabric.devices.flatMap((near) => {
    const all = sessionsOf(fabric, near);
    return all.flatMap(({ far, neighbor }) =>
      ([4, 6] as const).flatMap((family) => {
        const name = neighbor.families[family]?.prefixListOut;
        if (name === undefined) return [];
        const hidden = all
          .filter((other) => other.far !== far)
          .flatMap((other) => networksOf(other.far, family).map((prefix) => ({ prefix, of: other.far })))
          .map((one) => ({ ...one, verdict: byPrefixList(near.model, name, one.prefix) }))
          .find(({ verdict }) => !verdict.permits && verdict.by === 'entry');
        if (hidden?.verdict.position === undefined) return [];
        const message = `${near.name} keeps ${hidden.prefix} of ${hidden.of.name} from ${far.name} by prefix list ${name}`;
        return [{ message, lines: [near.lineAt(hidden.verdict.position), remoteAs(near, neighbor)] }];
      }),
    );
  });
}

export const routeExchangeRules: readonly Rule[] = [
  {
    id: 'as-loop',
    family: 'routing',
    severity: 'warning',
    claim: 'Sites of one AS behind a hub of another refuse one another’s routes',
    explanation:
      'A route with the own AS in its path is dropped (RFC 4271 section 9.1.2). Give every site an AS of its own, or write `allowas-in` at the sites.',
    check: { over: 'fabric', find: loops },
  },
  {
    id: 'other-route-wins',
    family: 'routing',
    severity: 'warning',
    claim: 'A static route goes before the way through the tunnel',
    explanation:
      'Its distance is smaller than that of BGP, so traffic leaves in clear. Remove it, or give it a distance above 200.',
    check: { over: 'fabric', find: otherRoutes },
  },
  {
    id: 'next-hop-unreachable',
    family: 'routing',
    severity: 'error',
    claim: 'Routes come with a next hop that cannot be reached',
    explanation:
      'A route whose next hop has no route is not used (RFC 4271 section 9.1.2.1). Write `next-hop-self` at the hub, or a route to the next hop.',
    check: { over: 'fabric', find: nextHops },
  },
  {
    id: 'maximum-prefix-exceeded',
    family: 'routing',
    severity: 'error',
    claim: 'A neighbor is allowed fewer prefixes than the other end tells',
    explanation: 'The session is ended when the limit is passed. Raise `maximum-prefix`.',
    check: { over: 'fabric', find: limits },
  },
  {
    id: 'prefix-denied',
    family: 'routing',
    severity: 'note',
    claim: 'A hub keeps the network of one site from another',
    explanation: 'A prefix list denies it by an entry of its own. If it is meant, all is well.',
    check: { over: 'fabric', find: denied },
  },
];
