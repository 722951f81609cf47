/** What the plane reports: packets for ourselves on their way to IKE, TCP or a ping, limits and moves of SAs. */

import { readU16, readU32 } from '../base/index.ts';
import { GLOBAL_VRF, type IkePath } from '../ike/index.ts';
import { type IpHeader, Protocol, parseIp, parseQuotedIp, parseUdp } from '../ip/index.ts';
import type { DropReason, PlaneEvent } from '../plane/contract.ts';
import { refuseDatagram } from './closed-ports.ts';
import type { Context } from './context.ts';
import { readIcmp } from './pings.ts';
import { BGP_PORT, GTSM_TTL } from './ports.ts';
import { tunnelDetails } from './routes.ts';
import { tellTransit } from './transit.ts';

export const IKE_PORT = 500;
export const NAT_T_PORT = 4500;
/** RFC 3948 section 2.2: four zero bytes tell IKE from ESP on port 4500. */
export const NON_ESP_MARKER_LENGTH = 4;

export function planeEvent(context: Context, event: PlaneEvent): void {
  switch (event.kind) {
    case 'punt':
      if (!punt(context, event.vrf, event.packet)) context.unclaimed(event.interface, event.packet);
      break;
    case 'child-sa-limit':
      context.push({ to: 'ike', event: { kind: 'child-limit', spi: event.id, limit: event.limit } });
      break;
    case 'peer-moved': {
      const vrf = context.tunnels.child(event.id)?.path.vrf;
      const path = { local: event.local, remote: event.remote, ...(vrf === undefined ? {} : { vrf }) };
      context.push({ to: 'ike', event: { kind: 'peer-moved', spi: event.id, path } });
      break;
    }
    case 'unknown-spi':
      context.log(4, 'unknown-spi', `ESP with unknown SPI 0x${event.spi.toString(16)} from ${event.remote.address}`, {
        remote: event.remote.address,
        details: {
          kind: 'esp',
          reason: 'unknown-spi',
          spi: event.spi,
          sequence: event.sequence,
          local: event.local.address,
          remote: event.remote.address,
        },
      });
      break;
    case 'esp-dropped':
      tellEspDropped(context, event);
      break;
    case 'path-mtu': {
      tellPathMtu(context, event);
      shrinkSessions(context, event.interface, event.mtu);
      break;
    }
    case 'gre-keepalive':
      context.gre.answered(context, event.interface);
      break;
    case 'acquire': {
      const remote = context.index?.interface(event.interface)?.tunnel?.destination;
      const details = tunnelDetails(context, event.interface, remote);
      context.log(7, 'acquire', `${event.interface}: a packet waits for a child SA`, {
        subject: event.interface,
        details,
      });
      break; // tunnel interfaces come up by themselves
    }
    case 'child-sa-confirmed':
      break; // the plane has switched over by itself
    case 'connection-built':
    case 'connection-ended':
    case 'transit-denied':
      tellTransit(context, event);
      break;
    default:
      event satisfies never;
  }
}

/** What the plane would not let in of a child SA. */
function tellEspDropped(context: Context, event: Extract<PlaneEvent, { kind: 'esp-dropped' }>): void {
  const { id: spi, reason, sequence, local, remote, inner } = event;
  const sa = context.tunnels.child(spi);
  const name = context.tunnels.bySpi(spi)?.name;
  const group = sa === undefined ? undefined : context.peersByName.get(sa.peer)?.group;
  const of = name === undefined ? '' : `${name}: `;
  context.log(4, 'esp-dropped', `${of}ESP packet ${sequence} from ${remote} was dropped: ${reason}`, {
    ...(name === undefined ? {} : { subject: name }),
    remote,
    cause: { code: reason, text: DROPS[reason] ?? reason },
    details: {
      kind: 'esp',
      reason,
      spi,
      sequence,
      local,
      remote,
      ...(name === undefined ? {} : { interface: name }),
      ...(group === undefined ? {} : { group }),
      ...(inner === undefined ? {} : { inner }),
      ...(sa === undefined ? {} : { localSelectors: sa.localSelectors, remoteSelectors: sa.remoteSelectors }),
    },
  });
}

const DROPS: Readonly<Partial<Record<DropReason, string>>> = {
  replayed: 'a packet of this number has come already',
  'too-old': 'it came so late that the replay window has passed it',
  'integrity-failed': 'its integrity check value is wrong: it was changed on the way, or the keys differ',
  'selector-mismatch': 'what was inside is not what the SA is for',
};

