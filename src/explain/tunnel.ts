/** Why a tunnel is down or carries nothing: walks the layers in order, and the first rule that finds something wins. */
import { carriageLayers } from './carriage.ts';
import type { Diagnosis, Subject } from './diagnosis.ts';
import type { Fabric } from './evidence.ts';
import { failuresSeen } from './failure.ts';
import { openCase } from './open-case.ts';
import { certificates } from './rules/certificates.ts';
import { espProposal } from './rules/esp-proposal.ts';
import { encapsulation, greKey, greProtection, isGre } from './rules/gre.ts';
import { farGroupPolicy, groupPolicy } from './rules/group-policy.ts';
import { identity } from './rules/identity.ts';
import { ikePolicyMissing, ikeProposal } from './rules/ike-proposal.ts';
import { farIkev2Enable, ikev2Enable } from './rules/ikev2-enable.ts';
import { initiative } from './rules/initiative.ts';
import { keys } from './rules/keys.ts';
import { natMapping } from './rules/nat-mapping.ts';
import { outerInterface } from './rules/outer-interface.ts';
import { outerRoute, recursion } from './rules/outer-route.ts';
import { pfs } from './rules/pfs.ts';
import { recursiveBgp } from './rules/recursive-bgp.ts';
import { selectors } from './rules/selectors.ts';
import { silence } from './rules/silence.ts';
import { templateAddress } from './rules/template-address.ts';
import { tunnelAddress } from './rules/tunnel-address.ts';
import { tunnelDestination, tunnelMode, tunnelSource, twinTunnels } from './rules/tunnel-ends.ts';
import { farTunnelGroup, tunnelGroup } from './rules/tunnel-group.ts';
import { tunnelInterface } from './rules/tunnel-interface.ts';
import { farProtection, protection } from './rules/tunnel-protection.ts';
import { farVirtualTemplate, virtualTemplate } from './rules/virtual-template.ts';
import { volume } from './rules/volume.ts';
import type { Finding, TunnelCase, TunnelLayer } from './tunnel-case.ts';

/** From the first line that is read to the last packet that arrives. */
const layers: readonly TunnelLayer[] = [
  // Their lines are up all the same.
  { layer: 'configuration', asked: 'always', rules: [encapsulation, greKey, greProtection] },
  {
    layer: 'configuration',
    asked: 'down',
    rules: [
      tunnelInterface,
      tunnelSource,
      tunnelDestination,
      tunnelMode,
      twinTunnels,
      protection,
      ikev2Enable,
      tunnelGroup,
      virtualTemplate,
      groupPolicy,
      ikePolicyMissing,
    ],
  },
  { layer: 'reachability', asked: 'always', rules: [recursion, recursiveBgp] },
  { layer: 'reachability', asked: 'down', rules: [outerInterface, outerRoute] },
  { layer: 'ike-sa-init', asked: 'down', rules: [farIkev2Enable, ikeProposal] },
  {
    layer: 'ike-auth',
    asked: 'down',
    rules: [farTunnelGroup, farVirtualTemplate, farProtection, farGroupPolicy, certificates, identity, keys],
  },
  { layer: 'child-sa', asked: 'down', rules: [espProposal, selectors, initiative] },
  { layer: 'child-sa', asked: 'always', rules: [pfs] },
  // Names its layer itself: which exchange is not answered.
  { layer: 'reachability', asked: 'down', rules: [silence] },
  { layer: 'tunnel', asked: 'always', rules: [tunnelAddress, templateAddress, volume] },
  { layer: 'path', asked: 'always', rules: [natMapping] },
  ...carriageLayers,
];

/** Looks at one tunnel of one device: a static tunnel, a clone, or (on a hub) the peer's address. */
export function explainTunnel(fabric: Fabric, device: string, tunnel: string): Diagnosis {
  const one = openCase(fabric, { device, tunnel });
  if (typeof one === 'string') return plain({ device, tunnel }, 'down', 'unknown-subject', one);
  const up = isUp(one);
  for (const { layer, asked, rules } of layers) {
    if (up && asked === 'down') continue;
    for (const rule of rules) {
      const found = rule(one);
      if (found === undefined) continue;
      const state = up ? 'carries-nothing' : 'down';
      return { subject: one.subject, layer, state, evidence: [], lines: [], edits: [], ...found };
    }
  }
  const { near } = one;
  if (up) {
    const isClear = isGre(near) && near.tunnel?.tunnel?.profile === undefined;
    const stands = isClear ? 'its line is up' : 'its child SA is installed';
    const found = plain(one.subject, 'up', 'up', `${stands} and nothing contradicts it`);
    const group = one.far === undefined ? near.profile?.pfsGroup : undefined;
    // Another group at the other end shows only then: RFC 7296 section 1.2.
    return group === undefined ? found : { ...found, missing: `set pfs group${group}: the first rekey will show it` };
  }
  const reason =
    near.device.snapshot === undefined ? 'nothing is known of how it runs' : near.state?.tunnel?.downReason;
  const claim = `no rule explains it: ${reason ?? 'no child SA'}`;
  return { ...plain(one.subject, 'down', 'unexplained', claim), evidence: failuresSeen(one) };
}

/**
 * All that two configurations say against a tunnel, whatever it does: the first finding of each layer, in their order.
 * What a configuration lacks hides what comes after it. What BGP says over the tunnel is not asked.
 */
export function tunnelFaults(fabric: Fabric, device: string, tunnel: string): readonly Diagnosis[] {
  const one = openCase(fabric, { device, tunnel });
  if (typeof one === 'string') return [];
  const all: Diagnosis[] = [];
  for (const { layer, rules } of layers) {
    if (carriageLayers.some(({ rules: carried }) => carried === rules)) continue;
    const found = firstOf(one, rules);
    if (found === undefined) continue;
    all.push({ subject: one.subject, layer, state: 'down', evidence: [], lines: [], edits: [], ...found });
    if (layer === 'configuration') break;
  }
  return all;
}

function firstOf(one: TunnelCase, rules: TunnelLayer['rules']): Finding | undefined {
  for (const rule of rules) {
    const found = rule(one);
    if (found !== undefined) return found;
  }
  return undefined;
}

function isUp({ near }: TunnelCase): boolean {
  if (near.state?.lineProtocol !== true) return false;
  // The line of GRE does not follow the child SAs that protect it.
  const isSealed = isGre(near) && near.tunnel?.tunnel?.profile !== undefined;
  return !isSealed || (near.ikeSa?.children.length ?? 0) > 0;
}

function plain(subject: Subject, state: Diagnosis['state'], code: string, claim: string): Diagnosis {
  return { subject, state, layer: 'tunnel', code, claim, evidence: [], lines: [], edits: [] };
}
