/**
 * Path validation, RFC 5280 section 6, as far as gateways need it: from a peer's certificate over the intermediates it
 * sent to an authority that the operator trusts. Whatever a stranger sends, a few signatures are verified at most.
 */
import { fail, isoTime, ok, type Result } from '../base/index.ts';
import { type Certificate, KeyUsage } from './x509.ts';
import type { Crl } from './x509-crl.ts';
import { namesEqual } from './x509-name.ts';

/** What must be known about revocation: nothing, a valid list that does not name it, or whatever is known. */
export type Revocation = 'none' | 'crl' | 'crl-optional';

/** An authority that the operator trusts, with the checks that its trustpoint asks for. */
export type TrustAnchor = Readonly<{
  /** Name of the trustpoint. */
  name: string;
  certificate: Certificate;
  revocation: Revocation;
  crls: readonly Crl[];
  /** Certificates below it need not be made for IPsec (`ignore-ipsec-keyusage`). */
  ignoreKeyUsage?: boolean;
}>;

export type PathReason =
  | 'unknown-authority'
  | 'bad-signature'
  | 'expired'
  | 'not-yet-valid'
  | 'not-an-authority'
  | 'path-too-long'
  | 'wrong-usage'
  | 'critical-extension'
  | 'weak-algorithm'
  | 'revoked'
  | 'revocation-unknown';

/** Why a certificate is not believed: the one that the rule breaks on, and a sentence. */
export type PathFault = Readonly<{ reason: PathReason; certificate: string; text: string }>;

export type PathRules = Readonly<{
  anchors: readonly TrustAnchor[];
  /** Wall-clock time, milliseconds since 1970. */
  nowMs: number;
  /** RSA below 2048 bits and signatures with SHA-1 will do (`crypto ca permit-weak-crypto`). */
  permitWeak: boolean;
}>;

/** A path that holds: the peer's certificate first, the trusted authority last. */
export type ValidPath = Readonly<{ anchor: TrustAnchor; certificates: readonly Certificate[] }>;

const MOST_AUTHORITIES = 8;
const MOST_SIGNATURES = 16;

/** Finds a path that holds; else the fault of the one that came furthest. */
export function validatePath(
  leaf: Certificate,
  intermediates: readonly Certificate[],
  rules: PathRules,
): Result<ValidPath, PathFault> {
  const fault = ownFault(leaf, rules);
  if (fault !== undefined) return fail(fault);
  return new Search(intermediates, rules).from(leaf);
}

class Search {
  readonly #intermediates: readonly Certificate[];
  readonly #rules: PathRules;
  #signatures = 0;
  #furthest: { depth: number; fault: PathFault } | undefined;

  constructor(intermediates: readonly Certificate[], rules: PathRules) {
    this.#intermediates = intermediates;
    this.#rules = rules;
  }

