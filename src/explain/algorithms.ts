/** What two lists of algorithms have in common, type by type, and how the lists are written. */

import type { EspProposalModel, IkePolicyModel } from '../config/index.ts';
import { cipherName, espIntegrityIds, integrityIds, prfIds } from '../config/index.ts';
import { isAead, isSupportedEncryption, isSupportedGroup, isSupportedInteg, isSupportedPrf } from '../crypto/index.ts';

export type Algorithm = 'encryption' | 'integrity' | 'prf' | 'groups';
type Suite = Readonly<
  Pick<IkePolicyModel, 'encryption' | 'integrity'> & Partial<Pick<IkePolicyModel, 'prf' | 'groups'>>
>;

/** The types in which two policies or proposals have nothing in common. */
export function disagreements(a: Suite, b: Suite): readonly Algorithm[] {
  const found: Algorithm[] = [];
  const ciphers = a.encryption.filter(
    (one) =>
      isSupportedEncryption(one.encr, one.keyBits) &&
      b.encryption.some(({ encr, keyBits }) => encr === one.encr && keyBits === one.keyBits),
  );
  const guarded = ciphers.some(({ encr }) => isAead(encr));
  if (ciphers.length === 0) found.push('encryption');
  const bothPlain = hasPlain(a) && hasPlain(b);
  if (!guarded && bothPlain && !meet(a.integrity, b.integrity, isSupportedInteg)) found.push('integrity');
  if (!meet(a.prf, b.prf, isSupportedPrf)) found.push('prf');
  if (!meet(a.groups, b.groups, isSupportedGroup)) found.push('groups');
  return found;
}

/** Whether one has only ciphers with integrity of their own and the other only ones without: a line alone can not help. */
export function differInKind(a: Suite, b: Suite): boolean {
  return (!hasPlain(a) && hasPlain(b)) || (hasPlain(a) && !hasPlain(b));
}

/** The pair that comes nearest to an agreement, with what is missing; undefined when some pair agrees. */
export function nearestPair<T extends Suite>(
  ours: readonly T[],
  theirs: readonly T[],
): Readonly<{ a: T; b: T; lacks: readonly Algorithm[] }> | undefined {
  let best: Readonly<{ a: T; b: T; lacks: readonly Algorithm[] }> | undefined;
  for (const a of ours) {
    for (const b of theirs) {
      const lacks = disagreements(a, b);
      if (lacks.length === 0) return undefined;
      if (best === undefined || lacks.length < best.lacks.length) best = { a, b, lacks };
    }
  }
  return best;
}

/** The words of an IKE policy's line, without its keyword. */
export function ikeWords(one: IkePolicyModel, type: Algorithm): readonly string[] {
  switch (type) {
    case 'encryption':
      return one.encryption.map((cipher) => cipherName<string>(cipher));
    case 'integrity':
      return one.integrity.length === 0 ? ['null'] : integrityIds.words(one.integrity);
    case 'prf':
      return prfIds.words(one.prf);
    case 'groups':
      return one.groups.map(String);
    default:
      return type satisfies never;
  }
}

/** The words of an ESP proposal's line. */
export function espWords(one: EspProposalModel, type: Algorithm): readonly string[] {
  if (type === 'encryption') return one.encryption.map((cipher) => cipherName<string>(cipher));
  return one.integrity.length === 0 ? ['null'] : espIntegrityIds.words(one.integrity);
}

/** Keywords of the lines. */
export const IKE_KEYWORD: Readonly<Record<Algorithm, string>> = {
  encryption: 'encryption',
  integrity: 'integrity',
  prf: 'prf',
  groups: 'group',
};

/** An IKE policy in one line, for sentences. */
export function ikePolicyText(one: IkePolicyModel): string {
  const types: readonly Algorithm[] = ['encryption', 'integrity', 'prf', 'groups'];
  return types.map((type) => `${IKE_KEYWORD[type]} ${ikeWords(one, type).join(' ')}`).join(', ');
}

export function espProposalText(one: EspProposalModel): string {
  return `esp encryption ${espWords(one, 'encryption').join(' ')}, esp integrity ${espWords(one, 'integrity').join(' ')}`;
}

function hasPlain({ encryption }: Suite): boolean {
  return encryption.some(({ encr }) => !isAead(encr));
}

function meet(
  a: readonly number[] | undefined,
  b: readonly number[] | undefined,
  isSupported: (id: number) => boolean,
): boolean {
  return a === undefined || b === undefined || a.some((id) => isSupported(id) && b.includes(id));
}
