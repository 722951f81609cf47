/** A fast plane with its fast path in the same thread, as the benches of planes want one: what comes in tries the fast path. */
import { type Instant, IpAddress, type Random } from '../../base/index.ts';
import { buildIp, internetChecksum, Protocol, parseIp, parseUdp, pseudoHeaderSum } from '../../ip/index.ts';
import type { Plane, PlaneCommand, PlaneSink } from '../contract.ts';
import { Arena } from './arena.ts';
import { FastMemory } from './fast-memory.ts';
import { FAST_PATH_BYTES, FastPath, handled } from './fast-path.ts';
import { FastPlane } from './fast-plane.ts';
import type { FastSa, MakeCipher } from './fast-sa.ts';
import { protectorCiphers } from './protector-cipher.fixture.ts';
import type { SealedBatch } from './sealed-batch.ts';
import { VNET_HEADER } from './segmentation.ts';

const IN = 64;
const ROOM = 0x1_0000 + 256;
const DEVICES = ['tun', 'template'];

export type FastTwin = Plane & {
  readonly path: FastPath;
  readonly arena: Arena;
  /** Packets that the fast path took by itself, and super-packets that it wrote. */
  readonly taken: { in: number; out: number; large: number };
};

/** `ciphers` may make others than Node's own. */
export function makeFastTwin(
  { sink, random }: Readonly<{ sink: PlaneSink; random: Random }>,
  ciphers: (arena: Arena) => MakeCipher = (arena) => protectorCiphers(arena, random),
): FastTwin {
  const arena = new Arena(new ArrayBuffer((IN + ROOM + FAST_PATH_BYTES + 0xffff) & ~0xffff));
  const memory = new FastMemory();
  const taken = { in: 0, out: 0, large: 0 };
  let now = 0;
  let vrf = '';
  const path: FastPath = new FastPath({
    memory,
    arena,
    place: IN + ROOM,
    makeCipher: ciphers(arena),
    takesUdp: true,
    send: (batch) => {
      taken.out += batch.count;
      for (const packet of packetsOf(batch)) sink.transmit('wan', IpAddress.any(4), packet);
    },
    write: (device, at, length) => {
      const name = DEVICES[device - 1] ?? '';
      if (arena.bytes[at + 1] !== 0) taken.large++;
      for (const packet of cut(arena.bytes.slice(at, at + length))) {
        taken.in++;
        sink.toHost?.(name, packet);
      }
    },
    handOver: (device, at, length) => {
      path.order.handed++;
      path.flush();
      plane.receiveFromHost(vrf, DEVICES[device - 1] ?? '', arena.bytes.slice(at, at + length), now as Instant);
      handled(memory, 1);
    },
    refuse: () => undefined,
    catchUp: () => undefined,
    now: () => now,
  });
  const deviceOf = (name: string): number | undefined => {
    const place = DEVICES.indexOf(name);
    return place < 0 ? undefined : place + 1;
  };
  const plane = new FastPlane({ sink, random, link: { memory, order: (order) => path.sas.obey(order), deviceOf } });
  const fixture = {
    path,
    arena,
    taken,
    command: (command: PlaneCommand, when: Instant) => plane.command(command, when),
    receive: (name: string, packet: Uint8Array, when: Instant) => {
      now = when;
      const isTaken = sink.toHost !== undefined && name === 'wan' && takeEsp(path, arena, packet);
      path.flush();
      if (isTaken) return;
      path.order.handed++;
      plane.receive(name, packet, when);
      handled(memory, 1);
    },
    receiveFromHost: (from: string, device: string, packet: Uint8Array, when: Instant) => {
      now = when;
      vrf = from;
      const number = deviceOf(device);
      if (number === undefined) {
        plane.receiveFromHost(from, device, packet, when);
        return;
      }
      arena.bytes.fill(0, IN - VNET_HEADER, IN);
      arena.bytes.set(packet, IN);
      path.outbound.take(number, IN, packet.length);
      path.flush();
    },
    wakeAt: () => plane.wakeAt(),
    tick: (when: Instant) => plane.tick(when),
    counters: () => plane.counters(),
    lastInbound: (id: number) => plane.lastInbound(id),
    lastOutbound: (id: number) => plane.lastOutbound(id),
    connections: (when: Instant) => plane.connections(when),
    taps: () => plane.taps(),
    tapped: (name: string) => plane.tapped(name),
  };
  return fixture;

  function packetsOf(batch: SealedBatch): Uint8Array[] {
    const { sa } = batch;
    if (sa === undefined) return [];
    return Array.from({ length: batch.count }, (_, i) => {
      const bytes = arena.bytes.slice(batch.places[i], batch.places[i + 1]);
      return sa.config.udpEncapsulation ? inUdp(sa, bytes, batch) : bytes;
    });
  }
}

