/**
 * Two gateways joined by a network and a tunnel, without planes: a packet goes where its sender's routes lead, and comes
 * to the other's kernel by the network and to its own TCP through the tunnel, as on a machine. The kernel's TCP is one
 * of ours.
 */
import assert from 'node:assert/strict';
import { after, at, type Instant, PrefixTrie, type Random, seededRandom } from '../base/index.ts';
import type { BgpNeighborSnapshot } from '../bgp/index.ts';
import { buildIp, Protocol, parseIp } from '../ip/index.ts';
import { Tcp, type TcpEffect, type TcpEvent } from '../tcp/index.ts';
import type { GatewayEffect, GatewayEvent, HostTcpOrder } from './contract.ts';
import type { GatewayLogEvent } from './event.ts';
import { Gateway } from './gateway.ts';
import { ip, modelOf } from './model.fixture.ts';
import type { GatewaySnapshot } from './snapshot.ts';

const DELAY_MS = 2;
const MSS = 1400;
const PORTS = ['GigabitEthernet0/0', 'GigabitEthernet0/1'];

type Flight = Readonly<{ when: Instant; to: Machine; packet: Uint8Array; byTunnel: boolean }>;
type Ttl = Readonly<{ ttl: number; minTtl?: number }>;

/** One machine: the gateway, and a kernel where it has one. */
export class Machine {
  readonly name: string;
  readonly gateway: Gateway;
  readonly kernel: Tcp | undefined;
  readonly orders: HostTcpOrder[] = [];
  readonly logs: GatewayLogEvent[] = [];
  readonly ways = new PrefixTrie<string>();
  readonly ttls = new Map<string, Ttl>();
  readonly queue: GatewayEvent[] = [];
  text: string;
  addresses: readonly string[] = [];

  constructor(name: string, text: string, lanTcp: 'own' | 'host', random: Random) {
    this.name = name;
    this.text = text;
    const counters = { interfaces: [], childSas: [], drops: {} };
    this.gateway = new Gateway({ name, random, lanTcp, lastInbound: () => undefined, counters: () => counters });
    this.kernel = lanTcp === 'host' ? new Tcp({ random }) : undefined;
  }
}

export class LanPair {
  readonly a: Machine;
  readonly b: Machine;
  now: Instant = at(0);
  #flights: Flight[] = [];
  /** Says whether a packet by the network arrives. */
  passes: (packet: Uint8Array) => boolean = () => true;

  constructor(textA: string, textB: string, carriers: readonly ['own' | 'host', 'own' | 'host'] = ['host', 'own']) {
    this.a = new Machine('gw1', textA, carriers[0], seededRandom(1, 'gw1'));
    this.b = new Machine('gw2', textB, carriers[1], seededRandom(1, 'gw2'));
    for (const machine of [this.a, this.b]) {
      this.configure(machine, machine.text);
      for (const port of PORTS) this.tell(machine, { kind: 'carrier', interface: port, up: true });
    }
  }

  configure(machine: Machine, text: string): void {
    machine.text = text;
    const model = modelOf(text, machine.name);
    machine.addresses = model.interfaces.flatMap(({ addresses }) => addresses.map(({ address }) => address.toString()));
    this.tell(machine, { kind: 'configure', model });
  }

  edit(machine: Machine, from: string, to: string): void {
    assert.equal(machine.text.split(from).length, 2, `${JSON.stringify(from)} stands once in ${machine.name}`);
    this.configure(machine, machine.text.replace(from, to));
  }

  tell(machine: Machine, event: GatewayEvent): void {
    machine.queue.push(event);
    if (machine.queue.length > 1) return;
    for (let next = machine.queue[0]; next !== undefined; next = machine.queue[0]) {
      for (const effect of machine.gateway.handle(next, this.now)) this.#perform(machine, effect);
      machine.queue.shift();
    }
  }

  /** Lets time pass until a condition holds; fails when it does not in time. */
  until(what: string, holds: () => boolean, withinMs = 60_000): void {
    const end = after(this.now, withinMs);
    while (!holds()) {
      assert.ok(this.now < end, `not within ${withinMs} ms: ${what}`);
      this.run(20);
    }
  }

