/**
 * How each end proves who it is, RFC 7296 section 2.15: by a shared key, or by a signature with the key of a
 * certificate (RFC 7296, 4754, 7427, 8420). Each end chooses for itself: one may prove a key, the other a certificate.
 */
import { concat, fail, ok, type Result, type SecretKey, toHex, Writer } from '../base/index.ts';
import {
  type Certificate,
  decodeScheme,
  encodeScheme,
  hashOfCurve,
  kindText,
  type PublicKey,
  prf as prfOf,
  pss,
  readCertificate,
  type SignatureHash,
  type SignatureScheme,
  schemeText,
  validatePath,
  verify,
} from '../crypto/index.ts';
import { pskAuth, verifyPskAuth } from './auth.ts';
import { ruleFits } from './certificate-rules.ts';
import { identityInCertificate } from './certified-identity.ts';
import type { IkeContext } from './context.ts';
import type { Cause } from './events.ts';
import type { IkeFault } from './faults.ts';
import { fits, identityInShort, peerIdentityAccepted } from './identity.ts';
import type { IkeSa } from './ike-sa.ts';
import { pick } from './payloads.ts';
import type { CertificateTrust, Identity, IkePeer, LocalSignature } from './policy.ts';
import type { AuthenticationKind } from './snapshot.ts';
import { AuthMethod, CertificateEncoding, HashAlgorithm, type Payload } from './wire/message.ts';

/** What one side signs besides its key: its own first message, the other side's nonce, its own identity. */
export type Signed = Readonly<{ message: Uint8Array; peerNonce: Uint8Array; idBody: Uint8Array }>;

/** How we prove who we are: method and data of AUTH, with what goes before it. */
export type OwnProof = Readonly<{
  kind: AuthenticationKind;
  method: number;
  /** Data of AUTH under an SK_p, of which there are two with a postquantum preshared key. */
  prove: (skP: SecretKey) => Uint8Array;
  certificates: readonly Payload[];
}>;

export type Refusal = Readonly<{ fault: IkeFault; text: string; because?: Cause }>;

/** Certificates that a peer may send; those beyond are not looked at. */
const MOST_CERTIFICATES = 16;

/** What we lack to begin an IKE SA with a peer; undefined: nothing. */
export function authenticationLack({ group, localKey, localSignature, remoteKey, trust }: IkePeer): string | undefined {
  if (localKey === undefined && localSignature === undefined) {
    return `no pre-shared key and no certificate of our own is configured for ${group}`;
  }
  if (remoteKey === undefined && trust === undefined) {
    return `no pre-shared key is configured for ${group}, and no authority whose certificates it may show`;
  }
  return undefined;
}

/** Our own proof to a peer. */
export function ownProof(sa: IkeSa, peer: IkePeer, signed: Signed): Result<OwnProof, Refusal> {
  const { localKey: key, localSignature } = peer;
  const prf = sa.suite?.prf ?? 0;
  if (localSignature !== undefined) return ownSignature(sa, localSignature, prf, signed);
  if (key === undefined) {
    return fail({
      fault: 'authentication-failed',
      text: authenticationLack(peer) ?? 'nothing to prove ourselves with',
    });
  }
  return ok({
    kind: 'psk',
    method: AuthMethod.SHARED_KEY,
    prove: (skP) => pskAuth({ prf, key, skP, ...signed }),
    certificates: [],
  });
}

/** What the peer says and shows of itself. */
export type Claim = Readonly<{
  identity: Identity;
  method: number;
  /** Of AUTH, or of NO_PPK_AUTH. */
  data: Uint8Array;
  payloads: readonly Payload[];
  skP: SecretKey;
  role: 'initiator' | 'responder';
}>;

/** Whether the peer is who it says, and may be: how it proved it, or why it is refused. */
export function verifyPeer(
  context: IkeContext,
  sa: IkeSa,
  peer: IkePeer,
  signed: Signed,
  claim: Claim,
): Result<AuthenticationKind, Refusal> {
  const prf = sa.suite?.prf ?? 0;
  if (claim.method !== AuthMethod.SHARED_KEY) return verifySignature(context, sa, peer, prf, signed, claim);
  const who = identityInShort(claim.identity);
  const { address } = sa.path.remote;
  const isAccepted = peerIdentityAccepted(peer, claim.identity, address, sa.natRemote);
  const notIt: Refusal = { fault: 'identity-refused', text: notIts(peer, who) };
  // A responder tells nobody whether a key was right under a name that is not its owner's.
  if (claim.role === 'initiator' && !isAccepted) return fail(notIt);
  const { remoteKey: key } = peer;
  if (key === undefined) {
    const expected = peer.trust === undefined ? '' : ': a certificate is expected of it';
    return fail({ fault: 'authentication-failed', text: `no pre-shared key for ${peer.group}${expected}` });
  }
  if (!verifyPskAuth({ prf, key, skP: claim.skP, ...signed }, claim.data)) {
    const text = `the ${claim.role} ${who} does not know the key expected of it (remote pre-shared key here)`;
    return fail({ fault: 'authentication-failed', text });
  }
  return isAccepted ? ok('psk') : fail(notIt);
}

