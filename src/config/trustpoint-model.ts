/** Trustpoints: our own certificates and the authorities we trust. Private keys are in no configuration. */
import type { IpAddress } from '../base/index.ts';
import type { Written } from './written.ts';

/** How it is found out whether a certificate was revoked, in the order in which it is tried. */
export type RevocationMethod = 'crl' | 'ocsp' | 'none';

export type TrustpointModel = Readonly<{
  name: string;
  enrollment?: Readonly<{ kind: 'terminal' | 'self' } | { kind: 'url'; url: string }>;
  /** What a request for a certificate would say. */
  subjectName?: string;
  fqdn?: string;
  email?: string;
  ipAddress?: IpAddress;
  serialNumber: boolean;
  /** Label of the key pair. */
  keypair?: string;
  idUsage?: string;
  revocationCheck: readonly RevocationMethod[];
  /** Certificates need not be made for IPsec. */
  ignoreKeyUsage: boolean;
  written: Written;
}>;

export type CertificateModel = Readonly<{
  kind: 'identity' | 'ca';
  serial: string;
  /** DER as hexadecimal digits. */
  hex: string;
  written: Written;
}>;

/** Certificates of one trustpoint, as a saved configuration shows them. */
export type CertificateChainModel = Readonly<{
  trustpoint: string;
  certificates: readonly CertificateModel[];
  written: Written;
}>;
