/** What BGP and TCP order, performed: connections and segments, routes into the RIB, next hops to watch. */
import type { IpAddress } from '../base/index.ts';
import type { BgpEffect } from '../bgp/index.ts';
import type { Cause } from '../ike/index.ts';
import { buildIp, Protocol } from '../ip/index.ts';
import { Distance } from '../routing/index.ts';
import type { TcpEffect } from '../tcp/index.ts';
import { familiesIn } from './bgp-config.ts';
import type { Context } from './context.ts';
import type { HostTcpReport } from './contract.ts';
import { takeLeave, welcome } from './guests.ts';
import { type Carrier, carrierFor, lanTtl, leaveOldWay, neighborMoved, tellTcp } from './lan-tcp.ts';
import { BGP_PORT } from './ports.ts';
import { metricTo } from './routes.ts';
import type { Speaker } from './speaker.ts';

/** What a segment's packet holds besides its data. */
export const IP_AND_TCP_HEADERS = { 4: 40, 6: 60 } as const;
/** Internetwork control, as routing protocols mark their packets (RFC 4594 section 3.2). */
const ROUTING_TOS = 0xc0;

export function performBgp(context: Context, speaker: Speaker, effect: BgpEffect): void {
  switch (effect.kind) {
    case 'connect':
      connectBgp(context, speaker, effect.transport, effect.neighbor, effect.localAddress, effect.ttl);
      break;
    case 'send':
      tellTcp(context, speaker, { kind: 'write', connection: effect.transport, data: effect.data });
      break;
    case 'close':
      tellTcp(context, speaker, { kind: effect.abort ? 'abort' : 'close', connection: effect.transport });
      break;
    case 'install-route': {
      const { prefix, nextHops, source, metric } = effect.route;
      const distances = familiesIn(context.index?.model, speaker.vrf)?.[prefix.family]?.distances;
      context.rib(speaker.vrf).add(
        {
          prefix,
          source: 'bgp',
          owner: 'bgp',
          distance: distances?.[source] ?? Distance[source],
          metric,
          nextHops: nextHops.map((gateway) => ({ gateway })),
          bgpKind: source,
        },
        context.now,
      );
      break;
    }
    case 'withdraw-route':
      context.rib(speaker.vrf).remove(effect.prefix, 'bgp', 'bgp');
      break;
    case 'install-evpn-route':
      context.overlay.learned(context, effect.route);
      break;
    case 'withdraw-evpn-route':
      context.overlay.forgotten(context, effect.nlri);
      break;
    case 'track-next-hop': {
      const { address } = effect;
      speaker.watchers.add('bgp-next-hop', address.toString(), address, context.tracking(speaker.vrf));
      context.push({
        to: 'bgp',
        speaker,
        event: { kind: 'next-hop', address, metric: metricTo(context, speaker, address) },
      });
      break;
    }
    case 'untrack-next-hop':
      speaker.watchers.remove('bgp-next-hop', effect.address.toString(), effect.address, context.tracking(speaker.vrf));
      break;
    case 'neighbor-up': {
      speaker.up.add(effect.neighbor.toString());
      context.routesChangedAt = context.now;
      context.reasons.neighborBegan(speaker.nameOf(effect.neighbor));
      const text = `BGP neighbor ${speaker.nameOf(effect.neighbor)} Up`;
      tellNeighbor(context, speaker, 5, 'bgp-neighbor-up', text, effect.neighbor);
      break;
    }
    case 'neighbor-down': {
      const { neighbor, reason } = effect;
      speaker.up.delete(neighbor.toString());
      const cause = context.reasons.neighborEnded(speaker.nameOf(neighbor), reason);
      const text = `BGP neighbor ${speaker.nameOf(neighbor)} Down: ${reason}`;
      tellNeighbor(context, speaker, 5, 'bgp-neighbor-down', text, neighbor, { reason, cause });
      break;
    }
    case 'notice': {
      const { neighbor, code, text } = effect;
      if (neighbor === undefined) context.log(6, code, text);
      else {
        context.reasons.noticed(speaker.nameOf(neighbor), code, text);
        tellNeighbor(context, speaker, 6, code, text, neighbor);
      }
      break;
    }
    default:
      effect satisfies never;
  }
}

function tellNeighbor(
  context: Context,
  speaker: Speaker,
  severity: 5 | 6,
  code: string,
  text: string,
  neighbor: IpAddress,
  { reason, cause }: Readonly<{ reason?: string; cause?: Cause }> = {},
): void {
  const known = speaker.running?.neighbors.get(neighbor.toString());
  context.log(severity, code, text, {
    subject: speaker.nameOf(neighbor),
    remote: neighbor,
    ...(cause === undefined ? {} : { cause }),
    details: {
      kind: 'bgp',
      neighbor,
      ...(speaker.vrf === '' ? {} : { vrf: speaker.vrf }),
      ...(known?.remoteAsn === undefined ? {} : { remoteAsn: known.remoteAsn }),
      ...(reason === undefined ? {} : { reason }),
    },
  });
}

