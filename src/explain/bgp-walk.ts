/** Walks the layers of a BGP session in order; the first rule that finds something wins. */
import { type BgpCase, type BgpLayer, isEstablished } from './bgp-case.ts';
import type { Diagnosis } from './diagnosis.ts';
import { addressFamily } from './rules/address-family.ts';
import { asNumber } from './rules/as-number.ts';
import { holdTime } from './rules/hold-time.ts';
import { maximumPrefix } from './rules/maximum-prefix.ts';
import { multihop } from './rules/multihop.ts';
import { neighborAddress } from './rules/neighbor-address.ts';
import { neighborMissing, neighborRefused, strangerCalls } from './rules/neighbor-missing.ts';
import { addressUntold, neighborRoute } from './rules/neighbor-route.ts';
import { neighborShutdown } from './rules/neighbor-shutdown.ts';
import { networks } from './rules/networks.ts';
import { nextHop } from './rules/next-hop.ts';
import { preferredRoute } from './rules/preferred-route.ts';
import { reflection } from './rules/reflection.ts';
import { routePolicy } from './rules/route-policy.ts';
import { tcpMd5 } from './rules/tcp-md5.ts';
import { transitFirewall } from './rules/transit-firewall.ts';
import { updateSource } from './rules/update-source.ts';

const layers: readonly BgpLayer[] = [
  {
    layer: 'configuration',
    asked: 'down',
    rules: [strangerCalls, neighborMissing, neighborShutdown, neighborAddress],
  },
  { layer: 'route', asked: 'always', rules: [neighborRoute] },
  // Whether hops must be allowed depends on what the AS numbers make of the neighbour: they come first.
  { layer: 'bgp', asked: 'down', rules: [asNumber] },
  { layer: 'tcp', asked: 'down', rules: [multihop, updateSource, tcpMd5, transitFirewall] },
  { layer: 'bgp', asked: 'down', rules: [holdTime, addressFamily, maximumPrefix] },
  { layer: 'tcp', asked: 'down', rules: [addressUntold, neighborRefused] },
  { layer: 'route', asked: 'always', rules: [networks, routePolicy, nextHop, reflection, preferredRoute] },
];

/** What is wrong with a session; undefined: no rule has anything against it. */
export function walkBgp(one: BgpCase): Diagnosis | undefined {
  const isUp = isEstablished(one);
  for (const { layer, asked, rules } of layers) {
    if (isUp && asked === 'down') continue;
    for (const rule of rules) {
      const found = rule(one);
      if (found === undefined) continue;
      const state = isUp ? 'carries-nothing' : 'down';
      return { subject: one.subject, layer, state, evidence: [], lines: [], edits: [], ...found };
    }
  }
  return undefined;
}

/** All that two configurations say against a session: the first finding of each layer, until one leaves no session. */
export function walkAllBgp(one: BgpCase): readonly Diagnosis[] {
  const all: Diagnosis[] = [];
  for (const { layer, rules } of layers) {
    for (const rule of rules) {
      const found = rule(one);
      if (found === undefined) continue;
      all.push({ subject: one.subject, layer, state: 'down', evidence: [], lines: [], edits: [], ...found });
      if (layer === 'configuration' || layer === 'route') return all;
      break;
    }
  }
  return all;
}