function notIts({ identities, group }: IkePeer, who: string): string {
  if (identities === undefined) return `the peer calls itself ${who}, not ${group}`;
  return `the peer calls itself ${who}, which profile ${group} does not match (match identity remote)`;
}

/** The certificate that a peer shows of itself, not yet believed. */
export function shownCertificate(payloads: readonly Payload[]): Certificate | undefined {
  const first = pick(payloads, 'cert');
  if (first?.encoding !== CertificateEncoding.X509_SIGNATURE) return undefined;
  const read = readCertificate(first.data);
  return read.ok ? read.value : undefined;
}

function verifySignature(
  context: IkeContext,
  sa: IkeSa,
  peer: IkePeer,
  prf: number,
  signed: Signed,
  claim: Claim,
): Result<AuthenticationKind, Refusal> {
  const { group, trust } = peer;
  const { method, identity, data } = claim;
  const who = identityInShort(identity);
  if (!SIGNATURE_METHODS.has(method)) {
    const text = `authentication method ${method} is not supported, only pre-shared keys and certificates are`;
    return fail({ fault: 'unsupported-authentication', text });
  }
  if (trust === undefined) {
    const text = `the ${claim.role} ${who} shows a certificate, but a pre-shared key is expected of ${group}`;
    return fail({ fault: 'unsupported-authentication', text });
  }
  const shown = believe(context, sa, trust, claim);
  if (!shown.ok) return shown;
  const certificate = shown.value;
  const { label, publicKey } = certificate;
  const bound = identityInCertificate(identity, certificate);
  const isBound =
    trust.identity === 'any' || bound === 'same' || (trust.identity === 'if-present' && bound === 'absent');
  if (!isBound) {
    const text = `the peer calls itself ${who}, which its certificate ${label} does not say`;
    return fail({ fault: 'identity-refused', text });
  }
  // The profile has to be for it, whoever began: its lines about identities and certificates are alternatives.
  const { identities, certificateRules = [] } = peer;
  const isMeant = identities?.some((rule) => fits(rule, identity)) !== false || ruleFits(certificateRules, certificate);
  if (!isMeant) return fail({ fault: 'identity-refused', text: notIts(peer, who) });
  const octets = signedOctets(prf, claim.skP, signed);
  const scheme = schemeThatVerifies(method, publicKey, octets, data);
  if (scheme === undefined) {
    const text = `the signature of the ${claim.role} ${who} is not by the key of its certificate ${label} (${kindText(publicKey.kind)})`;
    return fail({ fault: 'authentication-failed', text });
  }
  const text = `${who} showed ${label} of ${certificate.issuerText || 'nobody'} and signed by ${schemeText(scheme)}`;
  context.notice({ peer, path: sa.path }, 'certificate-accepted', text);
  return ok(kindOf(publicKey));
}

