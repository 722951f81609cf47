/** Routes in rtnetlink: `rtmsg`, its attributes, and `rtnexthop` (rtnetlink(7)). */
import { type Family, IpAddress, Prefix } from '../../../base/index.ts';
import { domainOf } from '../sockaddr.ts';
import { Domain } from '../socket-numbers.ts';
import { aligned, decodeAttributes, NativeWriter, nativeU16, nativeU32 } from './message.ts';
import { NextHopFlag, ROUTE_CLONED, RouteAttribute, RouteScope, RouteType } from './numbers.ts';

export type RouteNextHop = Readonly<{ index: number; gateway?: IpAddress }>;

export type RouteMessage = Readonly<{
  prefix: Prefix;
  table: number;
  metric: number;
  protocol: number;
  kind: 'unicast' | 'blackhole' | 'unreachable' | 'other';
  nextHops: readonly RouteNextHop[];
}>;

const RTMSG = 12;
const RTNEXTHOP = 8;
/** Stands in the header when the number needs more room than is there; the attribute has it. */
const TABLE_UNSPEC = 0;
/** What IPv6 makes of a metric that is not given. */
const IPV6_METRIC = 1024;

export function decodeRoute(body: Uint8Array): RouteMessage | undefined {
  if (body.length < RTMSG || (nativeU32(body, 8) & ROUTE_CLONED) !== 0) return undefined;
  const domain = body[0] ?? 0;
  if (domain !== Domain.INET && domain !== Domain.INET6) return undefined;
  const family: Family = domain === Domain.INET ? 4 : 6;
  const attributes = decodeAttributes(body, RTMSG);
  const destination = attributes.get(RouteAttribute.DST);
  const address = destination === undefined ? IpAddress.any(family) : IpAddress.fromBytes(destination);
  if (address === undefined || address.family !== family) return undefined;
  const table = attributes.get(RouteAttribute.TABLE);
  const metric = attributes.get(RouteAttribute.PRIORITY);
  const type = body[7] ?? 0;
  const multipath = attributes.get(RouteAttribute.MULTIPATH);
  return {
    prefix: new Prefix(address, body[1] ?? 0),
    table: table === undefined ? (body[4] ?? 0) : nativeU32(table, 0),
    metric: metric === undefined ? 0 : nativeU32(metric, 0),
    protocol: body[5] ?? 0,
    kind: KINDS.get(type) ?? 'other',
    nextHops: type !== RouteType.UNICAST ? [] : multipath === undefined ? single(attributes) : several(multipath),
  };
}

const KINDS: ReadonlyMap<number, RouteMessage['kind']> = new Map([
  [RouteType.UNICAST, 'unicast'],
  [RouteType.BLACKHOLE, 'blackhole'],
  [RouteType.UNREACHABLE, 'unreachable'],
]);

/** A route as an order. Without next hops it is a blackhole, or says that the destination is unreachable. */
export function encodeRoute(route: Omit<RouteMessage, 'kind'> & Readonly<{ unreachable?: boolean }>): Uint8Array {
  const { prefix, nextHops } = route;
  const none = route.unreachable === true ? RouteType.UNREACHABLE : RouteType.BLACKHOLE;
  const type = nextHops.length === 0 ? none : RouteType.UNICAST;
  // A route without a gateway leads to the link itself; IPv6 has no scopes of routes.
  const onLink = prefix.family === 4 && nextHops.length > 0 && nextHops.every(({ gateway }) => gateway === undefined);
  const writer = header(route, type, onLink ? RouteScope.LINK : RouteScope.UNIVERSE, flagsOf(nextHops));
  const [first] = nextHops;
  if (first !== undefined && nextHops.length === 1) {
    writer.attributeU32(RouteAttribute.OIF, first.index);
    writeGateway(writer, prefix.family, first.gateway);
  } else if (first !== undefined) {
    writer.nested(
      RouteAttribute.MULTIPATH,
      (list) => {
        for (const hop of nextHops) {
          list.counted((one) => {
            one
              .u8(flagsOf([hop]))
              .u8(0)
              .u32(hop.index);
            writeGateway(one, prefix.family, hop.gateway);
          });
        }
      },
      false,
    );
  }
  return writer.finish();
}

