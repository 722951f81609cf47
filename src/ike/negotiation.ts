/** Negotiation of algorithms, RFC 7296 sections 2.7 and 3.3. */
import { EMPTY, readU32, Writer } from '../base/index.ts';
import {
  Encr,
  Integ,
  isAead,
  isSupportedEncryption,
  isSupportedGroup,
  isSupportedInteg,
  isSupportedPrf,
} from '../crypto/index.ts';
import type { EspProposal, IkeProposal } from './policy.ts';
import { type Proposal, ProtocolId, type Transform, TransformType } from './wire/message.ts';

/** What an IKE SA will use. `proposal` has one transform of each type, the number and SPI it was offered with. */
export type IkeSuite = Readonly<{
  proposal: Proposal;
  encr: number;
  keyBits: number;
  /** 0 for ciphers that authenticate by themselves. */
  integ: number;
  prf: number;
  group: number;
  /** What our own proposal says of it. */
  lifetimeMs?: number | 'unlimited';
}>;

/** What a child SA will use. `spi` is the peer's; `group` is 0 without key exchange. */
export type EspSuite = Readonly<{
  proposal: Proposal;
  spi: number;
  encr: number;
  keyBits: number;
  integ: number;
  esn: boolean;
  group: number;
}>;

type Cipher = Readonly<{ encr: number; keyBits: number }>;

/**
 * Offer for an IKE SA: IKE_SA_INIT without `spi`, a rekey with our new one. Section 3.3: ciphers that authenticate by
 * themselves stand in proposals of their own, without integrity transforms.
 */
export function offerIke(proposals: readonly IkeProposal[], spi: Uint8Array = EMPTY): Proposal[] {
  const offers = proposals.flatMap((own) =>
    transformSets(own).map((set) => [
      ...set.encryption,
      ...own.prf.filter(isSupportedPrf).map((id) => ({ type: TransformType.PRF, id })),
      ...set.integrity,
      ...own.groups.filter(isSupportedGroup).map((id) => ({ type: TransformType.KE, id })),
    ]),
  );
  const complete = offers.filter(
    (transforms) => has(transforms, TransformType.PRF) && has(transforms, TransformType.KE),
  );
  return numbered(complete, ProtocolId.IKE, spi);
}

/** Our choice from a peer's offer: our own order of preference decides. Undefined means NO_PROPOSAL_CHOSEN. */
export function selectIke(own: readonly IkeProposal[], offered: readonly Proposal[]): IkeSuite | undefined {
  const readable = offered.filter((proposal) => isReadable(proposal, ProtocolId.IKE, IKE_TYPES));
  for (const policy of own) {
    for (const cipher of policy.encryption) {
      for (const proposal of readable) {
        const chosen = matchIke(policy, cipher, proposal);
        if (chosen !== undefined) return chosen;
      }
    }
  }
  return undefined;
}

/** What the responder chose from `offerIke(own)`; undefined when it is not one of the things we offered. */
export function acceptIke(own: readonly IkeProposal[], answered: readonly Proposal[]): IkeSuite | undefined {
  const answer = subsetAnswer(offerIke(own), answered);
  return answer === undefined ? undefined : selectIke(own, [answer]);
}

/** Offer for an ESP SA with our inbound SPI; `group` (PFS) belongs into CREATE_CHILD_SA alone, section 1.2. */
export function offerEsp(proposals: readonly EspProposal[], spi: number, group?: number): Proposal[] {
  const offers = proposals.flatMap((own) =>
    transformSets(own).map((set) => [
      ...set.encryption,
      ...set.integrity,
      ...(group === undefined || group === 0 ? [] : [{ type: TransformType.KE, id: group }]),
      ...(own.esn.length === 0 ? [false] : own.esn).map((esn) => ({ type: TransformType.ESN, id: esn ? 1 : 0 })),
    ]),
  );
  return numbered(offers, ProtocolId.ESP, new Writer(4).u32(spi).finish());
}

/**
 * Our choice from a peer's offer for an ESP SA. `group`: a number demands this key exchange (PFS), undefined takes
 * whichever the peer wants, 0 allows none (IKE_AUTH, which carries no KE payload).
 */
export function selectEsp(
  own: readonly EspProposal[],
  offered: readonly Proposal[],
  group?: number,
): EspSuite | undefined {
  const readable = offered.filter((proposal) => isReadable(proposal, ProtocolId.ESP, ESP_TYPES));
  for (const policy of own) {
    for (const cipher of policy.encryption) {
      for (const proposal of readable) {
        const chosen = matchEsp(policy, cipher, proposal, group);
        if (chosen !== undefined) return chosen;
      }
    }
  }
  return undefined;
}

