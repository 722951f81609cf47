/** ESP proposals of the two profiles: no two that agree on encryption and integrity. */
import type { EspProposalModel } from '../../config/index.ts';
import { type Algorithm, differInKind, espProposalText, espWords, nearestPair } from '../algorithms.ts';
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
  const { device, proposals } = one.near;
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
  if (lacks.length > 1 || differInKind(own, other)) return whole(end, own, other);
  const [type] = lacks;
  if (type === undefined) return [];
  const added = espWords(other, type).filter((word) => !espWords(own, type).includes(word));
  const text = `protocol esp ${type} ${[...espWords(own, type), ...added].join(' ')}`;
  return [setAttribute(device, own.written, type, { text, why: `takes ${added.join(' ')} as well` })];
}

/** Both lines, where they stand one after the other. */
function whole({ device }: TunnelEnd, own: EspProposalModel, other: EspProposalModel): Edit[] {
  const first = placeOf(own.written, 'encryption');
  const second = own.written.attributes['integrity'];
  const count = second === undefined ? 1 : 2;
  if (second !== undefined && second.line !== first.line + 1) return [];
  const lines = [
    `protocol esp encryption ${espWords(other, 'encryption').join(' ')}`,
    ` protocol esp integrity ${espWords(other, 'integrity').join(' ')}`,
  ];
  return [replaceLine(device, first, { text: lines.join('\n'), count, why: "the other side's proposal" })];
}