  from(leaf: Certificate): Result<ValidPath, PathFault> {
    const found = this.#extend([leaf]);
    if (found !== undefined) return ok(found);
    return fail(
      this.#furthest?.fault ?? {
        reason: 'unknown-authority',
        certificate: leaf.label,
        text: `its issuer ${leaf.issuerText || 'without a name'} is not trusted here and was not sent`,
      },
    );
  }

  #extend(path: readonly Certificate[]): ValidPath | undefined {
    const last = path.at(-1);
    if (last === undefined) return undefined;
    for (const anchor of this.#rules.anchors) {
      const { certificate } = anchor;
      // A certificate that is itself configured needs no issuer.
      if (path.length === 1 && certificate.equals(last)) {
        const fault = usageFault(last, anchor);
        if (fault === undefined) return { anchor, certificates: path };
        this.#note(path.length, fault);
        continue;
      }
      if (!namesEqual(last.issuer, certificate.subject)) continue;
      const fault = this.#link(path, certificate, true) ?? this.#whole([...path, certificate], anchor);
      if (fault === undefined) return { anchor, certificates: [...path, certificate] };
      this.#note(path.length + 1, fault);
    }
    for (const next of this.#intermediates) {
      if (!namesEqual(last.issuer, next.subject) || path.some((one) => one.equals(next))) continue;
      if (path.length > MOST_AUTHORITIES) {
        const text = `more than ${MOST_AUTHORITIES} authorities lead to it`;
        this.#note(path.length, { reason: 'path-too-long', certificate: path[0]?.label ?? '', text });
        return undefined;
      }
      const fault = this.#link(path, next, false);
      if (fault !== undefined) {
        this.#note(path.length, fault);
        continue;
      }
      const before = this.#furthest;
      const found = this.#extend([...path, next]);
      if (found !== undefined) return found;
      if (this.#furthest === before) {
        const text = `its issuer ${next.issuerText} is not trusted here and was not sent`;
        this.#note(path.length + 1, { reason: 'unknown-authority', certificate: next.label, text });
      }
    }
    return undefined;
  }

  /** Whether an authority may have issued the last certificate of a path, and did: section 6.1.4. */
  #link(path: readonly Certificate[], issuer: Certificate, isAnchor: boolean): PathFault | undefined {
    const last = path.at(-1);
    if (last === undefined) return undefined;
    // One of version 1 has no way to say that it is an authority: the operator said it.
    const isAuthority = issuer.isCa || (isAnchor && issuer.version < 3);
    if (!isAuthority) return fault('not-an-authority', issuer, 'it is not a certificate of an authority');
    if (issuer.keyUsage !== undefined && !issuer.keyUsage.has(KeyUsage.KEY_CERT_SIGN)) {
      return fault('not-an-authority', issuer, 'its key may not sign certificates');
    }
    const below = path.slice(1).filter((one) => !namesEqual(one.subject, one.issuer)).length;
    if (issuer.pathLength !== undefined && below > issuer.pathLength) {
      return fault('path-too-long', issuer, `at most ${issuer.pathLength} authorities may stand below it`);
    }
    const own = ownFault(issuer, this.#rules, isAnchor);
    if (own !== undefined) return own;
    if (last.scheme === undefined) return fault('weak-algorithm', last, 'its signature algorithm is not known');
    if (!this.#rules.permitWeak && 'hash' in last.scheme && last.scheme.hash === 'sha1') {
      return fault('weak-algorithm', last, 'it is signed with SHA-1 (crypto ca permit-weak-crypto allows it)');
    }
    this.#signatures += 1;
    if (this.#signatures > MOST_SIGNATURES) {
      return fault('path-too-long', last, `more than ${MOST_SIGNATURES} signatures would have to be verified`);
    }
    return last.isSignedBy(issuer) ? undefined : fault('bad-signature', last, `${issuer.label} did not sign it`);
  }

  /** What can only be said of a whole path: its use, and what its trustpoint asks about revocation. */
  #whole(path: readonly Certificate[], anchor: TrustAnchor): PathFault | undefined {
    const [leaf] = path;
    const usage = leaf === undefined ? undefined : usageFault(leaf, anchor);
    if (usage !== undefined || anchor.revocation === 'none') return usage;
    for (let i = 0; i + 1 < path.length; i++) {
      const [one, issuer] = [path[i], path[i + 1]];
      if (one === undefined || issuer === undefined) continue;
      const found = this.#revocation(one, issuer, anchor);
      if (found !== undefined) return found;
    }
    return undefined;
  }

  #revocation(one: Certificate, issuer: Certificate, { revocation, crls, name }: TrustAnchor): PathFault | undefined {
    const { nowMs } = this.#rules;
    let isKnown = false;
    let why = `trustpoint ${name} has no revocation list of ${issuer.label}`;
    for (const crl of crls) {
      if (!namesEqual(crl.issuer, issuer.subject)) continue;
      if (!crl.isSignedBy(issuer)) {
        why = `the revocation list of ${issuer.label} is not signed by it`;
        continue;
      }
      const revokedAt = crl.revokedAt(one.serial);
      if (revokedAt !== undefined) return fault('revoked', one, `it was revoked on ${momentText(revokedAt)}`);
      if (crl.thisUpdate > nowMs) why = `the revocation list of ${issuer.label} is from the future`;
      else if (crl.nextUpdate !== undefined && crl.nextUpdate < nowMs) {
        why = `the revocation list of ${issuer.label} ended on ${momentText(crl.nextUpdate)}`;
      } else isKnown = true;
    }
    return isKnown || revocation !== 'crl' ? undefined : fault('revocation-unknown', one, why);
  }

  #note(depth: number, found: PathFault): void {
    if (this.#furthest === undefined || depth > this.#furthest.depth) this.#furthest = { depth, fault: found };
  }
}

