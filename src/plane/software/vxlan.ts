/**
 * VXLAN with layer-3 VNIs (RFC 7348, RFC 9135): packets of a tenant's VRF in frames between router MACs, in UDP between
 * tunnel endpoints. Only endpoints that the gateway has named are heard and spoken to.
 */
import { bytesEqual, type Instant, type IpAddress } from '../../base/index.ts';
import {
  buildIp,
  buildUdp,
  buildVxlan,
  EtherType,
  fragmentIp,
  type IpHeader,
  Protocol,
  parseEthernet,
  parseIp,
  parseUdp,
  parseVxlan,
  setTos,
  VXLAN_OVERHEAD,
  VXLAN_PORT,
} from '../../ip/index.ts';
import type { DropReason, PlaneInterface, PlaneVxlan, PlaneVxlanPeer } from '../contract.ts';
import { AddressMap } from './address-map.ts';
import { flowHash } from './flow.ts';
import { dropOf, type ErrorKind, type PlaneState, type Port, type Vrf } from './plane-state.ts';

/** What VXLAN needs of the router around it. */
export type VxlanSurroundings = Readonly<{
  inputInner: (port: Port, packet: Uint8Array, header: IpHeader, now: Instant) => void;
  sendOuter: (vrf: Vrf, to: IpAddress, hash: number, packet: Uint8Array, df: boolean, now: Instant) => void;
  /** Largest packet that goes toward an address in one piece; undefined: nothing leads there. */
  mtuToward: (vrf: Vrf, to: IpAddress, hash: number) => number | undefined;
  error: (
    from: Port | undefined,
    ownVrf: Vrf,
    kind: ErrorKind,
    code: number,
    mtu: number,
    header: IpHeader,
    packet: Uint8Array,
    now: Instant,
  ) => boolean;
}>;

/** RFC 7348 section 5: source ports from the dynamic range, by the flow inside. */
const FIRST_SOURCE_PORT = 49_152;
const SOURCE_PORTS = 16_384;
const ECN_MASK = 3;
const ECN_CE = 3;
const UNREACHABLE_NET = 0;

type Peers = AddressMap<PlaneVxlanPeer>;

export class Vxlan {
  readonly #state: PlaneState;
  readonly #around: VxlanSurroundings;
  /** Interface by the VRF of its outer packets and its VNI. */
  readonly #byVni = new Map<string, string>();
  readonly #peers = new Map<string, Peers>();
  /** How many interfaces have their outer packets in a VRF. */
  readonly #underlays = new Map<string, number>();

  constructor(state: PlaneState, around: VxlanSurroundings) {
    this.#state = state;
    this.#around = around;
  }

  /** An interface is about to take the place of what has its name. */
  setInterface({ name, vxlan }: PlaneInterface): void {
    this.#forget(name);
    if (vxlan === undefined) return;
    this.#byVni.set(keyOf(vxlan.frontVrf, vxlan.vni), name);
    this.#underlays.set(vxlan.frontVrf, (this.#underlays.get(vxlan.frontVrf) ?? 0) + 1);
  }

  removeInterface(name: string): void {
    this.#forget(name);
    this.#peers.delete(name);
  }

  setPeer(name: string, peer: PlaneVxlanPeer): void {
    let peers = this.#peers.get(name);
    if (peers === undefined) {
      peers = new AddressMap();
      this.#peers.set(name, peers);
    }
    peers.set(peer.vtep, peer);
  }

  removePeer(name: string, vtep: IpAddress): void {
    this.#peers.get(name)?.delete(vtep);
  }

