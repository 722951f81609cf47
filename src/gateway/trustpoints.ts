/** Trustpoints of a configuration with the host's files: what we prove ourselves with, and whom we believe. */
import { fromHex } from '../base/index.ts';
import type { DeviceModel } from '../config/index.ts';
import {
  type Certificate,
  LocalCredential,
  namesEqual,
  type Revocation,
  readCertificate,
  type TrustAnchor,
} from '../crypto/index.ts';
import type { Credentials } from './credentials.ts';

/** What a platform calls the key pair that nobody named. */
const DEFAULT_KEYPAIR = '<Default-RSA-Key>';
const MOST_AUTHORITIES = 8;

/** One trustpoint as it stands, for those who look at it. */
export type TrustpointStatus = Readonly<{
  name: string;
  certificate?: Certificate;
  authorities: readonly Certificate[];
  /** Whether the private key of the certificate is there. */
  hasKey: boolean;
  revocation: Revocation;
  /** When each revocation list ends, milliseconds since 1970; undefined: it does not say. */
  crls: readonly Readonly<{ issuer: string; size: number; nextUpdate: number | undefined }>[];
}>;

export class Trustpoints {
  readonly #model: DeviceModel;
  readonly #credentials: Credentials;
  readonly #written: ReadonlyMap<
    string,
    Readonly<{ own: Certificate | undefined; authorities: readonly Certificate[] }>
  >;

  constructor(model: DeviceModel, credentials: Credentials) {
    this.#model = model;
    this.#credentials = credentials;
    this.#written = new Map((model.certificateChains ?? []).map((chain) => [chain.trustpoint, writtenOf(chain)]));
  }

  /** Our certificate in a trustpoint with its key and the authorities above it; or the first thing it lacks. */
  credential(name: string): LocalCredential | string {
    const trustpoint = this.#model.trustpoints?.find((one) => one.name === name);
    if (trustpoint === undefined) return `trustpoint ${name} is not configured`;
    const certificate = this.#own(name);
    if (certificate === undefined) return `trustpoint ${name} has no certificate of this device`;
    const label = trustpoint.keypair ?? name;
    const { keypairs } = this.#credentials;
    const key = keypairs.get(label) ?? (trustpoint.keypair === undefined ? keypairs.get(DEFAULT_KEYPAIR) : undefined);
    if (key === undefined) return `the host has no private key for keypair ${label} of trustpoint ${name}`;
    const made = LocalCredential.of(certificate, this.#above(certificate), key);
    return made.ok ? made.value : `keypair ${label} is not the key of the certificate of trustpoint ${name}`;
  }

  /** Every authority that is trusted, with the checks that its trustpoint asks for. */
  anchors(): readonly TrustAnchor[] {
    return (this.#model.trustpoints ?? []).flatMap(({ name, revocationCheck, ignoreKeyUsage }) => {
      const crls = this.#credentials.trustpoints.get(name)?.crls ?? [];
      const revocation = revocationOf(revocationCheck);
      return this.#authorities(name).map((certificate) => ({ name, certificate, revocation, crls, ignoreKeyUsage }));
    });
  }

  status(): readonly TrustpointStatus[] {
    return (this.#model.trustpoints ?? []).map(({ name, revocationCheck }) => {
      const certificate = this.#own(name);
      const crls = this.#credentials.trustpoints.get(name)?.crls ?? [];
      return {
        name,
        ...(certificate === undefined ? {} : { certificate }),
        authorities: this.#authorities(name),
        hasKey: typeof this.credential(name) !== 'string',
        revocation: revocationOf(revocationCheck),
        crls: crls.map(({ issuerText: issuer, size, nextUpdate }) => ({ issuer, size, nextUpdate })),
      };
    });
  }

  /** The host's file comes before what the configuration shows: it is the newer one. */
  #own(name: string): Certificate | undefined {
    return this.#credentials.trustpoints.get(name)?.certificate ?? this.#written.get(name)?.own;
  }

  #authorities(name: string): readonly Certificate[] {
    const found: Certificate[] = [];
    const files = this.#credentials.trustpoints.get(name)?.authorities ?? [];
    for (const one of [...files, ...(this.#written.get(name)?.authorities ?? [])]) {
      if (!found.some((known) => known.equals(one))) found.push(one);
    }
    return found;
  }

  /** Authorities above a certificate, nearest first, without the root, of whatever trustpoint they are. */
  #above(certificate: Certificate): readonly Certificate[] {
    const names = (this.#model.trustpoints ?? []).map(({ name }) => name);
    const files = names.flatMap((name) => this.#credentials.trustpoints.get(name)?.chain ?? []);
    const known = [...files, ...names.flatMap((name) => this.#authorities(name))];
    const path: Certificate[] = [];
    let last = certificate;
    while (path.length < MOST_AUTHORITIES) {
      const { issuer } = last;
      const next = known.find((one) => namesEqual(one.subject, issuer) && !path.includes(one) && last.isSignedBy(one));
      if (next === undefined || namesEqual(next.subject, next.issuer)) break;
      path.push(next);
      last = next;
    }
    return path;
  }
}

/** OCSP is not asked: a check without an answer. */
function revocationOf(methods: readonly ('crl' | 'ocsp' | 'none')[]): Revocation {
  const last = methods.indexOf('none');
  if (last === 0) return 'none';
  if (last > 0) return methods.slice(0, last).includes('crl') ? 'crl-optional' : 'none';
  return methods.length === 0 ? 'none' : 'crl';
}

function writtenOf({ certificates }: NonNullable<DeviceModel['certificateChains']>[number]) {
  const read = certificates.flatMap(({ kind, hex }) => {
    const der = fromHex(hex);
    const certificate = der === undefined ? undefined : readCertificate(der);
    return certificate?.ok === true ? [{ kind, certificate: certificate.value }] : [];
  });
  return {
    own: read.find(({ kind }) => kind === 'identity')?.certificate,
    authorities: read.filter(({ kind }) => kind === 'ca').map(({ certificate }) => certificate),
  };
}