/** What a certificate says against itself, wherever it stands. */
function ownFault(one: Certificate, { nowMs, permitWeak }: PathRules, isAnchor = false): PathFault | undefined {
  if (nowMs < one.notBefore) return fault('not-yet-valid', one, `it is valid from ${momentText(one.notBefore)} on`);
  if (nowMs > one.notAfter) return fault('expired', one, `it expired on ${momentText(one.notAfter)}`);
  const { kind } = one.publicKey;
  if (!permitWeak && (kind.type === 'rsa' || kind.type === 'rsa-pss') && kind.bits < 2048) {
    const text = `its RSA key has only ${kind.bits} bits (crypto ca permit-weak-crypto allows it)`;
    return fault('weak-algorithm', one, text);
  }
  // Section 6.1: an anchor is trusted for what it is, not for what it says.
  const [unknown] = isAnchor ? [] : one.unknownCritical;
  return unknown === undefined
    ? undefined
    : fault('critical-extension', one, `its critical extension ${unknown} is not known`);
}

/** Extended key usages that a gateway's certificate may have: any, IKE, and those that authorities give to servers. */
const IKE_USAGES: ReadonlySet<string> = new Set([
  '2.5.29.37.0',
  '1.3.6.1.5.5.7.3.17', // id-kp-ipsecIKE, RFC 4945 section 5.1.3.12
  '1.3.6.1.5.5.7.3.5', // ipsecEndSystem
  '1.3.6.1.5.5.7.3.6', // ipsecTunnel
  '1.3.6.1.5.5.7.3.7', // ipsecUser
  '1.3.6.1.5.5.8.2.2', // iKEIntermediate
  '1.3.6.1.5.5.7.3.1', // serverAuth
  '1.3.6.1.5.5.7.3.2', // clientAuth
]);

/** RFC 4945 sections 5.1.3.2 and 5.1.3.12. */
function usageFault(leaf: Certificate, { ignoreKeyUsage }: TrustAnchor): PathFault | undefined {
  if (ignoreKeyUsage === true) return undefined;
  const { keyUsage, extendedKeyUsage } = leaf;
  const signs = keyUsage?.has(KeyUsage.DIGITAL_SIGNATURE) === true || keyUsage?.has(KeyUsage.NON_REPUDIATION) === true;
  if (keyUsage !== undefined && !signs) return fault('wrong-usage', leaf, 'its key may not sign (key usage)');
  if (extendedKeyUsage !== undefined && !extendedKeyUsage.some((id) => IKE_USAGES.has(id))) {
    return fault('wrong-usage', leaf, 'it is made for something else than IPsec (extended key usage)');
  }
  return undefined;
}

function fault(reason: PathReason, { label }: Certificate, text: string): PathFault {
  return { reason, certificate: label, text };
}

/** Such as `2026-11-22 23:50:00 UTC`. */
export function momentText(ms: number): string {
  return `${isoTime(ms).slice(0, 19).replace('T', ' ')} UTC`;
}
