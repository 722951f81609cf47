/** BGP of one end as the model has it. */

import { type Family, Prefix } from '../base/index.ts';
import {
  type BgpFamilyModel,
  type BgpModel,
  type BgpNeighborModel,
  emptyBgpFamily,
  emptyNeighborFamily,
} from '../config/index.ts';
import type { Link, Routing, Session } from './link.ts';
import { NOWHERE } from './underlay.ts';

type Table = Readonly<{
  neighbors: readonly BgpNeighborModel[];
  families: Readonly<Partial<Record<Family, BgpFamilyModel>>>;
}>;

/** `loopback` is where addresses live that are not the tunnel's. */
export function bgpEnd(link: Link, routing: Routing, loopback: string): BgpModel {
  const used = ([4, 6] as const).filter((which) => routing.sessions.some(({ families }) => families.includes(which)));
  const table: Table = {
    neighbors: routing.sessions.map((session) => neighborOf(link, routing, session, loopback)),
    families: Object.fromEntries(used.map((which) => [which, familyOf(link, which)])),
  };
  const inVrf = link.vrf !== '';
  return {
    asn: routing.asn,
    logNeighborChanges: true,
    enforceFirstAs: true,
    alwaysCompareMed: false,
    timers: routing.timers,
    ...(inVrf ? { neighbors: [], families: {}, vrfs: [{ vrf: link.vrf, ...table }] } : table),
    written: NOWHERE,
  };
}

function familyOf({ own }: Link, which: Family): BgpFamilyModel {
  const networks = (own.lans ?? [])
    .filter(({ address }) => address.family === which)
    .map(({ address, length }) => ({ prefix: new Prefix(address, length), written: NOWHERE }));
  return { ...emptyBgpFamily(), networks };
}

function neighborOf({ own, peer }: Link, { peerAsn }: Routing, session: Session, loopback: string): BgpNeighborModel {
  const isTunnels = own.inner.some(({ address, length }) => length < address.bits && address.equals(session.own));
  const { password, timers, ebgpMultihop, ttlSecurityHops } = session;
  const parts = session.families.map((which) => [
    which,
    { ...emptyNeighborFamily(true), sendCommunity: session.sendCommunity },
  ]);
  return {
    address: session.peer,
    remoteAsn: peerAsn,
    description: peer.name,
    shutdown: false,
    ...(password === undefined ? {} : { password }),
    ...(timers === undefined ? {} : { timers }),
    ...(ebgpMultihop === undefined ? {} : { ebgpMultihop }),
    disableConnectedCheck: session.disableConnectedCheck,
    ...(ttlSecurityHops === undefined ? {} : { ttlSecurityHops }),
    ...(isTunnels ? {} : { updateSource: loopback }),
    connectionMode: 'both',
    families: Object.fromEntries(parts),
    written: NOWHERE,
  };
}
