/** Algorithms in words, for causes and notices: never keys. */
import { Encr, Integ, isAead, Ke, Prf } from '../crypto/index.ts';
import { type Proposal, TransformType } from './wire/message.ts';

const NAMES: Readonly<Record<number, Readonly<Record<string, number>>>> = {
  [TransformType.ENCR]: Encr,
  [TransformType.PRF]: Prf,
  [TransformType.INTEG]: Integ,
  [TransformType.KE]: Ke,
};

/** Such as `AES_CBC-256 HMAC_SHA2_256 HMAC_SHA2_256_128 MODP_2048/ECP_256; ...`. */
export function describeProposals(proposals: readonly Proposal[]): string {
  return proposals.map(describeProposal).join('; ') || 'nothing';
}

const LONGEST = 400;

/** What a peer chose to say, cut where it becomes too long for a notice. */
export function inShort(text: string): string {
  return text.length <= LONGEST ? text : `${text.slice(0, LONGEST)}…`;
}

function describeProposal(proposal: Proposal): string {
  const types = [TransformType.ENCR, TransformType.PRF, TransformType.INTEG, TransformType.KE, TransformType.ESN];
  const parts = types.map((type) =>
    proposal.transforms
      .filter((transform) => transform.type === type)
      .map(({ id, keyBits }) => (keyBits === undefined ? nameOf(type, id) : `${nameOf(type, id)}-${keyBits}`))
      .join('/'),
  );
  return parts.filter((part) => part !== '').join(' ');
}

function nameOf(type: number, id: number): string {
  if (type === TransformType.ESN) return id === 0 ? 'no-ESN' : 'ESN';
  for (const [name, value] of Object.entries(NAMES[type] ?? {})) if (value === id) return name;
  return String(id);
}

/** Such as `AES_GCM_16-256` or `AES_CBC-128 HMAC_SHA1_96`. */
export function describeCipher({
  encr,
  keyBits,
  integ,
}: Readonly<{ encr: number; keyBits: number; integ: number }>): string {
  const cipher = `${nameOf(TransformType.ENCR, encr)}-${keyBits}`;
  return isAead(encr) ? cipher : `${cipher} ${nameOf(TransformType.INTEG, integ)}`;
}
