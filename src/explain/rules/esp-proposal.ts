/** ESP proposals of the two profiles: no two that agree on encryption and integrity. */
import type { EspProposalModel } from '../../config/index.ts';
import { type Algorithm, espProposalText, espWords, nearestPair } from '../algorithms.ts';
import type { Edit } from '../diagnosis.ts';
import { failuresSeen, nearFailure, tell } from '../failure.ts';
import { lineOf, placeOf, replaceLine, setAttribute } from '../places.ts';
import type { Finding, TunnelCase, TunnelEnd, TunnelRule } from '../tunnel-case.ts';

export const espProposal: TunnelRule = (one) => {
  const { near, far } = one;
  if (far === undefined) return alone(one);
  const pair = nearestPair(near.proposals, far.proposals);
  if (pair === undefined) return undefined;
  const { a, b, lacks } = pair;
  const [type] = lacks;
  return {
    code: lacks.length > 1 || type === undefined ? 'esp-proposal-mismatch' : `esp-${type}-mismatch`,
    claim: `the ESP proposals of ${near.device.name} and ${far.device.name} have no ${lacks.join(', no ')} in common`,
    evidence: failuresSeen(one),
    lines: lacks.flatMap((which) => [lineOf(near.device, a.written, which), lineOf(far.device, b.written, which)]),
    edits: [...mend(near, a, b, lacks), ...mend(far, b, a, lacks)],
  };
};

function alone(one: TunnelCase): Finding | undefined {
  const failure = nearFailure(one);
  if (failure === undefined) return undefined;
  const { cause } = failure;
  const code = cause.code === 'child-sa-failed' ? cause.because?.code : cause.code;
  if (code !== 'no-proposal-chosen' && code !== 'child-no-proposal-chosen') return undefined;
  const { device, proposals, profile } = one.near;
  const group = profile?.pfsGroup;
  const stood = device.snapshot?.log.some(
    ({ code, subject }) => code === 'child-sa-up' && subject === one.near.tunnel?.name,
  );
  if (stood === true) {
    return {
      code: 'pfs-mismatch',
      claim: 'the other side refuses what it accepted before: it is not the same without or with PFS',
      evidence: [tell(device.name, failure)],
      missing:
        group === undefined
          ? 'no set pfs in the profile of its tunnel'
          : `set pfs group${group} in the profile of its tunnel`,
    };
  }
  return {
    code: 'esp-proposal-mismatch',
    claim: `the IKE SA stands, but the other side and ${device.name} have no ESP proposal in common`,
    evidence: [tell(device.name, failure)],
    missing: `an ipsec-proposal in the profile of its tunnel with ${proposals.map(espProposalText).join('; or with ')}`,
  };
}

/** The other's algorithms are taken as well, so that nothing else that works is lost. */
function mend(end: TunnelEnd, own: EspProposalModel, other: EspProposalModel, lacks: readonly Algorithm[]): Edit[] {
  const { device } = end;
  const [type] = lacks;
  if (type === undefined) return [];
  if (lacks.length > 1 || needsIntegrity(own, other)) return bothLines(end, own, other);
  const added = missing(own, other, type);
  const text = `protocol esp ${type} ${[...kept(own, type), ...added].join(' ')}`;
  return [setAttribute(device, own.written, type, { text, why: `takes ${added.join(' ')} as well` })];
}

/** Both lines, where they stand one after the other. */
function bothLines({ device }: TunnelEnd, own: EspProposalModel, other: EspProposalModel): Edit[] {
  const first = placeOf(own.written, 'encryption');
  const second = own.written.attributes['integrity'];
  if (second !== undefined && second.line !== first.line + 1) return [];
  const [encryption, integrity] = (['encryption', 'integrity'] as const).map((type) =>
    [...kept(own, type), ...missing(own, other, type)].join(' '),
  );
  const text = `protocol esp encryption ${encryption}\n protocol esp integrity ${integrity}`;
  const count = second === undefined ? 1 : 2;
  return [replaceLine(device, first, { text, count, why: `takes what the other side has as well` })];
}

/** An end with nothing but AES-GCM has no integrity algorithm to go with another cipher. */
function needsIntegrity(own: EspProposalModel, other: EspProposalModel): boolean {
  return own.integrity.length === 0 && other.integrity.length > 0;
}

/** `null` is only for a list of its own. */
function kept(own: EspProposalModel, type: Algorithm): readonly string[] {
  return type === 'integrity' && own.integrity.length === 0 ? [] : espWords(own, type);
}

function missing(own: EspProposalModel, other: EspProposalModel, type: Algorithm): readonly string[] {
  return kept(other, type).filter((word) => !espWords(own, type).includes(word));
}
