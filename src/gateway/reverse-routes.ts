/**
 * Routes to what a peer's traffic selectors name (`reverse-route`): a peer that is no Cisco tells no subnets over IKEv2, and
 * a dynamic tunnel finds it by them. They stand as long as the child SA does.
 */
import type { Prefix } from '../base/index.ts';
import { type ChildSa, prefixOf } from '../ike/index.ts';
import { Distance } from '../routing/index.ts';
import type { Tunnel } from '../tunnel/index.ts';
import type { Context } from './context.ts';

export function addReverseRoutes(context: Context, tunnel: Tunnel, sa: ChildSa): void {
  const model = context.interfaces?.get(tunnel.name)?.model;
  const profile = model?.tunnel?.profile;
  if (model === undefined || profile === undefined) return;
  if (context.index?.profile(profile)?.reverseRoute !== true) return;
  const rib = context.rib(model.vrf);
  for (const prefix of namedPrefixes(sa)) {
    const owner = ownerOf(sa.inboundSpi);
    const nextHops = [{ interface: tunnel.name }];
    rib.add({ prefix, source: 'vpn', owner, distance: Distance.vpn, metric: 0, nextHops }, context.now);
  }
}

export function removeReverseRoutes(context: Context, inboundSpi: number): void {
  for (const rib of context.ribs()) rib.removeAll('vpn', ownerOf(inboundSpi));
}

/** "Everything" names nothing: a default route is for the operator to give. */
function namedPrefixes({ remoteSelectors }: ChildSa): Prefix[] {
  return remoteSelectors.flatMap((selector) => {
    const prefix = prefixOf(selector);
    return prefix === undefined || prefix.length === 0 ? [] : [prefix];
  });
}

function ownerOf(inboundSpi: number): string {
  return `child ${inboundSpi}`;
}
