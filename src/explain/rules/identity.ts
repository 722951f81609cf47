/** What one end calls itself is not what the other's tunnel-group takes. */
import { IpAddress } from '../../base/index.ts';
import { sourceLine } from '../diagnosis.ts';
import { failuresSeen, nearFailure, tell } from '../failure.ts';
import { identityOf } from '../open-case.ts';
import { deleteLine, findLine, insertAfter, lineOf, placeOf, replaceLine } from '../places.ts';
import type { Finding, TunnelCase, TunnelEnd, TunnelRule } from '../tunnel-case.ts';

const DEFAULT_GROUP = 'DefaultL2LGroup';

export const identity: TunnelRule = (one) => {
  const { near, far } = one;
  if (far === undefined) return alone(one);
  return refusal(one, near, far) ?? refusal(one, far, near);
};

function refusal(one: TunnelCase, from: TunnelEnd, to: TunnelEnd): Finding | undefined {
  const name = identityOf(from);
  const { group } = to;
  if (name === undefined || group === undefined || group.name === DEFAULT_GROUP) return undefined;
  if (group.validateIdentity !== 'required' || name === group.name) return undefined;
  // An address that a NAT translates can not be compared: any is accepted.
  if (IpAddress.parse(name) !== undefined) return undefined;
  const said = findLine(from.device, /^\s*crypto isakmp identity /);
  const check = group.written.attributes['validateIdentity'];
  const key = placeOf(group.written, group.written.attributes['remoteKey'] === undefined ? 'localKey' : 'remoteKey');
  const why = 'takes the key for proof enough';
  const lenient =
    check === undefined
      ? insertAfter(to.device, key, { text: ' peer-id-validate nocheck', why })
      : replaceLine(to.device, check, { text: 'peer-id-validate nocheck', why });
  return {
    code: 'identity-mismatch',
    claim: `${from.device.name} calls itself ${name}, and ${to.device.name} looks for ${group.name}`,
    evidence: failuresSeen(one),
    lines: [
      ...(said === undefined ? [] : [sourceLine(from.device, said)]),
      lineOf(to.device, group.written, check === undefined ? undefined : 'validateIdentity'),
    ],
    edits: [...(said === undefined ? [] : [deleteLine(from.device, said, 'then it is its address')]), lenient],
  };
}

function alone(one: TunnelCase): Finding | undefined {
  const failure = nearFailure(one);
  const { device, group } = one.near;
  if (failure?.cause.code !== 'identity-refused' || group === undefined) return undefined;
  return {
    code: 'identity-mismatch',
    claim: `the other side calls itself by a name that tunnel-group ${group.name} is not for`,
    evidence: [tell(device.name, failure)],
    missing: `crypto isakmp identity address, so that it calls itself ${group.name}`,
  };
}
