/** Suites of algorithms: one for each algorithm, the others being the usual ones; as the matrix names them. */
import { isAead } from '../../src/crypto/index.ts';
import { type Algorithm, ciphers, groups, integrities, prfs } from './algorithms.ts';

export type IkeSuite = Readonly<{
  label: string;
  cipher: Algorithm;
  integrity: Algorithm | undefined;
  prf: Algorithm;
  group: Algorithm;
}>;

/** `group`: of the rekeying, none: no PFS. */
export type EspSuite = Readonly<{
  label: string;
  cipher: Algorithm;
  integrity: Algorithm | undefined;
  group: Algorithm | undefined;
}>;

const USUAL = {
  cipher: named(ciphers, 'AES-CBC-256'),
  integrity: named(integrities, 'HMAC-SHA2-256-128'),
  prf: named(prfs, 'PRF-HMAC-SHA2-256'),
  group: named(groups, 'group 19, ECP-256'),
};

export const USUAL_IKE: IkeSuite = { label: 'the usual', ...USUAL };
export const USUAL_ESP: EspSuite = { label: 'the usual', ...USUAL, group: undefined };

/** RFC 5282: a cipher that authenticates goes without an integrity algorithm. */
function guarded(cipher: Algorithm): Readonly<{ cipher: Algorithm; integrity: Algorithm | undefined }> {
  return { cipher, integrity: isAead(cipher.id) ? undefined : USUAL.integrity };
}

export const ikeSuites: readonly IkeSuite[] = [
  ...ciphers.map((cipher) => ({ ...USUAL_IKE, ...guarded(cipher), label: cipher.label })),
  ...integrities.map((integrity) => ({ ...USUAL_IKE, integrity, label: integrity.label })),
  ...prfs.map((prf) => ({ ...USUAL_IKE, prf, label: prf.label })),
  ...groups.map((group) => ({ ...USUAL_IKE, group, label: group.label })),
];

export const espSuites: readonly EspSuite[] = [
  ...ciphers.map((cipher) => ({ ...USUAL_ESP, ...guarded(cipher), label: cipher.label })),
  ...integrities.map((integrity) => ({ ...USUAL_ESP, integrity, label: integrity.label })),
  ...groups.map((group) => ({ ...USUAL_ESP, group, label: group.label })),
];

/** Lines of an ASA's `crypto ikev2 policy`. */
export function policyLines({ cipher, integrity, prf, group }: IkeSuite): string[] {
  const guard = `integrity ${integrity?.ike ?? 'null'}`;
  return [`encryption ${cipher.ike}`, guard, `group ${group.ike}`, `prf ${prf.ike}`];
}

/** Lines of an ASA's proposal for ESP, and those of the profile. */
export function proposalLines({ cipher, integrity }: EspSuite): string[] {
  return [`protocol esp encryption ${cipher.esp}`, `protocol esp integrity ${integrity?.esp ?? 'null'}`];
}

export function profileLines({ group }: EspSuite): string[] {
  return group === undefined ? [] : [`set pfs group${group.esp}`];
}

/** The same for strongSwan. */
export function ikeProposal({ cipher, integrity, prf, group }: IkeSuite): string {
  return [cipher, integrity, prf, group].flatMap((one) => one?.strongSwan ?? []).join('-');
}

export function espProposal({ cipher, integrity, group }: EspSuite): string {
  return [cipher, integrity, group].flatMap((one) => one?.strongSwan ?? []).join('-');
}

function named(list: readonly Algorithm[], label: string): Algorithm {
  const found = list.find((one) => one.label === label);
  if (found === undefined) throw new Error(`no algorithm ${label}`);
  return found;
}
