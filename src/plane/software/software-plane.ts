/** The forwarding plane in plain TypeScript, for the lab and for any system that runs Node. */
import { earlier, type Instant, type Random, seededRandom } from '../../base/index.ts';
import type {
  Plane,
  PlaneCommand,
  PlaneCounters,
  PlaneSink,
  PlaneWatch,
  TappedPacket,
  TapStatus,
  TransitStatus,
} from '../contract.ts';
import { Forwarding } from './forwarding.ts';
import { PlaneState } from './plane-state.ts';
import type { SaCompanion, SaDatabase } from './sa-database.ts';

export type SoftwarePlaneOptions = Readonly<{
  sink: PlaneSink;
  random: Random;
  companion?: SaCompanion;
  /** It is a twin, and every decision is told. */
  watch?: PlaneWatch;
}>;

export class SoftwarePlane implements Plane {
  readonly #state: PlaneState;
  readonly #forwarding: Forwarding;

  /** `companion`: a fast path that carries packets of its SAs as well. */
  constructor({ sink, random, companion, watch }: SoftwarePlaneOptions) {
    this.#state = new PlaneState(sink, watch?.note);
    this.#forwarding = new Forwarding(this.#state, random, companion);
  }

  /** Its inside, for the fast path beside it. */
  get state(): PlaneState {
    return this.#state;
  }

  get sas(): SaDatabase {
    return this.#forwarding.tunnels.sas;
  }

  command(command: PlaneCommand, now: Instant): void {
    const { tunnels } = this.#forwarding;
    const { taps } = this.#state;
    taps.now = now;
    switch (command.kind) {
      case 'set-interface':
        this.#forwarding.vxlan.setInterface(command.interface);
        this.#forwarding.gre.setInterface(command.interface);
        this.#state.setInterface(command.interface);
        return;
      case 'remove-interface':
        this.#forwarding.vxlan.removeInterface(command.name);
        this.#forwarding.gre.removeInterface(command.name);
        this.#state.removeInterface(command.name);
        return;
      case 'set-vxlan-peer':
        this.#forwarding.vxlan.setPeer(command.interface, command.peer);
        return;
      case 'remove-vxlan-peer':
        this.#forwarding.vxlan.removePeer(command.interface, command.vtep);
        return;
      case 'set-security-policy':
        this.#forwarding.security.setPolicy(command.policy);
        return;
      case 'set-filters':
        this.#forwarding.security.filters.set(command.filters);
        return;
      case 'send-gre-keepalive':
        this.#forwarding.gre.sendKeepalive(command.interface, now);
        return;
      case 'set-transit-policy':
        this.#forwarding.transit.setPolicy(command.policy);
        return;
      case 'clear-connections':
        this.#forwarding.transit.connections.clear(command.address, now);
        return;
      case 'expect-child-sa':
        tunnels.unsealing.early.expect(command.id, now);
        return;
      case 'install-child-sa':
        tunnels.install(command.sa);
        return;
      case 'remove-child-sa':
        tunnels.sas.remove(command.id, command.lingerMs, now);
        return;
      case 'move-child-sa':
        tunnels.move(command);
        return;
      case 'set-route':
        this.#state.vrf(command.vrf).setRoute(command.prefix, command.nextHops);
        return;
      case 'remove-route':
        this.#state.vrf(command.vrf).removeRoute(command.prefix);
        return;
      case 'inject':
        if (command.interface === undefined) {
          this.#forwarding.originate(this.#state.vrf(command.vrf), command.packet, now);
          return;
        }
        this.#forwarding.originateBy(command.interface, command.gateway, command.packet, now);
        return;
      case 'set-punted-ports':
        this.#state.puntedTcp = new Set(command.tcp);
        return;
      case 'set-tap':
        taps.set(command.tap);
        return;
      case 'remove-tap':
        taps.remove(command.name);
        return;
      case 'clear-tap':
        taps.clear(command.name);
        return;
      default:
        command satisfies never;
        return;
    }
  }

  receive(interfaceName: string, packet: Uint8Array, now: Instant): void {
    this.#state.taps.now = now;
    const port = this.#state.ports.get(interfaceName);
    // Packets come out of a tunnel by way of their SA alone, out of a VNI by way of a tunnel endpoint.
    if (port === undefined || port.config.kind === 'tunnel' || port.config.kind === 'vxlan') {
      this.#state.drop(port, 'unknown-interface');
      return;
    }
    this.#forwarding.input(port, packet, false, now);
  }

  receiveFromHost(vrf: string, device: string, packet: Uint8Array, now: Instant): void {
    this.#state.taps.now = now;
    this.#forwarding.inputFromHost(this.#state.vrf(vrf), device, packet, now);
  }

  wakeAt(): Instant | undefined {
    let when = earlier(this.#forwarding.gre.wakeAt(), this.#forwarding.transit.wakeAt());
    for (const other of this.#forwarding.tunnels.wakeAt()) when = earlier(when, other);
    for (const vrf of this.#state.vrfs.values()) when = earlier(when, vrf.reassembler.wakeAt());
    return when;
  }

  tick(now: Instant): void {
    this.#state.taps.now = now;
    this.#forwarding.tunnels.tick(now);
    this.#forwarding.gre.tick(now);
    this.#forwarding.transit.tick(now);
    for (const vrf of this.#state.vrfs.values()) vrf.reassembler.tick(now);
  }

  counters(): PlaneCounters {
    const { sas } = this.#forwarding.tunnels;
    for (const sa of sas.all()) sa.collect();
    const transit = this.#forwarding.transit.policy.counters();
    return {
      childSas: Array.from(sas.all(), (sa) => sa.counters()),
      interfaces: Array.from(this.#state.ports.values(), (port) => port.counters()),
      drops: Object.fromEntries(this.#state.drops),
      childSaTotals: sas.totals.all(sas.all()),
      accounts: sas.totals.accounts(sas.all()),
      ...(transit === undefined ? {} : { transit }),
    };
  }

  lastOutbound(id: number): Instant | undefined {
    const sa = this.#forwarding.tunnels.sas.get(id);
    sa?.collect();
    return sa?.lastOutbound;
  }

  lastInbound(id: number): Instant | undefined {
    const sa = this.#forwarding.tunnels.sas.get(id);
    sa?.collect();
    return sa?.lastInbound;
  }

  connections(now: Instant): TransitStatus {
    return this.#forwarding.transit.connections.status(now);
  }

  twin(watch: PlaneWatch): SoftwarePlane {
    const { transmit } = watch;
    const machine = this.#state.sink.toHost === undefined ? {} : { toHost: () => undefined };
    const sink = { transmit, event: () => undefined, ...machine };
    // Random bytes of its own: this plane's come as they would without it. What it seals goes nowhere but to other twins.
    const twin = new SoftwarePlane({ sink, random: seededRandom(0, 'twin'), watch });
    twin.#state.copy(this.#state);
    twin.#forwarding.copy(this.#forwarding);
    return twin;
  }

  taps(): readonly TapStatus[] {
    return this.#state.taps.statuses();
  }

  tapped(name: string): readonly TappedPacket[] | undefined {
    return this.#state.taps.packets(name);
  }
}
