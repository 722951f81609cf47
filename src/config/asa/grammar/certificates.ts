/** Trustpoints and the certificates that a saved configuration holds. */
import { optional, text, words } from '../../parameters.ts';
import { certificateMapRows } from '../../rows/certificate-map.ts';
import { type CertificateWords, certificateChainRows, trustpointRows } from '../../rows/certificates.ts';
import { type AsaRow, harmless, unsupported, used } from '../row.ts';

const SECTION = 'crypto-ca';
const WORDS: CertificateWords = {
  before: 'crypto ca',
  keypair: 'keypair',
  section: SECTION,
  revocation: 'none',
};
const inTrustpoint = { within: ['crypto ca trustpoint TP'] };

export const certificateRows: readonly AsaRow[] = [
  harmless('config', {
    pattern: 'crypto ca trustpool policy',
    help: 'Checks of the pool of certificates',
    section: SECTION,
    enters: 'section',
    example: 'crypto ca trustpool policy',
  }),
  used('config', {
    pattern: 'crypto ca permit-weak-crypto',
    help: 'Accept RSA keys below 2048 bits and signatures with SHA-1',
    section: SECTION,
    params: {},
    example: 'crypto ca permit-weak-crypto',
    set(target) {
      target.device.permitWeakCrypto = true;
    },
    unset(target) {
      delete target.device.permitWeakCrypto;
    },
    print: ({ permitWeakCrypto }) => (permitWeakCrypto === true ? [{ values: {} }] : []),
  }),
  ...trustpointRows(WORDS),
  harmless('trustpoint', {
    pattern: 'crl configure',
    help: 'Where revocation lists are fetched; here they are files that the host names',
    enters: 'section',
    example: { line: 'crl configure', ...inTrustpoint },
  }),
  harmless('trustpoint', {
    pattern: '<what> [<rest>]',
    help: 'Settings for fetching certificates and for other uses than IPsec',
    params: {
      what: words(
        'Setting',
        'accept-subordinates',
        'auto-enroll',
        'ca-check',
        'client-types',
        'crl',
        'default',
        'id-cert-issuer',
        'ignore-ssl-keyusage',
        'match',
        'ocsp',
        'proxy-ldc-issuer',
        'signature',
        'support-user-cert-validation',
        'usage',
        'validation-policy',
        'validation-usage',
      ),
      rest: optional(text('Value')),
    },
    example: [
      { line: 'validation-usage ipsec-client ssl-client', ...inTrustpoint },
      { line: 'no validation-policy', ...inTrustpoint },
    ],
  }),
  ...certificateMapRows({ before: 'crypto ca', section: SECTION, isAsa: true }),
  ...certificateChainRows(WORDS),
  unsupported('config', {
    pattern: 'crypto ca {server|trustpool|alerts|reference-identity} [<rest>]',
    help: 'Authority of our own, pool of certificates, reminders',
    section: SECTION,
    enters: 'section',
    params: { rest: optional(text('Rest of the line')) },
    example: 'crypto ca server',
  }),
];