function tellPathMtu(context: Context, event: Extract<PlaneEvent, { kind: 'path-mtu' }>): void {
  const { interface: name, id, pathMtu, mtu: innerMtu, told } = event;
  const sa = id === undefined ? undefined : context.tunnels.child(id);
  const alias = context.interfaces?.get(name)?.alias;
  const group = sa === undefined ? undefined : context.peersByName.get(sa.peer)?.group;
  context.log(6, 'path-mtu', `${name}: path MTU ${pathMtu}, inner MTU ${innerMtu}`, {
    subject: name,
    ...(sa === undefined ? {} : { remote: sa.path.remote.address }),
    details: {
      kind: 'path-mtu',
      interface: name,
      ...(alias === undefined ? {} : { alias }),
      ...(id === undefined ? {} : { inboundSpi: id }),
      ...(sa === undefined ? {} : { outboundSpi: sa.outboundSpi, remote: sa.path.remote.address }),
      ...(group === undefined ? {} : { group }),
      pathMtu,
      innerMtu,
      ...(told === undefined ? {} : { told }),
    },
  });
}

/** Whether somebody here has a use for it. */
function punt(context: Context, vrf: string, packet: Uint8Array): boolean {
  const parsed = parseIp(packet);
  if (!parsed.ok) return true;
  const header = parsed.value;
  if (header.protocol === Protocol.UDP) puntUdp(context, vrf, header, packet);
  else if (header.protocol === Protocol.TCP) puntTcp(context, vrf, header, packet);
  else if (header.protocol === Protocol.ICMP || header.protocol === Protocol.ICMPV6) {
    const icmp = readIcmp(packet);
    if (icmp === undefined || context.pings.received(icmp.message, icmp.from, context.now)) return true;
    if (context.traceroutes.received(icmp.message, icmp.from, context.now)) return true;
    return icmp.message.kind === 'too-big' && segmentTooBig(context, vrf, icmp.message.mtu, icmp.message.quoted);
  }
  return true;
}

function puntUdp(context: Context, vrf: string, header: IpHeader, packet: Uint8Array): void {
  const udp = parseUdp(header, packet);
  if (!udp.ok) return;
  const { sourcePort, destinationPort, payload } = udp.value;
  if (destinationPort !== IKE_PORT && destinationPort !== NAT_T_PORT) {
    refuseDatagram(context, vrf, header, packet);
    return;
  }
  const message = destinationPort === NAT_T_PORT ? payload.subarray(NON_ESP_MARKER_LENGTH) : payload;
  const path: IkePath = {
    local: { address: header.destination, port: destinationPort },
    remote: { address: header.source, port: sourcePort },
    ...(vrf === GLOBAL_VRF ? {} : { vrf }),
  };
  context.push({ to: 'ike', event: { kind: 'datagram', path, message } });
}

function puntTcp(context: Context, vrf: string, header: IpHeader, packet: Uint8Array): void {
  const speaker = context.speakers.get(vrf);
  if (speaker === undefined) return;
  const hops = speaker.ttlSecurity.get(header.source.toString());
  // RFC 5082 section 3: drop what came from further away than the configured number of hops.
  if (hops !== undefined && header.ttl < GTSM_TTL - hops) return;
  const segment = packet.subarray(header.payloadOffset, header.totalLength);
  const { source: remote, destination: local } = header;
  context.push({ to: 'tcp', speaker, event: { kind: 'segment', local, remote, segment } });
}

/**
 * A segment did not fit somewhere on its way: RFC 1191, RFC 8201. TCP checks that it is one under way; false when it is
 * of no connection of ours.
 */
function segmentTooBig(context: Context, vrf: string, mtu: number, quoted: Uint8Array): boolean {
  const speaker = context.speakers.get(vrf);
  if (speaker === undefined) return false;
  const parsed = parseQuotedIp(quoted);
  if (!parsed.ok || parsed.value.protocol !== Protocol.TCP) return false;
  const { source: local, destination: remote, payloadOffset: start, totalLength } = parsed.value;
  if (quoted.length < start + QUOTED_TCP) return false;
  const [localPort, remotePort] = [readU16(quoted, start), readU16(quoted, start + 2)];
  if (localPort !== BGP_PORT && remotePort !== BGP_PORT) return false;
  if (totalLength <= mtu) return true;
  const segment = { localPort, remotePort, sequence: readU32(quoted, start + 4) };
  context.push({ to: 'tcp', speaker, event: { kind: 'path-mtu', local, remote, mtu, quoted: segment } });
  return true;
}

/** Ports and sequence number: what every ICMP error quotes at least of TCP (RFC 792). */
const QUOTED_TCP = 8;

/** Packets that leave by an interface must be smaller from now on: so must the segments of sessions over it. */
function shrinkSessions(context: Context, name: string, mtu: number): void {
  const speaker = context.speakers.get(context.interfaces?.get(name)?.model.vrf ?? '');
  if (speaker === undefined) return;
  const rib = context.rib(speaker.vrf);
  const done = new Set<string>();
  for (const { local, remote } of speaker.transports.values()) {
    const ends = `${local.address} ${remote.address}`;
    if (done.has(ends)) continue;
    done.add(ends);
    if (rib.resolve(remote.address)?.some((way) => way.interface === name) !== true) continue;
    context.push({
      to: 'tcp',
      speaker,
      event: { kind: 'path-mtu', local: local.address, remote: remote.address, mtu },
    });
  }
}
