/** Pre-shared keys: what one end proves is not what the other expects of it. */
import { failuresSeen, nearFailure, tell } from '../failure.ts';
import { identityOf } from '../open-case.ts';
import { lineOf, setAttribute } from '../places.ts';
import type { Finding, TunnelCase, TunnelEnd, TunnelRule } from '../tunnel-case.ts';

const DEFAULT_GROUP = 'DefaultL2LGroup';

export const keys: TunnelRule = (one) => {
  const { near, far } = one;
  if (far === undefined) return alone(one);
  return mismatch(one, near, far) ?? mismatch(one, far, near);
};

/** From the end that proves a key to the one that expects it. */
function mismatch(one: TunnelCase, from: TunnelEnd, to: TunnelEnd): Finding | undefined {
  const proved = from.group?.localKey;
  const expected = to.group?.remoteKey;
  if (from.group === undefined || to.group === undefined || proved === undefined || expected === undefined) {
    return undefined;
  }
  if (proved.equals(expected)) return undefined;
  const ours = setAttribute(from.device, from.group.written, 'localKey', {
    text: 'ikev2 local-authentication pre-shared-key *****',
    secrets: [expected],
    why: `the key that ${to.device.name} expects`,
  });
  const theirs = setAttribute(to.device, to.group.written, 'remoteKey', {
    text: 'ikev2 remote-authentication pre-shared-key *****',
    secrets: [proved],
    why: `the key that ${from.device.name} proves`,
  });
  // The default group serves others, too: their keys must not change.
  const edits = [
    ...(from.group.name === DEFAULT_GROUP ? [] : [ours]),
    ...(to.group.name === DEFAULT_GROUP ? [] : [theirs]),
  ];
  return {
    code: 'key-mismatch',
    claim: `${from.device.name} proves another key (local) than ${to.device.name} expects of it (remote)`,
    evidence: failuresSeen(one),
    lines: [lineOf(from.device, from.group.written, 'localKey'), lineOf(to.device, to.group.written, 'remoteKey')],
    edits,
  };
}

/** With one configuration only: who refused whom tells which of the two keys it is. */
function alone(one: TunnelCase): Finding | undefined {
  const failure = nearFailure(one);
  const { device, group } = one.near;
  if (failure?.cause.code !== 'authentication-failed' || group === undefined) return undefined;
  const evidence = [tell(device.name, failure)];
  const refused = failure.cause.from === 'peer';
  const mine = refused ? 'local' : 'remote';
  const place = lineOf(device, group.written, `${mine}Key`).position;
  const there = refused ? 'remote' : 'local';
  return {
    code: refused ? 'authentication-refused' : 'key-mismatch',
    claim: refused
      ? `the other side does not accept what ${device.name} calls itself or the key that it proves`
      : `the other side does not prove the key that ${device.name} expects`,
    evidence,
    missing: `a tunnel-group ${identityOf(one.near) ?? device.name} (or a default one) with a virtual-template or a tunnel, a group-policy that allows ikev2, and ikev2 ${there}-authentication pre-shared-key equal to the ${mine}-authentication key of ${place.file}:${place.line}`,
  };
}
