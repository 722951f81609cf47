/** What BGP and TCP order, performed: connections and segments, routes into the RIB, next hops to watch. */
import type { IpAddress } from '../base/index.ts';
import type { BgpEffect } from '../bgp/index.ts';
import type { Cause } from '../ike/index.ts';
import { buildIp, Protocol } from '../ip/index.ts';
import { Distance } from '../routing/index.ts';
import type { TcpEffect } from '../tcp/index.ts';
import type { Context } from './context.ts';
import type { HostTcpReport } from './contract.ts';
import { type Carrier, carrierFor, lanTtl, leaveOldWay, neighborMoved, tellTcp } from './lan-tcp.ts';
import { BGP_PORT } from './ports.ts';
import { metricTo } from './routes.ts';

/** What a segment's packet holds besides its data. */
export const IP_AND_TCP_HEADERS = { 4: 40, 6: 60 } as const;
/** Internetwork control, as routing protocols mark their packets (RFC 4594 section 3.2). */
const ROUTING_TOS = 0xc0;

export function performBgp(context: Context, effect: BgpEffect): void {
  switch (effect.kind) {
    case 'connect':
      connectBgp(context, effect.transport, effect.neighbor, effect.localAddress, effect.ttl);
      break;
    case 'send':
      tellTcp(context, { kind: 'write', connection: effect.transport, data: effect.data });
      break;
    case 'close':
      tellTcp(context, { kind: effect.abort ? 'abort' : 'close', connection: effect.transport });
      break;
    case 'install-route': {
      const { prefix, nextHops, source, metric } = effect.route;
      const distances = context.index?.model.bgp?.families[prefix.family]?.distances;
      context.rib(context.bgpVrf).add(
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
      context.rib(context.bgpVrf).remove(effect.prefix, 'bgp', 'bgp');
      break;
    case 'track-next-hop': {
      const { address } = effect;
      context.watchers.add('bgp-next-hop', address.toString(), address, context.tracking(context.bgpVrf));
      context.push({ to: 'bgp', event: { kind: 'next-hop', address, metric: metricTo(context, address) } });
      break;
    }
    case 'untrack-next-hop':
      context.watchers.remove(
        'bgp-next-hop',
        effect.address.toString(),
        effect.address,
        context.tracking(context.bgpVrf),
      );
      break;
    case 'neighbor-up':
      context.bgpUp.add(effect.neighbor.toString());
      context.routesChangedAt = context.now;
      context.reasons.neighborBegan(effect.neighbor.toString());
      tellNeighbor(context, 5, 'bgp-neighbor-up', `BGP neighbor ${effect.neighbor} Up`, effect.neighbor);
      break;
    case 'neighbor-down': {
      const { neighbor, reason } = effect;
      context.bgpUp.delete(neighbor.toString());
      const cause = context.reasons.neighborEnded(neighbor.toString(), reason);
      const text = `BGP neighbor ${neighbor} Down: ${reason}`;
      tellNeighbor(context, 5, 'bgp-neighbor-down', text, neighbor, { reason, cause });
      break;
    }
    case 'notice': {
      const { neighbor, code, text } = effect;
      if (neighbor === undefined) context.log(6, code, text);
      else {
        context.reasons.noticed(neighbor.toString(), code, text);
        tellNeighbor(context, 6, code, text, neighbor);
      }
      break;
    }
    default:
      effect satisfies never;
  }
}

function tellNeighbor(
  context: Context,
  severity: 5 | 6,
  code: string,
  text: string,
  neighbor: IpAddress,
  { reason, cause }: Readonly<{ reason?: string; cause?: Cause }> = {},
): void {
  const known = context.index?.model.bgp?.neighbors.find(({ address }) => address.equals(neighbor));
  context.log(severity, code, text, {
    subject: neighbor.toString(),
    remote: neighbor,
    ...(cause === undefined ? {} : { cause }),
    details: {
      kind: 'bgp',
      neighbor,
      ...(known?.remoteAsn === undefined ? {} : { remoteAsn: known.remoteAsn }),
      ...(reason === undefined ? {} : { reason }),
    },
  });
}

function connectBgp(
  context: Context,
  transport: number,
  neighbor: IpAddress,
  wanted: IpAddress | undefined,
  ttl: number,
): void {
  const way = context.rib(context.bgpVrf).resolve(neighbor)?.[0];
  const out = way === undefined ? undefined : context.interfaces?.get(way.interface);
  const local =
    wanted ?? (out === undefined ? undefined : context.interfaces?.sourceAddress(out.name, neighbor.family));
  if (out === undefined || local === undefined) {
    context.push({ to: 'bgp', event: { kind: 'transport-closed', transport, reason: 'no route to the neighbor' } });
    return;
  }
  if (context.lan !== undefined && carrierFor(context, neighbor) === 'host') {
    const { minTtl } = lanTtl(context, neighbor) ?? {};
    const limit = minTtl === undefined ? {} : { minTtl };
    const remote = { address: neighbor, port: BGP_PORT };
    context.lan.connect({ kind: 'connect', connection: transport, local, remote, ttl, ...limit });
    return;
  }
  const mss = out.mtu - IP_AND_TCP_HEADERS[neighbor.family];
  const remote = { address: neighbor, port: BGP_PORT };
  context.push({ to: 'tcp', event: { kind: 'connect', connection: transport, local, remote, mss, ttl } });
}

/** What the kernel's TCP says of connections with neighbours on the machine's own networks. */
export function performHostTcp(context: Context, report: HostTcpReport): void {
  const read = context.lan?.read(report);
  if (read === undefined) return; // it was given up while the report was on its way
  if (read.kind === 'notice') {
    context.log(6, read.code, read.text, {
      ...(read.remote === undefined ? {} : { subject: read.remote.toString(), remote: read.remote }),
    });
  } else performTcp(context, read, 'host');
}

export function performTcp(context: Context, effect: TcpEffect, carrier: Carrier = 'own'): void {
  switch (effect.kind) {
    case 'send': {
      const { local: source, remote: destination, segment, ttl } = effect;
      const header = { source, destination, protocol: Protocol.TCP, df: true, tos: ROUTING_TOS };
      const packet = buildIp(ttl === undefined ? header : { ...header, ttl }, segment);
      context.command({ kind: 'inject', vrf: context.bgpVrf, packet });
      break;
    }
    case 'accepted':
    case 'connected': {
      const { connection: transport, local, remote } = effect;
      context.transports.set(transport, { local, remote });
      if (effect.kind === 'accepted' && refuseOtherWay(context, transport, remote.address, carrier)) break;
      const direction = effect.kind === 'accepted' ? 'in' : 'out';
      context.push({ to: 'bgp', event: { kind: 'transport-up', transport, direction, local, remote } });
      break;
    }
    case 'data':
      context.push({ to: 'bgp', event: { kind: 'transport-data', transport: effect.connection, data: effect.data } });
      break;
    case 'end':
      context.push({
        to: 'bgp',
        event: { kind: 'transport-closed', transport: effect.connection, reason: 'peer closed the session' },
      });
      tellTcp(context, { kind: 'close', connection: effect.connection });
      break;
    case 'closed':
      context.push({
        to: 'bgp',
        event: { kind: 'transport-closed', transport: effect.connection, reason: effect.reason },
      });
      forgetTransport(context, effect.connection);
      break;
    case 'drained':
      context.push({ to: 'bgp', event: { kind: 'transport-drained', transport: effect.connection } });
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
export function dropMd5Key(context: Context, remote: IpAddress): void {
  for (const transport of context.transports.values()) if (transport.remote.address.equals(remote)) return;
  context.push({ to: 'tcp', event: { kind: 'set-md5-key', remote, key: undefined } });
}

/** Answers of ours would leave by another way than a caller came by, where the other stack has nothing to do with them. */
function refuseOtherWay(context: Context, transport: number, remote: IpAddress, carrier: Carrier): boolean {
  if (context.lan === undefined || context.bgp?.neighbors.has(remote.toString()) !== true) return false;
  if (carrierFor(context, remote) === carrier) {
    leaveOldWay(context, remote, carrier);
    return false;
  }
  const way = context.rib(context.bgpVrf).resolve(remote)?.[0]?.interface ?? 'no interface';
  const text = `connection from ${remote} refused: it came by another way than the route to it, which leads by ${way}`;
  tellNeighbor(context, 6, 'refused', text, remote);
  tellTcp(context, { kind: 'abort', connection: transport });
  return true;
}

function forgetTransport(context: Context, connection: number): void {
  const address = context.transports.get(connection)?.remote.address;
  if (address === undefined) return;
  context.transports.delete(connection);
  if (context.lan !== undefined) neighborMoved(context, address);
  const neighbors = context.index?.model.bgp?.neighbors ?? [];
  if (!neighbors.some((one) => one.address.equals(address))) dropMd5Key(context, address);
}
