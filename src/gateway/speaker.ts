/**
 * BGP in one VRF: the speaker with a TCP of its own, as the same addresses may be others elsewhere, and what the
 * gateway remembers of both.
 */
import type { Endpoint, IpAddress, Random } from '../base/index.ts';
import { Bgp, type BgpConfig, type BgpNeighbor } from '../bgp/index.ts';
import { Tcp } from '../tcp/index.ts';
import type { LanTcp } from './lan-tcp.ts';
import { ListenRanges } from './listen-ranges.ts';
import { Redistribution } from './redistribution.ts';
import { Watchers } from './watchers.ts';

export class Speaker {
  readonly vrf: string;
  readonly bgp: Bgp;
  readonly tcp: Tcp;
  /** Where the kernel's TCP carries sessions with neighbours on the machine's own networks. */
  readonly lan: LanTcp | undefined;
  readonly watchers = new Watchers();
  readonly redistribution = new Redistribution();
  /** Neighbours that may come from anywhere in a prefix, and those of them that are here. */
  readonly ranges = new ListenRanges();
  /** BGP as it is configured, its neighbours also by address, those of ranges included; undefined: it does not run. */
  running: Readonly<{ config: BgpConfig; neighbors: ReadonlyMap<string, BgpNeighbor> }> | undefined;
  /** Neighbours with an established session, by address. */
  readonly up = new Set<string>();
  /** By neighbour address: how many hops away it may be at most (RFC 5082). */
  ttlSecurity: ReadonlyMap<string, number> = new Map();
  /** TCP connections that BGP uses, by number. */
  readonly transports = new Map<number, Readonly<{ local: Endpoint; remote: Endpoint }>>();

  #given: BgpConfig | undefined;

  constructor(vrf: string, random: Random, lan?: LanTcp) {
    this.vrf = vrf;
    this.bgp = new Bgp({ random });
    this.tcp = new Tcp({ random });
    this.lan = lan;
  }

  stop(): void {
    this.#given = undefined;
    this.running = undefined;
    this.ranges.configure([], 0);
  }

  /** How logs and reasons call a neighbour. */
  nameOf(neighbor: IpAddress): string {
    return this.vrf === '' ? neighbor.toString() : `${neighbor} vpn vrf ${this.vrf}`;
  }

  /** Takes a configuration without the neighbours of ranges, which join it; without one, the same as before. */
  run(given = this.#given): BgpConfig | undefined {
    this.#given = given;
    if (given === undefined) return undefined;
    const fixed = new Set(given.neighbors.map(({ address }) => address.toString()));
    const guests = this.ranges.guests().filter(({ address }) => !fixed.has(address.toString()));
    const all = { ...given, neighbors: [...given.neighbors, ...guests] };
    this.running = { config: all, neighbors: new Map(all.neighbors.map((one) => [one.address.toString(), one])) };
    return all;
  }
}
