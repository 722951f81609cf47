/** Trustpoints and the certificates that a saved configuration holds. */
import { choice, name, number, optional, text, words } from '../../parameters.ts';
import { certificateMapRows } from '../../rows/certificate-map.ts';
import { type CertificateWords, certificateChainRows, trustpointRows } from '../../rows/certificates.ts';
import { harmless, type IosxeRow } from '../row.ts';

const SECTION = 'pki';
const WORDS: CertificateWords = { before: 'crypto pki', keypair: 'rsakeypair', section: SECTION, revocation: 'crl' };
const inTrustpoint = { within: ['crypto pki trustpoint TP'] };

export const certificateRows: readonly IosxeRow[] = [
  ...trustpointRows(WORDS),
  harmless('trustpoint', {
    pattern: '{enrollment {selfsigned|terminal pem|mode <rest>|profile <rest>|pkcs12}|<what> [<rest>]}',
    help: 'Settings for fetching certificates and for other uses than IPsec',
    params: {
      what: words(
        'Setting',
        ...(['auto-enroll', 'auto-trigger', 'authorization', 'chain-validation', 'crl', 'eckeypair', 'hash'] as const),
        ...([
          'ip-extension',
          'match',
          'ocsp',
          'on',
          'primary',
          'regenerate',
          'source',
          'storage',
          'usage',
          'vrf',
        ] as const),
      ),
      rest: optional(text('Value')),
    },
    example: [
      { line: 'enrollment selfsigned', ...inTrustpoint },
      { line: 'hash sha256', ...inTrustpoint },
      { line: 'auto-enroll 90 regenerate', ...inTrustpoint },
    ],
  }),
  harmless('trustpoint', {
    pattern: 'rsakeypair <label> <size> [<encryption>]',
    help: 'Key pair of the certificate; how long it is says the key itself',
    params: {
      label: name('Key pair', 255),
      size: number(360, 8192, 'Bits'),
      encryption: optional(number(360, 8192, 'Bits of the pair for encryption')),
    },
    example: { line: 'rsakeypair VPN-KEY 2048', ...inTrustpoint },
  }),
  ...certificateMapRows({ before: 'crypto pki', section: SECTION, isAsa: false }),
  ...certificateChainRows(WORDS),
  harmless('certificate-chain', {
    pattern: 'certificate [<kind>] <serial> <file>',
    help: 'Certificate in a file of the device, which is not here',
    params: {
      kind: optional(choice('Kind', { ca: "The authority's", 'self-signed': 'Our own signature' })),
      serial: name('Serial number', 128),
      file: name('File', 255),
    },
    example: { line: 'certificate ca 01 nvram:ca.cer', within: ['crypto pki certificate chain TP'] },
  }),
  harmless('certificate-chain', {
    pattern: 'certificate {self-signed|rollover|ca rollover} <serial>',
    help: 'Certificates that are not for IPsec',
    enters: 'section',
    params: { serial: name('Serial number', 128) },
    example: { line: 'certificate self-signed 01', within: ['crypto pki certificate chain TP'] },
  }),
  harmless('config', {
    pattern: 'crypto {pki <what> [<rest>]|key <rest>|engine <rest>|mib <rest>|call <rest>|provisioning <rest>}',
    help: 'Further settings about keys and certificates',
    section: SECTION,
    params: {
      what: words('What', 'token', 'certificate', 'crl', 'trustpool', 'cache', 'enrollment', 'export', 'benchmark'),
      rest: optional(text('Setting')),
    },
    example: 'crypto pki token default removal timeout 0',
  }),
];