  run(ms: number): void {
    const end = after(this.now, ms);
    for (;;) {
      const wakes = [this.a, this.b].flatMap(({ gateway, kernel }) => [gateway.wakeAt(), kernel?.wakeAt()]);
      const times = [...this.#flights.map(({ when }) => when), ...wakes].map((when) => when ?? Infinity);
      const next = Math.min(...times);
      if (next > end) break;
      this.now = at(Math.max(this.now, next));
      const due = this.#flights.filter(({ when }) => when <= this.now);
      this.#flights = this.#flights.filter(({ when }) => when > this.now);
      for (const flight of due) this.#deliver(flight);
      for (const machine of [this.a, this.b]) {
        if ((machine.kernel?.wakeAt() ?? Infinity) <= this.now) this.#kernel(machine, { kind: 'tick' });
        if ((machine.gateway.wakeAt() ?? Infinity) <= this.now) this.tell(machine, { kind: 'tick' });
      }
    }
    this.now = end;
  }

  snapshot(machine: Machine): GatewaySnapshot {
    const found = machine.gateway.snapshot(this.now);
    assert.ok(found);
    return found;
  }

  neighbor(machine: Machine, address: string): BgpNeighborSnapshot {
    const found = this.snapshot(machine).bgp?.neighbors.find((one) => one.address.equals(ip(address)));
    assert.ok(found, `${machine.name} has no neighbor ${address}`);
    return found;
  }

  isUp(machine: Machine, address: string): boolean {
    return this.neighbor(machine, address).state === 'Established';
  }

  /** Remote addresses of connections, by whose TCP carries them. */
  carried(machine: Machine): Readonly<{ own: readonly string[]; host: readonly string[] }> {
    const of = (tcp: Pick<Tcp, 'snapshot'> | undefined): string[] =>
      (tcp?.snapshot(this.now).connections ?? []).map(({ remote }) => remote.address.toString()).sort();
    return { own: of({ snapshot: () => this.snapshot(machine).tcp }), host: of(machine.kernel) };
  }

  #perform(machine: Machine, effect: GatewayEffect): void {
    if (effect.kind === 'log') machine.logs.push(effect.event);
    else if (effect.kind === 'host-tcp') this.#order(machine, effect.order);
    else if (effect.kind === 'plane') {
      const { command } = effect;
      if (command.kind === 'set-route') machine.ways.set(command.prefix, command.nextHops[0]?.interface ?? '');
      else if (command.kind === 'remove-route') machine.ways.delete(command.prefix);
      else if (command.kind === 'inject') this.#send(machine, command.packet, command.interface);
    }
  }

  #order(machine: Machine, order: HostTcpOrder): void {
    machine.orders.push(order);
    const { ttls } = machine;
    if (order.kind === 'set-ttl') {
      if (order.ttl === undefined) ttls.delete(order.remote.toString());
      else ttls.set(order.remote.toString(), order.ttl);
    } else if (order.kind === 'connect' || order.kind === 'listen') this.#kernel(machine, { ...order, mss: MSS });
    else this.#kernel(machine, order);
  }

  #kernel(machine: Machine, event: TcpEvent): void {
    for (const effect of machine.kernel?.handle(event, this.now) ?? []) this.#report(machine, effect);
  }

  #report(machine: Machine, effect: TcpEffect): void {
    if (effect.kind === 'notice') return;
    if (effect.kind !== 'send') {
      this.tell(machine, { kind: 'host-tcp', report: effect });
      return;
    }
    const { local: source, remote: destination, segment } = effect;
    const ttl = effect.ttl ?? machine.ttls.get(destination.toString())?.ttl ?? 64;
    this.#send(machine, buildIp({ source, destination, protocol: Protocol.TCP, df: true, ttl }, segment));
  }

  #send(machine: Machine, packet: Uint8Array, by?: string): void {
    const parsed = parseIp(packet);
    assert.ok(parsed.ok);
    const way = by ?? machine.ways.lookup(parsed.value.destination);
    if (way === undefined) return;
    const byTunnel = way.startsWith('Tunnel');
    if (!byTunnel && !this.passes(packet)) return;
    const to = machine === this.a ? this.b : this.a;
    if (!to.addresses.includes(parsed.value.destination.toString())) return;
    this.#flights.push({ when: after(this.now, DELAY_MS), to, packet, byTunnel });
  }

  #deliver({ to, packet, byTunnel }: Flight): void {
    const parsed = parseIp(packet);
    assert.ok(parsed.ok);
    const { protocol, source: remote, destination: local, ttl, payloadOffset, totalLength } = parsed.value;
    if (protocol !== Protocol.TCP || byTunnel || to.kernel === undefined) {
      this.tell(to, { kind: 'plane', event: { kind: 'punt', vrf: '', interface: '', packet } });
      return;
    }
    if (ttl < (to.ttls.get(remote.toString())?.minTtl ?? 0)) return;
    this.#kernel(to, { kind: 'segment', local, remote, segment: packet.subarray(payloadOffset, totalLength) });
  }
}