/** The certificate of the peer if it leads to a trusted authority. */
function believe(
  context: IkeContext,
  { path }: IkeSa,
  trust: CertificateTrust,
  { payloads, identity }: Claim,
): Result<Certificate, Refusal> {
  const refuse = (code: string, text: string): Result<never, Refusal> =>
    fail({
      fault: 'certificate-refused',
      text: `no certificate of ${identityInShort(identity)} is accepted`,
      because: { code, text },
    });
  const sent = payloads.flatMap((payload) => (payload.kind === 'cert' ? [payload] : [])).slice(0, MOST_CERTIFICATES);
  const [first, ...others] = sent;
  if (first === undefined) return refuse('certificate-missing', 'the peer sent none');
  if (first.encoding !== CertificateEncoding.X509_SIGNATURE) {
    const isUrl =
      first.encoding === CertificateEncoding.HASH_AND_URL || first.encoding === CertificateEncoding.HASH_AND_URL_BUNDLE;
    const what = isUrl ? 'by hash and URL' : `in encoding ${first.encoding}`;
    return refuse('certificate-encoding', `the peer sent one ${what}, which is not supported`);
  }
  const leaf = readCertificate(first.data);
  if (!leaf.ok)
    return refuse(`certificate-${leaf.error.kind}`, `the peer sent one that can not be read: ${leaf.error.detail}`);
  const nowMs = context.environment.wallClock?.(context.now);
  if (nowMs === undefined)
    return refuse('no-wall-clock', 'the time of day is not known, so its validity can not be checked');
  const intermediates = others.flatMap(({ encoding, data }) => {
    const read = encoding === CertificateEncoding.X509_SIGNATURE ? readCertificate(data) : undefined;
    return read?.ok === true ? [read.value] : [];
  });
  const valid = validatePath(leaf.value, intermediates, { ...trust, nowMs });
  if (valid.ok) return ok(leaf.value);
  const { reason, certificate, text } = valid.error;
  context.count(`certificate-${reason}`);
  const from = `${identityInShort(identity)} at ${path.remote.address}`;
  return fail({
    fault: 'certificate-refused',
    text: `the certificate ${leaf.value.label} of ${from} is refused`,
    because: {
      code: `certificate-${reason}`,
      text: certificate === leaf.value.label ? text : `certificate ${certificate} on its path: ${text}`,
    },
  });
}

/** <SignedOctets> of section 2.15: what is signed instead of hashed with the shared key. */
function signedOctets(prf: number, skP: SecretKey, { message, peerNonce, idBody }: Signed): Uint8Array {
  return concat(message, peerNonce, prfOf(prf, skP.reveal(), idBody));
}

const SIGNATURE_METHODS: ReadonlySet<number> = new Set([
  AuthMethod.RSA_SIGNATURE,
  AuthMethod.ECDSA_256,
  AuthMethod.ECDSA_384,
  AuthMethod.ECDSA_521,
  AuthMethod.DIGITAL_SIGNATURE,
]);

/** RFC 7296 section 3.8 says nothing of the hash of RSA signatures but that SHA-1 should do: the others do, too. */
const RSA_HASHES: readonly SignatureHash[] = ['sha1', 'sha256', 'sha384', 'sha512'];

/** The scheme by which a key made a signature in one of the methods; undefined: it did not. */
function schemeThatVerifies(
  method: number,
  key: PublicKey,
  octets: Uint8Array,
  data: Uint8Array,
): SignatureScheme | undefined {
  if (method === AuthMethod.DIGITAL_SIGNATURE) {
    // RFC 7427 section 3: the length of the AlgorithmIdentifier, itself, and the signature.
    const length = data[0] ?? 0;
    const scheme = decodeScheme(data.subarray(1, 1 + length));
    if (scheme === undefined || !isOffered(scheme)) return undefined;
    return verify(key, scheme, octets, data.subarray(1 + length)) ? scheme : undefined;
  }
  if (method === AuthMethod.RSA_SIGNATURE) {
    const schemes = RSA_HASHES.map((hash): SignatureScheme => ({ kind: 'rsa-pkcs1', hash }));
    return schemes.find((scheme) => verify(key, scheme, octets, data));
  }
  const { curve } = key.kind;
  if (curve === undefined || method !== ECDSA_METHODS[curve]) return undefined;
  const scheme: SignatureScheme = { kind: 'ecdsa', hash: hashOfCurve(curve), form: 'raw' };
  return verify(key, scheme, octets, data) ? scheme : undefined;
}

const ECDSA_METHODS = {
  'P-256': AuthMethod.ECDSA_256,
  'P-384': AuthMethod.ECDSA_384,
  'P-521': AuthMethod.ECDSA_521,
} as const;

const HASH_NUMBERS: Readonly<Record<SignatureHash, number>> = {
  sha1: HashAlgorithm.SHA1,
  sha256: HashAlgorithm.SHA2_256,
  sha384: HashAlgorithm.SHA2_384,
  sha512: HashAlgorithm.SHA2_512,
};

/** What SIGNATURE_HASH_ALGORITHMS of ours says: SHA-1 is not worth more than the older methods (RFC 7427 section 5). */
export const OWN_HASHES: readonly number[] = [
  HashAlgorithm.SHA2_256,
  HashAlgorithm.SHA2_384,
  HashAlgorithm.SHA2_512,
  HashAlgorithm.IDENTITY,
];

