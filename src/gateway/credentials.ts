/**
 * What no configuration holds: private keys, and files of certificates and revocation lists. A driver reads the files;
 * here their bytes become values, and everything that is wrong with them is told.
 */
import { fromUtf8 } from '../base/index.ts';
import {
  type Certificate,
  type Crl,
  type PrivateKey,
  readCertificate,
  readCertificates,
  readCrls,
  readPrivateKey,
} from '../crypto/index.ts';

/** Files of one trustpoint. */
export type TrustpointMaterial = Readonly<{
  certificate?: Certificate;
  /** Authorities between our certificate and one that the peer knows. */
  chain: readonly Certificate[];
  authorities: readonly Certificate[];
  crls: readonly Crl[];
}>;

export type Credentials = Readonly<{
  /** By label of the key pair. */
  keypairs: ReadonlyMap<string, PrivateKey>;
  /** By name of the trustpoint. */
  trustpoints: ReadonlyMap<string, TrustpointMaterial>;
}>;

export const NO_CREDENTIALS: Credentials = { keypairs: new Map(), trustpoints: new Map() };

/** Where the files are, as paths that `ReadFile` understands. */
export type CredentialFiles = Readonly<{
  keypairs?: ReadonlyMap<string, string>;
  trustpoints?: ReadonlyMap<
    string,
    Readonly<{ certificate?: string; chain?: string; ca: readonly string[]; crl: readonly string[] }>
  >;
}>;

/** The bytes of a file; undefined: it can not be read. */
export type ReadFile = (path: string) => Uint8Array | undefined;

/** A file that is of no use, and why. */
export type CredentialFault = Readonly<{ path: string; text: string }>;

/** Reads all files. What can be used is used; the rest is told. `passphrases` open key pairs by label. */
export function readCredentials(
  files: CredentialFiles,
  readFile: ReadFile,
  passphrases: ReadonlyMap<string, string> = new Map(),
): Readonly<{ credentials: Credentials; faults: readonly CredentialFault[] }> {
  const faults: CredentialFault[] = [];
  const complain = (path: string, text: string): undefined => {
    faults.push({ path, text });
    return undefined;
  };
  const bytesOf = (path: string): Uint8Array | undefined =>
    readFile(path) ?? complain(path, 'the file can not be read');

  const keypairs = new Map<string, PrivateKey>();
  for (const [label, path] of files.keypairs ?? []) {
    const bytes = bytesOf(path);
    if (bytes === undefined) continue;
    const key = readPrivateKey(fromUtf8(bytes), passphrases.get(label));
    if (key.ok) keypairs.set(label, key.value);
    else complain(path, KEY_FAULTS[key.error]);
  }

  const certificatesOf = (path: string): readonly Certificate[] => {
    const bytes = bytesOf(path);
    if (bytes === undefined) return [];
    // DER begins with a SEQUENCE, which no PEM does.
    const isDer = bytes[0] === 0x30;
    const one = isDer ? readCertificate(bytes) : undefined;
    const read =
      one === undefined
        ? readCertificates(fromUtf8(bytes))
        : one.ok
          ? ({ ok: true, value: [one.value] } as const)
          : one;
    if (read.ok) return read.value;
    complain(path, `not a certificate that can be used: ${read.error.detail}`);
    return [];
  };
  const crlsOf = (path: string): readonly Crl[] => {
    const bytes = bytesOf(path);
    if (bytes === undefined) return [];
    const read = readCrls(bytes);
    if (read.ok) return read.value;
    complain(path, `not a revocation list that can be used: ${read.error.detail}`);
    return [];
  };
  const trustpoints = new Map<string, TrustpointMaterial>();
  for (const [name, { certificate: own, chain, ca, crl }] of files.trustpoints ?? []) {
    const [certificate, ...above] = own === undefined ? [] : certificatesOf(own);
    trustpoints.set(name, {
      ...(certificate === undefined ? {} : { certificate }),
      chain: [...above, ...(chain === undefined ? [] : certificatesOf(chain))],
      authorities: ca.flatMap(certificatesOf),
      crls: crl.flatMap(crlsOf),
    });
  }
  return { credentials: { keypairs, trustpoints }, faults };
}

const KEY_FAULTS = {
  'malformed-key': 'not a private key in PEM',
  'passphrase-needed': 'the private key is encrypted, and no passphrase opens it',
  'unsupported-key': 'private keys of this kind are not supported',
} as const;
