/** Judging what a neighbour announced: RFC 4271 sections 6.3, 9.1.2 and 9.3, RFC 4456 section 8. */
import { type IpAddress, Prefix } from '../base/index.ts';
import { countAs, firstAs, prepend } from './as-path.ts';
import { type Nlri, prefixOf } from './evpn.ts';
import type { BgpFaultKind } from './faults.ts';
import type { PathAttributes } from './path-attributes.ts';
import type { NeighborFamily } from './policy.ts';
import { applyPolicy } from './policy-evaluation.ts';

/** What the judgement depends on beside the route. */
export type InboundTerms = Readonly<{
  external: boolean;
  remoteAsn: number;
  /** All AS numbers that are us, toward this neighbour or in general. */
  ownAsns: readonly number[];
  allowAsIn: number;
  enforceFirstAs: boolean;
  routerId: IpAddress;
  clusterId: IpAddress;
  localAddress: IpAddress | undefined;
}>;

/** Why a route cannot be used: a loop is nobody's fault, the rest is the neighbour's. */
export type Refusal = 'loop' | Extract<BgpFaultKind, 'first-as-not-neighbor' | 'invalid-next-hop'>;

/** Undefined: the route may be used. */
export function refusalOf(attributes: PathAttributes, terms: InboundTerms): Refusal | undefined {
  const { asPath, nextHop } = attributes;
  if (terms.ownAsns.some((asn) => countAs(asPath, asn) > terms.allowAsIn)) return 'loop';
  if (terms.external) {
    if (terms.enforceFirstAs && firstAs(asPath) !== terms.remoteAsn) return 'first-as-not-neighbor';
  } else {
    if (attributes.originatorId?.equals(terms.routerId) === true) return 'loop';
    if (attributes.clusterList.includes(terms.clusterId.a >>> 0)) return 'loop';
  }
  // RFC 4271 section 6.3: not our own address, and one that a host can have.
  if (nextHop.isUnspecified || nextHop.isMulticast || LOOPBACK.contains(nextHop)) return 'invalid-next-hop';
  if (terms.localAddress?.equals(nextHop) === true) return 'invalid-next-hop';
  return undefined;
}

const LOOPBACK = Prefix.parse('127.0.0.0/8') ?? Prefix.all(4);

/** The route after inbound policy; undefined: denied. `through`: an AS to put in front first, see `local-as`. */
export function admitted(
  nlri: Nlri,
  received: PathAttributes,
  through: number | undefined,
  family: NeighborFamily,
): Readonly<{ attributes: PathAttributes; weight: number }> | undefined {
  const attributes = through === undefined ? received : { ...received, asPath: prepend(received.asPath, [through]) };
  const permitted = applyPolicy(family.in, prefixOf(nlri), attributes);
  if (permitted === undefined) return undefined;
  return { attributes: permitted.attributes, weight: permitted.weight ?? family.weight };
}