function isOffered(scheme: SignatureScheme): boolean {
  return OWN_HASHES.includes(scheme.kind === 'eddsa' ? HashAlgorithm.IDENTITY : HASH_NUMBERS[scheme.hash]);
}

/** Data of SIGNATURE_HASH_ALGORITHMS, RFC 7427 section 4: numbers of two bytes each. */
export function hashesBytes(hashes: readonly number[]): Uint8Array {
  const w = new Writer(2 * hashes.length);
  for (const hash of hashes) w.u16(hash);
  return w.finish();
}

export function hashesOf(data: Uint8Array): readonly number[] {
  const count = Math.min(data.length >> 1, 64);
  return Array.from({ length: count }, (_, i) => ((data[2 * i] ?? 0) << 8) | (data[2 * i + 1] ?? 0));
}

function ownSignature(sa: IkeSa, signature: LocalSignature, prf: number, signed: Signed): Result<OwnProof, Refusal> {
  const { credential } = signature;
  const { publicKey } = credential.certificate;
  const chosen = chooseMethod(publicKey, signature, sa.peerHashes);
  if (chosen === undefined) {
    const text = `the peer does not verify signatures by ${kindText(publicKey.kind)} keys, such as that of our certificate ${credential.certificate.label}`;
    return fail({ fault: 'unsupported-authentication', text });
  }
  const { method, scheme } = chosen;
  return ok({
    kind: kindOf(publicKey),
    method,
    prove: (skP) => {
      const made = credential.sign(scheme, signedOctets(prf, skP, signed));
      if (method !== AuthMethod.DIGITAL_SIGNATURE) return made;
      const algorithm = encodeScheme(scheme);
      return concat(Uint8Array.of(algorithm.length), algorithm, made);
    },
    certificates: chainFor(signature, sa.peerAuthorities).map(({ der: data }) => ({
      kind: 'cert',
      encoding: CertificateEncoding.X509_SIGNATURE,
      data,
    })),
  });
}

/** Our own certificate first; then the authorities above it, up to one that the peer said it trusts. */
function chainFor({ credential, sendChain }: LocalSignature, wanted: ReadonlySet<string>): readonly Certificate[] {
  const { certificate, intermediates } = credential;
  if (!sendChain) return [certificate];
  const known = intermediates.findIndex(({ keyHash }) => wanted.has(toHex(keyHash)));
  return [certificate, ...(known < 0 ? intermediates : intermediates.slice(0, known))];
}

/** RFC 7427's method where the peer has it, else the older one of the key. */
function chooseMethod(
  { kind }: PublicKey,
  { rsaHash, rsaPadding }: LocalSignature,
  peerHashes: readonly number[],
): Readonly<{ method: number; scheme: SignatureScheme }> | undefined {
  const { type, curve } = kind;
  const isOld = peerHashes.length === 0 || (rsaHash === 'sha1' && type === 'rsa');
  if (isOld) {
    if (type === 'rsa') return { method: AuthMethod.RSA_SIGNATURE, scheme: { kind: 'rsa-pkcs1', hash: 'sha1' } };
    if (curve === undefined) return undefined;
    return { method: ECDSA_METHODS[curve], scheme: { kind: 'ecdsa', hash: hashOfCurve(curve), form: 'raw' } };
  }
  const method = AuthMethod.DIGITAL_SIGNATURE;
  if (type === 'ed25519' || type === 'ed448') {
    return peerHashes.includes(HashAlgorithm.IDENTITY) ? { method, scheme: { kind: 'eddsa', curve: type } } : undefined;
  }
  const strength: readonly SignatureHash[] = ['sha256', 'sha384', 'sha512'];
  const wanted = curve === undefined ? strength : [hashOfCurve(curve), ...strength.toReversed()];
  const hash = wanted.find((one) => peerHashes.includes(HASH_NUMBERS[one]));
  if (hash === undefined) return undefined;
  if (type === 'ec') return { method, scheme: { kind: 'ecdsa', hash, form: 'der' } };
  return { method, scheme: type === 'rsa-pss' || rsaPadding === 'pss' ? pss(hash) : { kind: 'rsa-pkcs1', hash } };
}

function kindOf({ kind }: PublicKey): AuthenticationKind {
  if (kind.type === 'ec') return 'ecdsa';
  return kind.type === 'rsa' || kind.type === 'rsa-pss' ? 'rsa' : 'eddsa';
}