function takeEsp(path: FastPath, arena: Arena, packet: Uint8Array): boolean {
  const parsed = parseIp(packet);
  if (!parsed.ok || packet.length > ROOM) return false;
  const header = parsed.value;
  let start = header.payloadOffset;
  let port = 0;
  if (header.protocol === Protocol.UDP) {
    const datagram = parseUdp(header, packet);
    if (!datagram.ok || datagram.value.destinationPort !== 4500) return false;
    port = datagram.value.sourcePort;
    start += 8;
  } else if (header.protocol !== Protocol.ESP) return false;
  arena.bytes.set(packet, IN);
  const length = header.totalLength - start;
  const sa = path.inbound.saOf(IN + start, length);
  if (sa === undefined) return false;
  const { local, remote, udpEncapsulation } = sa.config;
  const isFromPeer =
    header.source.toString() === remote.address &&
    header.destination.toString() === local.address &&
    udpEncapsulation === port > 0 &&
    (port === 0 || port === remote.port);
  if (!isFromPeer) {
    path.inbound.leave(sa);
    return false;
  }
  return path.inbound.take(sa, IN + start, length, header.tos, header.totalLength) === 'taken';
}

/** As the kernel puts UDP and IP around what it is given. */
function inUdp(sa: FastSa, esp: Uint8Array, { tos, df }: SealedBatch): Uint8Array {
  const { local, remote } = sa.config;
  const source = IpAddress.parse(local.address) ?? IpAddress.any(4);
  const destination = IpAddress.parse(remote.address) ?? IpAddress.any(4);
  const udp = new Uint8Array(8 + esp.length);
  const view = new DataView(udp.buffer);
  view.setUint16(0, local.port);
  view.setUint16(2, remote.port);
  view.setUint16(4, udp.length);
  udp.set(esp, 8);
  if (destination.family === 6) {
    view.setUint16(6, internetChecksum(udp, pseudoHeaderSum(source, destination, Protocol.UDP, udp.length)) || 0xffff);
  }
  return buildIp({ source, destination, protocol: Protocol.UDP, tos, df }, udp);
}

/** What the kernel makes of what is written to a device: super-packets cut again, as by its own segmentation. */
export function cut(written: Uint8Array): Uint8Array[] {
  const view = new DataView(written.buffer, written.byteOffset, written.byteLength);
  const packet = written.slice(VNET_HEADER);
  const type = written[1] ?? 0;
  if (type === 0) return [packet];
  const parsed = parseIp(packet);
  if (!parsed.ok) throw new Error(`a super-packet that is none: ${parsed.error}`);
  const { source, destination, protocol, payloadOffset } = parsed.value;
  const headers = view.getUint16(2, true);
  const size = view.getUint16(4, true);
  const packets: Uint8Array[] = [];
  for (let done = headers; done < packet.length; done += size) {
    const segment = new Uint8Array(headers + Math.min(size, packet.length - done));
    segment.set(packet.subarray(0, headers));
    segment.set(packet.subarray(done, done + size), headers);
    const out = new DataView(segment.buffer);
    if (parsed.value.family === 4) {
      out.setUint16(2, segment.length);
      out.setUint16(10, 0);
      out.setUint16(10, internetChecksum(segment, 0, 0, 20));
    } else out.setUint16(4, segment.length - 40);
    const isTcp = protocol === Protocol.TCP;
    if (isTcp) {
      out.setUint32(payloadOffset + 4, (out.getUint32(payloadOffset + 4) + done - headers) >>> 0);
      const isLast = done + size >= packet.length;
      if (!isLast) segment[payloadOffset + 13] = (segment[payloadOffset + 13] ?? 0) & ~8;
    } else out.setUint16(payloadOffset + 4, segment.length - payloadOffset);
    const place = payloadOffset + (isTcp ? 16 : 6);
    out.setUint16(place, 0);
    const pseudo = pseudoHeaderSum(source, destination, protocol, segment.length - payloadOffset);
    out.setUint16(place, internetChecksum(segment, pseudo, payloadOffset) || (isTcp ? 0 : 0xffff));
    packets.push(segment);
  }
  return packets;
}
