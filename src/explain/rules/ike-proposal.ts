/** IKE policies: none, or no two that agree on encryption, integrity, PRF and group. */
import type { IkePolicyModel } from '../../config/index.ts';
import { type Algorithm, differInKind, IKE_KEYWORD, ikePolicyText, ikeWords, nearestPair } from '../algorithms.ts';
import type { Edit } from '../diagnosis.ts';
import { failuresSeen, nearFailure, tell } from '../failure.ts';
import { insertAfter, lineOf, sectionEnd, setAttribute } from '../places.ts';
import type { Finding, TunnelCase, TunnelEnd, TunnelRule } from '../tunnel-case.ts';

export const ikePolicyMissing: TunnelRule = ({ near, far }) => {
  const { device } = near;
  if (device.model.ikePolicies.length > 0) return undefined;
  const model = far?.device.model.ikePolicies[0];
  return {
    code: 'ike-policy-missing',
    claim: `${device.name} has no crypto ikev2 policy, so it has nothing to offer`,
    lines: near.tunnel === undefined ? [] : [lineOf(device, near.tunnel.written)],
    edits: model === undefined ? [] : [addPolicy(near, model, 10)],
  };
};

export const ikeProposal: TunnelRule = (one) => {
  const { near, far } = one;
  if (far === undefined) return alone(one);
  const ours = near.device.model.ikePolicies;
  const theirs = far.device.model.ikePolicies;
  if (theirs.length === 0) {
    return {
      code: 'ike-policy-missing',
      claim: `${far.device.name} has no crypto ikev2 policy, so it accepts nothing`,
      evidence: failuresSeen(one),
      edits: ours[0] === undefined ? [] : [addPolicy(far, ours[0], 10)],
    };
  }
  const pair = nearestPair(ours, theirs);
  if (pair === undefined) return undefined;
  const { a, b, lacks } = pair;
  return {
    code: codeOf(lacks),
    claim: `the IKE policies of ${near.device.name} and ${far.device.name} have no ${lacks.map(nameOf).join(', no ')} in common`,
    evidence: failuresSeen(one),
    lines: lacks.flatMap((type) => [lineOf(near.device, a.written, type), lineOf(far.device, b.written, type)]),
    edits: [...mend(near, a, b, lacks), ...mend(far, b, a, lacks)],
  };
};

/** With one configuration only: what was offered and refused. */
function alone(one: TunnelCase): Finding | undefined {
  const failure = nearFailure(one);
  if (failure?.cause.code !== 'no-proposal-chosen') return undefined;
  const { device } = one.near;
  const policies = device.model.ikePolicies;
  return {
    code: 'ike-proposal-mismatch',
    claim: `the other side and ${device.name} have no IKE policy in common`,
    evidence: [tell(device.name, failure)],
    missing: `a crypto ikev2 policy with ${policies.map(ikePolicyText).join('; or with ')}${
      policies[0] === undefined ? '' : ` (${device.configuration.file}:${policies[0].written.start.line})`
    }`,
  };
}

/** One line, if one is enough: the other's algorithms are taken as well, so that nothing else that works is lost. */
function mend(end: TunnelEnd, own: IkePolicyModel, other: IkePolicyModel, lacks: readonly Algorithm[]): Edit[] {
  const [type] = lacks;
  const { device } = end;
  if (type === undefined) return [];
  if (lacks.length > 1 || differInKind(own, other)) return [addPolicy(end, other, freePriority(end))];
  const added = ikeWords(other, type).filter((word) => !ikeWords(own, type).includes(word));
  const text = `${IKE_KEYWORD[type]} ${[...ikeWords(own, type), ...added].join(' ')}`;
  return [setAttribute(device, own.written, type, { text, why: `takes ${added.join(' ')} as well` })];
}

function addPolicy(end: TunnelEnd, like: IkePolicyModel, priority: number): Edit {
  const { device } = end;
  const last = device.model.ikePolicies.at(-1);
  const place =
    last === undefined
      ? { file: device.configuration.file, line: firstCryptoLine(end), column: 1 }
      : sectionEnd(device, last.written.start);
  const lines = (['encryption', 'integrity', 'groups', 'prf'] as const).map(
    (type) => ` ${IKE_KEYWORD[type]} ${ikeWords(like, type).join(' ')}`,
  );
  return insertAfter(device, place, {
    text: [`crypto ikev2 policy ${priority}`, ...lines].join('\n'),
    why: "the other side's policy",
  });
}

/** The line before the first one about cryptography. */
function firstCryptoLine({ device }: TunnelEnd): number {
  const at = device.configuration.text.split('\n').findIndex((line) => /^(crypto|tunnel-group) /.test(line));
  return Math.max(0, at);
}

function freePriority({ device }: TunnelEnd): number {
  return Math.max(...device.model.ikePolicies.map(({ priority }) => priority)) + 10;
}

const NAMES: Readonly<Record<Algorithm, string>> = {
  encryption: 'encryption',
  integrity: 'integrity',
  prf: 'PRF',
  groups: 'Diffie-Hellman group',
};

function nameOf(type: Algorithm): string {
  return NAMES[type];
}

function codeOf(lacks: readonly Algorithm[]): string {
  const [type] = lacks;
  if (type === undefined || lacks.length > 1) return 'ike-proposal-mismatch';
  return `ike-${type === 'groups' ? 'group' : type}-mismatch`;
}
