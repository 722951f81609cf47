/**
 * Where an IKE SA and its child SAs go: changes of path, whether a NAT's or a peer's that moved (RFC 7296 section
 * 2.23, RFC 4555), are one order to the plane and a request under way that goes on by the new path.
 */
import type { Endpoint, IpAddress } from '../base/index.ts';
import type { IkeContext } from './context.ts';
import { type IkeSa, isEncapsulated, spiText } from './ike-sa.ts';
import { addressesIn, type IkePath, vrfOf } from './policy.ts';
import { headerSpis, keepaliveAt, resume } from './sending.ts';

/** Where a NAT stands, as far as is known. */
export type NatFlags = Readonly<{ local: boolean; remote: boolean }>;

/**
 * Follows an authentic message or ESP packet of a peer whose NAT gave it another address or port: section 2.23 asks it
 * of who is not behind a NAT. With MOBIKE whoever began the IKE SA says where it is (RFC 4555 section 3.8): else
 * somebody on the way who changes addresses could lead the traffic elsewhere.
 */
export function followNat(context: IkeContext, sa: IkeSa, path: IkePath): void {
  if (sameEndpoint(sa.path.remote, path.remote)) return;
  if (sa.mobility !== undefined || !sa.natRemote || sa.natLocal || !sa.isUp) return;
  if (vrfOf(sa.path) !== vrfOf(path) || !sa.path.local.address.equals(path.local.address)) return;
  setPath(context, sa, path);
}

/** From now on this is the path of the IKE SA and of its child SAs. */
export function setPath(context: IkeContext, sa: IkeSa, path: IkePath, nat?: NatFlags): void {
  const isSame = samePath(sa.path, path);
  const wasEncapsulated = isEncapsulated(sa);
  sa.path = path;
  sa.natLocal = nat?.local ?? sa.natLocal;
  sa.natRemote = nat?.remote ?? sa.natRemote;
  sa.keepaliveAt = keepaliveAt(context, sa);
  context.touched.add(sa);
  if (isSame && isEncapsulated(sa) === wasEncapsulated) return;
  context.count('paths-changed');
  if (sa.mobility?.isUnproven !== true) tellPath(context, sa);
  if (!isSame) resume(context, sa);
}

/** Tells plane and operator where the child SAs are now. */
export function tellPath(context: IkeContext, sa: IkeSa): void {
  const { initiatorSpi, responderSpi } = headerSpis(sa);
  context.emit({
    kind: 'path-changed',
    session: sa.session,
    peer: sa.peer?.name ?? '',
    path: sa.path,
    udpEncapsulation: isEncapsulated(sa),
    inboundSpis: [...sa.children.keys()],
    initiatorSpi: spiText(initiatorSpi),
    responderSpi: spiText(responderSpi),
  });
}

/** More pairs than this are not tried: a peer may tell any number of addresses. */
const MAX_PAIRS = 8;

/**
 * Other pairs of addresses that may lead to the peer, best first: another address of ours to where the peer is, then
 * the peer's others. `prefer` is the address of ours that routes lead out by.
 */
export function otherPaths(context: IkeContext, sa: IkeSa, prefer?: IpAddress): IkePath[] {
  const { path, mobility } = sa;
  const own = [...(prefer === undefined ? [] : [prefer]), ...addressesIn(context.config, path)];
  const pairs: IkePath[] = [];
  for (const remote of [path.remote.address, ...(mobility?.peerAddresses ?? [])]) {
    for (const local of own) {
      if (local.family !== remote.family || pairs.length >= MAX_PAIRS) continue;
      const pair = pathBetween(sa, local, remote);
      if (!samePath(pair, path) && !pairs.some((one) => samePath(one, pair))) pairs.push(pair);
    }
  }
  return pairs;
}

/** The same ports, unless the peer's is that of the NAT which it is leaving. */
export function pathBetween({ path }: IkeSa, local: IpAddress, remote: IpAddress): IkePath {
  const { port } = path.local;
  const isThere = path.remote.address.equals(remote);
  return { ...path, local: { address: local, port }, remote: isThere ? path.remote : { address: remote, port } };
}

export function samePath(a: IkePath, b: IkePath): boolean {
  return vrfOf(a) === vrfOf(b) && sameEndpoint(a.local, b.local) && sameEndpoint(a.remote, b.remote);
}

function sameEndpoint(a: Endpoint, b: Endpoint): boolean {
  return a.port === b.port && a.address.equals(b.address);
}