  copy(other: Vxlan): void {
    for (const [key, name] of other.#byVni) this.#byVni.set(key, name);
    for (const [vrf, count] of other.#underlays) this.#underlays.set(vrf, count);
    for (const [name, peers] of other.#peers) this.#peers.set(name, peers);
  }

  /** A packet, our own to change, goes out toward the endpoint `vtep`. `from` is absent for packets that we originate. */
  send(from: Port | undefined, port: Port, vtep: IpAddress, header: IpHeader, packet: Uint8Array, now: Instant): void {
    const { vxlan, up, mtu, name } = port.config;
    if (vxlan === undefined || !up) {
      this.#refuse('interface-down', from, port, header, packet, now);
      return;
    }
    const peer = this.#peers.get(name)?.get(vtep);
    if (peer === undefined) {
      this.#refuse('unknown-vtep', from, port, header, packet, now);
      return;
    }
    const underlay = this.#state.vrf(vxlan.frontVrf);
    const hash = flowHash(header, packet);
    const outer = this.#around.mtuToward(underlay, vtep, hash);
    if (outer === undefined) {
      this.#refuse('no-route', from, port, header, packet, now);
      return;
    }
    const limit = Math.min(mtu, outer - VXLAN_OVERHEAD[vtep.family]);
    if (packet.length <= limit) {
      this.#encapsulate(port, vxlan, peer, underlay, hash, header, packet, now);
      return;
    }
    // RFC 7348 section 4.3: endpoints do not fragment what they encapsulate, so it is cut before, or not sent.
    const mayCut = header.family === 4 ? !header.df : from === undefined && header.fragmentHeaderOffset === 0;
    const fragments = mayCut ? fragmentIp(packet, limit, this.#state.nextIdentification()) : [];
    if (fragments.length === 0) {
      this.#state.drop(port, 'too-big');
      this.#around.error(from, port.vrf, 'too-big', 0, Math.max(0, limit), header, packet, now);
      return;
    }
    for (const one of fragments) this.#encapsulate(port, vxlan, peer, underlay, hash, header, one, now);
  }

  /** A datagram to the port of VXLAN. False: no endpoint of ours has that address, so it is somebody else's. */
  receive(port: Port, header: IpHeader, packet: Uint8Array, now: Instant): boolean {
    const front = port.vrf.name;
    if (!this.#underlays.has(front)) return false;
    const datagram = parseUdp(header, packet);
    if (!datagram.ok) {
      this.#state.drop(port, dropOf(datagram.error));
      return true;
    }
    const read = parseVxlan(datagram.value.payload);
    if (!read.ok) {
      this.#state.drop(port, 'malformed');
      return true;
    }
    const name = this.#byVni.get(keyOf(front, read.value.vni));
    const inner = name === undefined ? undefined : this.#state.ports.get(name);
    const { vxlan } = inner?.config ?? {};
    if (inner === undefined || vxlan === undefined || !vxlan.source.equals(header.destination)) {
      this.#state.drop(port, 'unknown-vni');
      return true;
    }
    const reason = this.#open(inner, vxlan, header, read.value.frame, now);
    if (reason !== undefined) this.#state.drop(inner, reason);
    return true;
  }

  /** What is inside of a frame of a VNI goes into its VRF; else why not. */
  #open(inner: Port, vxlan: PlaneVxlan, outer: IpHeader, bytes: Uint8Array, now: Instant): DropReason | undefined {
    // An address is easily forged, but without this any host of the underlay could be in any tenant's network.
    if (this.#peers.get(inner.config.name)?.get(outer.source) === undefined) return 'unknown-vtep';
    const frame = parseEthernet(bytes);
    if (!frame.ok) return 'malformed';
    const { destination, etherType, payload } = frame.value;
    if (!bytesEqual(destination, vxlan.routerMac)) return 'not-ours';
    // Section 6.1: frames with a tag are discarded; anything but IP has no place in a layer-3 VNI.
    if (etherType !== EtherType.IPV4 && etherType !== EtherType.IPV6) return 'unsupported-protocol';
    const packet = payload.slice();
    const parsed = parseIp(packet);
    if (!parsed.ok) return dropOf(parsed.error);
    const header = parsed.value;
    if ((header.family === 4) !== (etherType === EtherType.IPV4)) return 'malformed';
    const ecn = header.tos & ECN_MASK;
    const isMarked = (outer.tos & ECN_MASK) === ECN_CE;
    // RFC 6040 section 4.2: congestion outside is congestion inside, where the flow knows what that is.
    if (isMarked && ecn === 0) return 'malformed';
    if (isMarked) setTos(packet, header.tos | ECN_CE);
    this.#around.inputInner(inner, packet, isMarked ? { ...header, tos: header.tos | ECN_CE } : header, now);
    return undefined;
  }

  #encapsulate(
    port: Port,
    vxlan: PlaneVxlan,
    peer: PlaneVxlanPeer,
    underlay: Vrf,
    hash: number,
    header: IpHeader,
    packet: Uint8Array,
    now: Instant,
  ): void {
    port.outPackets++;
    port.outBytes += packet.length;
    if (this.#state.taps.any) this.#state.taps.see('out', port.config, packet);
    const etherType = header.family === 4 ? EtherType.IPV4 : EtherType.IPV6;
    const frame = { destination: peer.routerMac, source: vxlan.routerMac, etherType, payload: packet };
    const source = { address: vxlan.source, port: FIRST_SOURCE_PORT + (hash % SOURCE_PORTS) };
    const datagram = buildUdp(source, { address: peer.vtep, port: VXLAN_PORT }, buildVxlan(peer.vni, frame), true);
    const fields = { source: vxlan.source, destination: peer.vtep, protocol: Protocol.UDP, df: true, tos: header.tos };
    const outer = buildIp(fields, datagram);
    this.#state.watch?.({
      kind: 'wrapped',
      by: 'vxlan',
      interface: port.config.name,
      inner: packet.length,
      outer: outer.length,
      local: vxlan.source,
      remote: peer.vtep,
    });
    this.#around.sendOuter(underlay, peer.vtep, hash, outer, true, now);
  }

  #refuse(
    reason: DropReason,
    from: Port | undefined,
    port: Port,
    header: IpHeader,
    packet: Uint8Array,
    now: Instant,
  ): void {
    this.#state.drop(port, reason);
    this.#around.error(from, port.vrf, 'unreachable', UNREACHABLE_NET, 0, header, packet, now);
  }

  #forget(name: string): void {
    const known = this.#state.ports.get(name)?.config.vxlan;
    if (known === undefined) return;
    const key = keyOf(known.frontVrf, known.vni);
    if (this.#byVni.get(key) === name) this.#byVni.delete(key);
    const left = (this.#underlays.get(known.frontVrf) ?? 1) - 1;
    if (left <= 0) this.#underlays.delete(known.frontVrf);
    else this.#underlays.set(known.frontVrf, left);
  }
}

function keyOf(frontVrf: string, vni: number): string {
  return `${vni} ${frontVrf}`;
}