/** What the responder chose from `offerEsp(own, spi, group)`; undefined when it is not one of the things we offered. */
export function acceptEsp(
  own: readonly EspProposal[],
  answered: readonly Proposal[],
  group?: number,
): EspSuite | undefined {
  const answer = subsetAnswer(offerEsp(own, 0, group), answered);
  return answer === undefined ? undefined : selectEsp(own, [answer], group ?? 0);
}

/** Transform types that section 3.3.3 allows for each protocol; a proposal with any other is not acceptable (3.3.6). */
const IKE_TYPES: readonly number[] = [TransformType.ENCR, TransformType.PRF, TransformType.INTEG, TransformType.KE];
const ESP_TYPES: readonly number[] = [TransformType.ENCR, TransformType.INTEG, TransformType.KE, TransformType.ESN];

function isReadable(proposal: Proposal, protocol: number, types: readonly number[]): boolean {
  const spiFits =
    protocol === ProtocolId.IKE
      ? proposal.spi.length === 0 || proposal.spi.length === 8
      : proposal.spi.length === 4 && readU32(proposal.spi, 0) !== 0;
  return (
    proposal.protocol === protocol &&
    spiFits &&
    proposal.transforms.every((transform) => types.includes(transform.type))
  );
}

function matchIke(policy: IkeProposal, cipher: Cipher, proposal: Proposal): IkeSuite | undefined {
  const protection = matchProtection(policy.integrity, cipher, proposal);
  const prf = firstCommon(policy.prf.filter(isSupportedPrf), proposal, TransformType.PRF);
  const group = firstCommon(policy.groups.filter(isSupportedGroup), proposal, TransformType.KE);
  if (protection === undefined || prf === undefined || group === undefined) return undefined;
  const transforms = [protection.encryption, prf, ...protection.integrity, group];
  return {
    proposal: { ...proposal, transforms },
    ...cipher,
    integ: protection.integ,
    prf: prf.id,
    group: group.id,
    ...(policy.lifetimeMs === undefined ? {} : { lifetimeMs: policy.lifetimeMs }),
  };
}

function matchEsp(
  policy: EspProposal,
  cipher: Cipher,
  proposal: Proposal,
  group: number | undefined,
): EspSuite | undefined {
  const protection = matchProtection(policy.integrity, cipher, proposal);
  const keyExchange = matchKeyExchange(proposal, group);
  const esn = matchEsn(policy.esn, proposal);
  if (protection === undefined || keyExchange === undefined || esn === undefined) return undefined;
  const transforms = [protection.encryption, ...protection.integrity, ...keyExchange, ...esn.transforms];
  return {
    proposal: { ...proposal, transforms },
    spi: readU32(proposal.spi, 0),
    ...cipher,
    integ: protection.integ,
    esn: esn.esn,
    group: keyExchange[0]?.id ?? 0,
  };
}

/** The cipher and what guards integrity with it: nothing (or NONE, if that is offered) beside an AEAD cipher. */
function matchProtection(
  integrity: readonly number[],
  cipher: Cipher,
  proposal: Proposal,
): Readonly<{ encryption: Transform; integrity: readonly Transform[]; integ: number }> | undefined {
  if (!isSupportedEncryption(cipher.encr, cipher.keyBits)) return undefined;
  const wanted = encryptionTransform(cipher);
  const encryption = usable(proposal, TransformType.ENCR).find((transform) => sameTransform(transform, wanted));
  if (encryption === undefined) return undefined;
  if (isAead(cipher.encr)) {
    if (!has(proposal.transforms, TransformType.INTEG)) return { encryption, integrity: [], integ: Integ.NONE };
    const none = firstCommon([Integ.NONE], proposal, TransformType.INTEG);
    return none && { encryption, integrity: [none], integ: Integ.NONE };
  }
  const chosen = firstCommon(integrity.filter(isRealInteg), proposal, TransformType.INTEG);
  return chosen && { encryption, integrity: [chosen], integ: chosen.id };
}

/** The KE transform of the answer as a list of at most one; undefined when the offer does not suit us. */
function matchKeyExchange(proposal: Proposal, group: number | undefined): readonly Transform[] | undefined {
  if (!has(proposal.transforms, TransformType.KE)) return group === undefined || group === 0 ? [] : undefined;
  const accepts = (id: number): boolean => (group === undefined ? id === 0 || isSupportedGroup(id) : id === group);
  const chosen = usable(proposal, TransformType.KE).find((transform) => accepts(transform.id));
  return chosen && [chosen];
}

