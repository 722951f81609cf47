/** The group-policy of the tunnel-group does not let IKEv2 in. */
import type { DeviceModel, GroupPolicyModel } from '../../config/index.ts';
import { failuresSeen } from '../failure.ts';
import { lineOf, setAttribute } from '../places.ts';
import type { Finding, TunnelEnd, TunnelRule } from '../tunnel-case.ts';

const DEFAULT_POLICY = 'DfltGrpPolicy';

export const groupPolicy: TunnelRule = ({ near }) => refusalOf(near);

export const farGroupPolicy: TunnelRule = (one) => {
  const found = one.far === undefined ? undefined : refusalOf(one.far);
  return found === undefined ? undefined : { ...found, evidence: failuresSeen(one) };
};

function refusalOf({ device, group }: TunnelEnd): Finding | undefined {
  if (group === undefined) return undefined;
  const policy = decisive(device.model, group.groupPolicy ?? DEFAULT_POLICY);
  const protocols = policy?.tunnelProtocols;
  if (policy === undefined || protocols === undefined || protocols.includes('ikev2')) return undefined;
  const text = ['vpn-tunnel-protocol', ...protocols, 'ikev2'].join(' ');
  return {
    code: 'ikev2-not-allowed',
    claim: `group-policy ${policy.name} of ${device.name} allows ${protocols.join(' ')}, not ikev2`,
    lines: [
      ...(group.groupPolicy === undefined ? [] : [lineOf(device, group.written, 'groupPolicy')]),
      lineOf(device, policy.written, 'tunnelProtocols'),
    ],
    edits: [setAttribute(device, policy.written, 'tunnelProtocols', { text, why: 'lets ikev2 in' })],
  };
}

/** The policy that says something of protocols, by inheritance. */
function decisive(model: DeviceModel, first: string): GroupPolicyModel | undefined {
  let name: string | undefined = first;
  for (let depth = 0; name !== undefined && depth < 4; depth++) {
    const policy: GroupPolicyModel | undefined = model.groupPolicies.find((one) => one.name === name);
    if (policy?.tunnelProtocols !== undefined) return policy;
    name = policy?.from ?? (name === DEFAULT_POLICY ? undefined : DEFAULT_POLICY);
  }
  return undefined;
}