function connectBgp(
  context: Context,
  speaker: Speaker,
  transport: number,
  neighbor: IpAddress,
  wanted: IpAddress | undefined,
  ttl: number,
): void {
  const way = context.rib(speaker.vrf).resolve(neighbor)?.[0];
  const out = way === undefined ? undefined : context.interfaces?.get(way.interface);
  const local =
    wanted ?? (out === undefined ? undefined : context.interfaces?.sourceAddress(out.name, neighbor.family));
  if (out === undefined || local === undefined) {
    context.push({
      to: 'bgp',
      speaker,
      event: { kind: 'transport-closed', transport, reason: 'no route to the neighbor' },
    });
    return;
  }
  if (speaker.lan !== undefined && carrierFor(context, speaker, neighbor) === 'host') {
    const { minTtl } = lanTtl(context, speaker, neighbor) ?? {};
    const limit = minTtl === undefined ? {} : { minTtl };
    const remote = { address: neighbor, port: BGP_PORT };
    speaker.lan.connect({ kind: 'connect', connection: transport, local, remote, ttl, ...limit });
    return;
  }
  const mss = out.mtu - IP_AND_TCP_HEADERS[neighbor.family];
  const remote = { address: neighbor, port: BGP_PORT };
  context.push({ to: 'tcp', speaker, event: { kind: 'connect', connection: transport, local, remote, mss, ttl } });
}

/** What the kernel's TCP says of connections with neighbours on the machine's own networks. */
export function performHostTcp(context: Context, report: HostTcpReport, vrf = ''): void {
  const speaker = context.speakers.get(vrf);
  const read = speaker?.lan?.read(report);
  if (speaker === undefined || read === undefined) return; // it was given up while the report was on its way
  if (read.kind === 'notice') {
    context.log(6, read.code, read.text, {
      ...(read.remote === undefined ? {} : { subject: read.remote.toString(), remote: read.remote }),
    });
  } else performTcp(context, speaker, read, 'host');
}

export function performTcp(context: Context, speaker: Speaker, effect: TcpEffect, carrier: Carrier = 'own'): void {
  switch (effect.kind) {
    case 'send': {
      const { local: source, remote: destination, segment, ttl } = effect;
      const header = { source, destination, protocol: Protocol.TCP, df: true, tos: ROUTING_TOS };
      const packet = buildIp(ttl === undefined ? header : { ...header, ttl }, segment);
      context.command({ kind: 'inject', vrf: speaker.vrf, packet });
      break;
    }
    case 'accepted':
    case 'connected': {
      const { connection: transport, local, remote } = effect;
      speaker.transports.set(transport, { local, remote });
      if (effect.kind === 'accepted') welcome(context, speaker, remote.address);
      if (effect.kind === 'accepted' && refuseOtherWay(context, speaker, transport, remote.address, carrier)) break;
      const direction = effect.kind === 'accepted' ? 'in' : 'out';
      context.push({ to: 'bgp', speaker, event: { kind: 'transport-up', transport, direction, local, remote } });
      break;
    }
    case 'data':
      context.push({
        to: 'bgp',
        speaker,
        event: { kind: 'transport-data', transport: effect.connection, data: effect.data },
      });
      break;
    case 'end':
      context.push({
        to: 'bgp',
        speaker,
        event: { kind: 'transport-closed', transport: effect.connection, reason: 'peer closed the session' },
      });
      tellTcp(context, speaker, { kind: 'close', connection: effect.connection });
      break;
    case 'closed':
      context.push({
        to: 'bgp',
        speaker,
        event: { kind: 'transport-closed', transport: effect.connection, reason: effect.reason },
      });
      forgetTransport(context, speaker, effect.connection);
      break;
    case 'drained':
      context.push({ to: 'bgp', speaker, event: { kind: 'transport-drained', transport: effect.connection } });
      break;
    case 'notice':
      context.log(6, effect.code, `TCP ${effect.code} from ${effect.remote}`, {
        subject: effect.remote.toString(),
        remote: effect.remote,
        details: { kind: 'tcp', local: effect.local, remote: effect.remote },
      });
      break;
    default:
      effect satisfies never;
  }
}

/** Takes away the key of a neighbour that is configured no more, once its last connection has said its last words. */
export function dropMd5Key(context: Context, speaker: Speaker, remote: IpAddress): void {
  for (const transport of speaker.transports.values()) if (transport.remote.address.equals(remote)) return;
  context.push({ to: 'tcp', speaker, event: { kind: 'set-md5-key', remote, key: undefined } });
}

/** Answers of ours would leave by another way than a caller came by, where the other stack has nothing to do with them. */
function refuseOtherWay(
  context: Context,
  speaker: Speaker,
  transport: number,
  remote: IpAddress,
  carrier: Carrier,
): boolean {
  if (speaker.lan === undefined || speaker.running?.neighbors.has(remote.toString()) !== true) return false;
  if (carrierFor(context, speaker, remote) === carrier) {
    leaveOldWay(context, speaker, remote, carrier);
    return false;
  }
  const way = context.rib(speaker.vrf).resolve(remote)?.[0]?.interface ?? 'no interface';
  const text = `connection from ${remote} refused: it came by another way than the route to it, which leads by ${way}`;
  tellNeighbor(context, speaker, 6, 'refused', text, remote);
  tellTcp(context, speaker, { kind: 'abort', connection: transport });
  return true;
}

function forgetTransport(context: Context, speaker: Speaker, connection: number): void {
  const address = speaker.transports.get(connection)?.remote.address;
  if (address === undefined) return;
  speaker.transports.delete(connection);
  if (speaker.lan !== undefined) neighborMoved(context, speaker, address);
  if (speaker.running?.neighbors.has(address.toString()) !== true) dropMd5Key(context, speaker, address);
  takeLeave(context, speaker, address);
}