/** A proposal without ESN transforms means 32-bit sequence numbers. */
function matchEsn(
  own: readonly boolean[],
  proposal: Proposal,
): Readonly<{ esn: boolean; transforms: readonly Transform[] }> | undefined {
  const wanted = own.length === 0 ? [false] : own;
  if (!has(proposal.transforms, TransformType.ESN)) {
    return wanted.includes(false) ? { esn: false, transforms: [] } : undefined;
  }
  const ids = wanted.map((esn) => (esn ? 1 : 0));
  const chosen = firstCommon(ids, proposal, TransformType.ESN);
  return chosen && { esn: chosen.id === 1, transforms: [chosen] };
}

/** Encryption and integrity transforms of one policy: those of its AEAD ciphers and those of the others apart. */
function transformSets(
  own: Pick<IkeProposal, 'encryption' | 'integrity'>,
): Readonly<{ encryption: readonly Transform[]; integrity: readonly Transform[] }>[] {
  const ciphers = own.encryption.filter(({ encr, keyBits }) => isSupportedEncryption(encr, keyBits));
  const aead = ciphers.filter(({ encr }) => isAead(encr)).map(encryptionTransform);
  const plain = ciphers.filter(({ encr }) => !isAead(encr)).map(encryptionTransform);
  const integrity = own.integrity.filter(isRealInteg).map((id) => ({ type: TransformType.INTEG, id }));
  const sets = [];
  if (aead.length > 0) sets.push({ encryption: aead, integrity: [] });
  if (plain.length > 0 && integrity.length > 0) sets.push({ encryption: plain, integrity });
  const first = ciphers[0];
  return first !== undefined && !isAead(first.encr) ? sets.reverse() : sets;
}

function numbered(offers: readonly (readonly Transform[])[], protocol: number, spi: Uint8Array): Proposal[] {
  return offers.map((transforms, i) => ({ number: i + 1, protocol, spi, transforms }));
}

/**
 * The answer, if it is one proposal with our number and exactly one of our transforms of each type we offered. An
 * answer without ESN transform is taken for 32-bit sequence numbers, if we offered those.
 */
function subsetAnswer(offers: readonly Proposal[], answered: readonly Proposal[]): Proposal | undefined {
  const [answer] = answered;
  if (answer === undefined || answered.length !== 1) return undefined;
  const offer = offers.find((proposal) => proposal.number === answer.number);
  if (offer === undefined || offer.protocol !== answer.protocol) return undefined;
  const expected = new Set(offer.transforms.map((transform) => transform.type));
  const offersShortSequence = offer.transforms.some(({ type, id }) => type === TransformType.ESN && id === 0);
  if (offersShortSequence && !has(answer.transforms, TransformType.ESN)) expected.delete(TransformType.ESN);
  const answeredTypes = new Set(answer.transforms.map((transform) => transform.type));
  const isOnePerType = answeredTypes.size === answer.transforms.length && answeredTypes.size === expected.size;
  const isOurs = answer.transforms.every((chosen) => offer.transforms.some((ours) => sameTransform(chosen, ours)));
  return isOnePerType && isOurs ? answer : undefined;
}

/** Key length is always told for AES and never for ChaCha20, whose key has one length (RFC 7634 section 4). */
function encryptionTransform({ encr, keyBits }: Cipher): Transform {
  const isFixed = encr === Encr.CHACHA20_POLY1305;
  return { type: TransformType.ENCR, id: encr, ...(isFixed ? {} : { keyBits }) };
}

function firstCommon(ids: readonly number[], proposal: Proposal, type: number): Transform | undefined {
  const transforms = usable(proposal, type).filter((transform) => transform.keyBits === undefined);
  for (const id of ids) {
    const found = transforms.find((transform) => transform.id === id);
    if (found !== undefined) return found;
  }
  return undefined;
}

/** Section 3.3.6: a transform with an attribute that we do not know is not acceptable; the others of its type may be. */
function usable(proposal: Proposal, type: number): readonly Transform[] {
  return proposal.transforms.filter((transform) => transform.type === type && transform.attributes === undefined);
}

function sameTransform(a: Transform, b: Transform): boolean {
  const isPlain = a.attributes === undefined && b.attributes === undefined;
  return isPlain && a.type === b.type && a.id === b.id && a.keyBits === b.keyBits;
}

function has(transforms: readonly Transform[], type: number): boolean {
  return transforms.some((transform) => transform.type === type);
}

function isRealInteg(id: number): boolean {
  return id !== Integ.NONE && isSupportedInteg(id);
}
