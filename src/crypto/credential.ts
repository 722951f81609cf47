/** A certificate with its private key: what a gateway authenticates itself with. */
import { bytesEqual, fail, ok, type Result } from '../base/index.ts';
import type { PrivateKey } from './keys.ts';
import { type SignatureScheme, sign } from './signature.ts';
import type { Certificate } from './x509.ts';

/** Made by `of` alone, which refuses a key that is not the certificate's. */
export class LocalCredential {
  readonly certificate: Certificate;
  /** Authorities above it, nearest first, as far as they may be sent: the root is not. */
  readonly intermediates: readonly Certificate[];
  readonly #key: PrivateKey;

  private constructor(certificate: Certificate, intermediates: readonly Certificate[], key: PrivateKey) {
    this.certificate = certificate;
    this.intermediates = intermediates;
    this.#key = key;
  }

  static of(
    certificate: Certificate,
    intermediates: readonly Certificate[],
    key: PrivateKey,
  ): Result<LocalCredential, 'other-key'> {
    if (!bytesEqual(certificate.publicInfo, key.publicInfo)) return fail('other-key');
    return ok(new LocalCredential(certificate, intermediates, key));
  }

  sign(scheme: SignatureScheme, data: Uint8Array): Uint8Array {
    return sign(this.#key, scheme, data);
  }

  equals(other: LocalCredential): boolean {
    const same = (one: Certificate, i: number): boolean => other.intermediates[i]?.equals(one) === true;
    return (
      this.certificate.equals(other.certificate) &&
      this.intermediates.length === other.intermediates.length &&
      this.intermediates.every(same)
    );
  }

  toString(): string {
    return `<certificate ${this.certificate.label} with its key>`;
  }

  toJSON(): string {
    return this.toString();
  }

  [Symbol.for('nodejs.util.inspect.custom')](): string {
    return this.toString();
  }
}