/** Names a route to be removed: of any type, with whatever next hops it has. */
export function encodeRouteKey(key: Pick<RouteMessage, 'prefix' | 'table' | 'metric' | 'protocol'>): Uint8Array {
  return header(key, RouteType.UNSPEC, RouteScope.NOWHERE, 0).finish();
}

/** Asks for all routes of a family that stand under a protocol number. */
export function encodeRouteQuery(family: Family, protocol: number): Uint8Array {
  const domain = domainOf(family);
  return new NativeWriter().u8(domain).u8(0).u8(0).u8(0).u8(0).u8(protocol).u8(0).u8(0).u32(0).finish();
}

function header(
  key: Pick<RouteMessage, 'prefix' | 'table' | 'metric' | 'protocol'>,
  type: number,
  scope: number,
  flags: number,
): NativeWriter {
  const { prefix, table, protocol } = key;
  const metric = key.metric === 0 && prefix.family === 6 ? IPV6_METRIC : key.metric;
  const writer = new NativeWriter().u8(domainOf(prefix.family)).u8(prefix.length).u8(0).u8(0);
  writer
    .u8(table < 256 ? table : TABLE_UNSPEC)
    .u8(protocol)
    .u8(scope)
    .u8(type)
    .u32(flags);
  writer.attributeU32(RouteAttribute.TABLE, table);
  if (prefix.length > 0) writer.attribute(RouteAttribute.DST, prefix.address.toBytes());
  return writer.attributeU32(RouteAttribute.PRIORITY, metric);
}

/** Our own RIB has said already that the gateway is on that link: the kernel need not find it out by its addresses. */
function flagsOf(nextHops: readonly RouteNextHop[]): number {
  return nextHops.length === 1 && nextHops[0]?.gateway !== undefined ? NextHopFlag.ONLINK : 0;
}

function writeGateway(writer: NativeWriter, family: Family, gateway: IpAddress | undefined): void {
  if (gateway === undefined) return;
  if (gateway.family === family) {
    writer.attribute(RouteAttribute.GATEWAY, gateway.toBytes());
    return;
  }
  // IPv4 by an IPv6 gateway (RFC 5549 section 6.1).
  const via = new NativeWriter().u16(domainOf(gateway.family)).bytes(gateway.toBytes()).finish();
  writer.attribute(RouteAttribute.VIA, via);
}

function single(attributes: ReadonlyMap<number, Uint8Array>): readonly RouteNextHop[] {
  const link = attributes.get(RouteAttribute.OIF);
  return link === undefined ? [] : [nextHop(nativeU32(link, 0), attributes)];
}

function several(bytes: Uint8Array): readonly RouteNextHop[] {
  const hops: RouteNextHop[] = [];
  let offset = 0;
  while (offset + RTNEXTHOP <= bytes.length) {
    const length = nativeU16(bytes, offset);
    if (length < RTNEXTHOP || offset + length > bytes.length) break;
    const attributes = decodeAttributes(bytes.subarray(0, offset + length), offset + RTNEXTHOP);
    hops.push(nextHop(nativeU32(bytes, offset + 4), attributes));
    offset += aligned(length);
  }
  return hops;
}

function nextHop(index: number, attributes: ReadonlyMap<number, Uint8Array>): RouteNextHop {
  const via = attributes.get(RouteAttribute.VIA);
  const bytes = attributes.get(RouteAttribute.GATEWAY) ?? via?.subarray(2);
  const gateway = bytes === undefined ? undefined : IpAddress.fromBytes(bytes);
  return gateway === undefined ? { index } : { index, gateway };
}
