/** What both dialects need around a tunnel: interfaces of the device, the loopback that lends addresses, and routes. */

import type { IpAddress } from '../base/index.ts';
import { Prefix } from '../base/index.ts';
import type { InterfaceModel, StaticRouteModel, Written } from '../config/index.ts';
import type { Interfacing, Link } from './link.ts';

/** Nothing here was written by anybody. */
export const NOWHERE: Written = { start: { file: '', line: 1, column: 1 }, attributes: {} };

/** How a device calls what is around its tunnel: hardware names, and the names that other lines use. */
export type Names = Readonly<{ outside: string; inside: string; loopback: string; tunnel: string }>;

export function bare(name: string, kind: InterfaceModel['kind']): InterfaceModel {
  return { name, kind, shutdown: false, addresses: [], unnumbered: {}, ipv6Enabled: false, vrf: '', written: NOWHERE };
}

/** Addresses that a loopback has: borrowed tunnel addresses, and those from which BGP speaks apart from the tunnel's. */
export function loopbackAddresses({ own, routing }: Link): readonly Interfacing[] {
  const borrowed = own.inner.filter(isBorrowed);
  const known = own.inner.map(({ address }) => address);
  const lans = (own.lans ?? []).map(({ address }) => address);
  const speaking = (routing?.sessions ?? [])
    .map((session) => session.own)
    .filter((one) => ![...known, ...lans].some((other) => other.equals(one)))
    .map((address) => ({ address, length: address.bits }));
  return [...new Map([...borrowed, ...speaking].map((one) => [one.address.toString(), one])).values()];
}

export function isBorrowed({ address, length }: Interfacing): boolean {
  return length === address.bits;
}

/** Routes of the device: to the peer outside, to its tunnel addresses that are not on the link, and to its networks. */
export function routesOf(link: Link, names: Names): readonly StaticRouteModel[] {
  const { own, peer, routing, vrf, frontVrf } = link;
  const plain = { nullRoute: false, distance: 1, written: NOWHERE };
  const connected = own.inner
    .filter((one) => !isBorrowed(one))
    .map(({ address, length }) => new Prefix(address, length));
  const speakers = (routing?.sessions ?? []).map((session) => session.peer);
  const hosts = [...peer.inner.map(({ address }) => address), ...speakers].filter(
    (one) => !connected.some((prefix) => prefix.contains(one)),
  );
  const gateway = (of: 4 | 6): IpAddress | undefined =>
    peer.inner.find(({ address }) => address.family === of)?.address;
  const through = (prefix: Prefix): readonly StaticRouteModel[] => {
    const next =
      prefix.isHost && hosts.some((one) => one.equals(prefix.address)) ? prefix.address : gateway(prefix.family);
    return next === undefined ? [] : [{ ...plain, interface: names.tunnel, prefix, gateway: next, vrf }];
  };
  const wanted = [...hosts.map((one) => Prefix.host(one)), ...peer.networks];
  const inside = [...new Map(wanted.map((one) => [one.toString(), one])).values()].flatMap(through);
  if (own.gateway === undefined) return inside;
  // A default route outside must not take the place of one into the tunnel.
  const isTaken =
    vrf === frontVrf && peer.networks.some(({ length, family }) => length === 0 && family === peer.seen.family);
  const prefix = isTaken ? Prefix.host(peer.seen) : Prefix.all(peer.seen.family);
  return [{ ...plain, interface: names.outside, prefix, gateway: own.gateway, vrf: frontVrf }, ...inside];
}
