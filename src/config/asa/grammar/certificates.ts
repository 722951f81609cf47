/** Trustpoints and the certificates that a saved configuration holds. */
import type { Draft } from '../../draft.ts';
import {
  address,
  choice,
  hexadecimal,
  many,
  name,
  number,
  optional,
  secretText,
  text,
  words,
} from '../../parameters.ts';
import type { CertificateModel, TrustpointModel } from '../../trustpoint-model.ts';
import type { Assembly } from '../assembly.ts';
import { type AsaRow, harmless, unsupported, used } from '../row.ts';

const SECTION = 'crypto-ca';
const inTrustpoint = { within: ['crypto ca trustpoint TP'] };
const inChain = { within: ['crypto ca certificate chain TP'] };
/** Digits of a certificate in one printed line: eight groups of eight. */
const LINE = 64;

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
  used('config', {
    pattern: 'crypto ca trustpoint <name>',
    help: 'An authority that is trusted, and our certificate from it',
    section: SECTION,
    enters: 'trustpoint',
    params: { name: name('Trustpoint') },
    example: 'crypto ca trustpoint TP',
    set(target, args, place) {
      target.device.trustpoints ??= [];
      const known = target.device.trustpoints.find((one) => one.name === args.name);
      if (known !== undefined) return known;
      const made: Draft<TrustpointModel> = {
        name: args.name,
        serialNumber: false,
        revocationCheck: ['none'],
        ignoreKeyUsage: false,
        written: place.written(),
      };
      target.device.trustpoints.push(made);
      return made;
    },
    unset(target, args) {
      const { device } = target;
      if (device.trustpoints === undefined) return;
      device.trustpoints = device.trustpoints.filter((one) => one.name !== args.name);
      if (device.trustpoints.length === 0) delete device.trustpoints;
      dropChain(target, args.name);
    },
    print: (device) => (device.trustpoints ?? []).map((one) => ({ values: { name: one.name }, view: one })),
  }),
  used('trustpoint', {
    pattern: 'enrollment {<kind>|url <url>}',
    help: 'Where certificates come from; here they are pasted, or files that the host names',
    attribute: 'enrollment',
    params: {
      kind: optional(choice('From', { terminal: 'Pasted', self: 'Signed by ourselves' })),
      url: optional(name('Address of the authority', 512)),
    },
    example: [
      { line: 'enrollment terminal', ...inTrustpoint },
      { line: 'enrollment url http://ca.example.com:80', ...inTrustpoint },
    ],
    set(target, args) {
      if (args.kind !== undefined) target.enrollment = { kind: args.kind };
      else if (args.url !== undefined) target.enrollment = { kind: 'url', url: args.url };
    },
    unset(target) {
      delete target.enrollment;
    },
    print({ enrollment: from }) {
      if (from === undefined) return [];
      return [{ values: from.kind === 'url' ? { url: from.url } : { kind: from.kind } }];
    },
  }),
  harmless('trustpoint', {
    pattern: 'enrollment {retry|protocol|interface|multiple-rsa-modulus} <rest>',
    help: 'How certificates are fetched',
    params: { rest: text('Setting') },
    example: { line: 'enrollment retry count 3', ...inTrustpoint },
  }),
  textRow('fqdn', 'fqdn / <fqdn>', 'Name in the certificate; none for no name', 'fqdn gw1.example.com', 'fqdn'),
  textRow('email', 'email / <email>', 'Mail address in the certificate', 'email vpn@example.com', 'email'),
  used('trustpoint', {
    pattern: 'subject-name / <subject>',
    help: 'Subject in the certificate',
    attribute: 'subjectName',
    params: { subject: text('Such as CN=gw1,O=Example') },
    example: { line: 'subject-name CN=gw1,O=Example AG', ...inTrustpoint },
    set(target, args) {
      target.subjectName = args.subject;
    },
    unset(target) {
      delete target.subjectName;
    },
    print: ({ subjectName }) => (subjectName === undefined ? [] : [{ values: { subject: subjectName } }]),
  }),
  used('trustpoint', {
    pattern: 'serial-number',
    help: 'Serial number of the device in the certificate',
    attribute: 'serialNumber',
    params: {},
    example: { line: 'serial-number', ...inTrustpoint },
    set(target) {
      target.serialNumber = true;
    },
    unset(target) {
      target.serialNumber = false;
    },
    print: ({ serialNumber }) => (serialNumber ? [{ values: {} }] : []),
  }),
  used('trustpoint', {
    pattern: 'ip-address / <address>',
    help: 'Address in the certificate',
    attribute: 'ipAddress',
    params: { address: address('Address') },
    example: { line: 'ip-address 192.0.2.1', ...inTrustpoint },
    set(target, args) {
      target.ipAddress = args.address;
    },
    unset(target) {
      delete target.ipAddress;
    },
    print: ({ ipAddress }) => (ipAddress === undefined ? [] : [{ values: { address: ipAddress } }]),
  }),
  textRow('keypair', 'keypair / <label>', 'Key pair of the certificate', 'keypair VPN-KEY', 'label'),
  textRow('idUsage', 'id-usage / <usage>', 'What the certificate is for', 'id-usage ssl-ipsec', 'usage'),
  used('trustpoint', {
    pattern: 'revocation-check / <methods>...',
    help: 'How it is found out whether a certificate was revoked, tried in this order',
    attribute: 'revocationCheck',
    params: {
      methods: many(
        choice('Methods', {
          crl: 'Revocation list, a file that the host names',
          none: 'No check (default)',
          ocsp: 'Asking the authority (not supported)',
        }),
      ),
    },
    example: [
      { line: 'revocation-check crl none', ...inTrustpoint },
      { line: 'revocation-check crl', ...inTrustpoint },
    ],
    set(target, args, place) {
      if (args.methods.includes('ocsp')) {
        place.warn('unsupported', 'OCSP is not supported: it counts as a check without an answer', {
          param: 'methods',
        });
      }
      target.revocationCheck = [...args.methods];
    },
    unset(target) {
      target.revocationCheck = ['none'];
    },
    print({ revocationCheck: methods }, all) {
      const isDefault = methods.length === 1 && methods[0] === 'none';
      return isDefault && !all ? [] : [{ values: { methods } }];
    },
  }),
  used('trustpoint', {
    pattern: 'ignore-ipsec-keyusage',
    help: 'Accept certificates that are not made for IPsec',
    attribute: 'ignoreKeyUsage',
    params: {},
    example: { line: 'ignore-ipsec-keyusage', ...inTrustpoint },
    set(target) {
      target.ignoreKeyUsage = true;
    },
    unset(target) {
      target.ignoreKeyUsage = false;
    },
    print: ({ ignoreKeyUsage }) => (ignoreKeyUsage ? [{ values: {} }] : []),
  }),
  unsupported('trustpoint', {
    pattern: 'password <secret>',
    help: 'Password for revoking our certificate',
    params: { secret: secretText('Password') },
    example: { line: 'password cisco123', ...inTrustpoint, prints: 'password *****' },
  }),
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
  unsupported('config', {
    pattern: 'crypto ca certificate map [<name>] <sequence>',
    help: 'Rules over certificates, for choosing tunnel-groups',
    section: SECTION,
    enters: 'certificate-map',
    params: { name: optional(name('Map')), sequence: number(1, 65535, 'Place among the rules') },
    example: 'crypto ca certificate map BRANCHES 10',
  }),
  harmless('certificate-map', {
    pattern: '{issuer-name|subject-name|alt-subject-name|serial-number|extended-key-usage} <rest>',
    help: 'Condition',
    params: { rest: text('Attribute, comparison and value') },
    example: { line: 'subject-name attr ou eq vpn', within: ['crypto ca certificate map BRANCHES 10'] },
  }),
  used('config', {
    pattern: 'crypto ca certificate chain <trustpoint>',
    help: 'Certificates of a trustpoint, as a saved configuration shows them',
    section: SECTION,
    enters: 'certificate-chain',
    params: { trustpoint: name('Trustpoint') },
    example: {
      line: 'crypto ca certificate chain TP',
      also: 'certificate ca 01\n  30030201 00\n  quit',
    },
    set(target, args, place) {
      target.device.certificateChains ??= [];
      const known = target.device.certificateChains.find((one) => one.trustpoint === args.trustpoint);
      if (known !== undefined) return known;
      const made = { trustpoint: args.trustpoint, certificates: [], written: place.written() };
      target.device.certificateChains.push(made);
      return made;
    },
    unset(target, args) {
      dropChain(target, args.trustpoint);
    },
    print: (device) =>
      (device.certificateChains ?? []).map((one) => ({ values: { trustpoint: one.trustpoint }, view: one })),
  }),
  used('certificate-chain', {
    pattern: 'certificate [<kind>] <serial>',
    help: 'One certificate: its bytes follow as hexadecimal digits, up to quit',
    enters: 'certificate-data',
    closes: ' quit',
    params: {
      kind: optional(choice('Kind', { ca: "The authority's" })),
      serial: name('Serial number', 128),
    },
    example: { line: 'certificate ca 01', ...inChain, also: '  30030201 00\n  quit' },
    set(target, args, place) {
      const kind = args.kind === 'ca' ? 'ca' : 'identity';
      const made: Draft<CertificateModel> = { kind, serial: args.serial, hex: '', written: place.written() };
      const same = (one: Draft<CertificateModel>): boolean => one.kind === kind && one.serial === args.serial;
      target.certificates = [...target.certificates.filter((one) => !same(one)), made];
      return made;
    },
    unset(target, args) {
      const kind = args.kind === 'ca' ? 'ca' : 'identity';
      target.certificates = target.certificates.filter((one) => one.kind !== kind || one.serial !== args.serial);
    },
    print: (view) =>
      view.certificates.map((one) => ({
        values: { ...(one.kind === 'ca' ? { kind: 'ca' as const } : {}), serial: one.serial },
        view: one,
      })),
  }),
  {
    ...used('certificate-data', {
      pattern: '<digits>...',
      help: 'Bytes of the certificate',
      params: { digits: many(hexadecimal('Hexadecimal digits')) },
      example: {
        line: '30030201 00',
        within: ['crypto ca certificate chain TP', 'certificate ca 01'],
        also: 'quit',
      },
      set(target, args) {
        target.hex += args.digits.join('');
      },
      unset() {
        // Certificates are taken away whole.
      },
      print: ({ hex }) =>
        (hex.match(new RegExp(`.{1,${LINE}}`, 'g')) ?? []).map((part) => ({
          values: { digits: part.match(/.{1,8}/g) ?? [] },
        })),
    }),
    vague: true,
  },
  unsupported('config', {
    pattern: 'crypto ca {server|trustpool|alerts|reference-identity} [<rest>]',
    help: 'Authority of our own, pool of certificates, reminders',
    section: SECTION,
    enters: 'section',
    params: { rest: optional(text('Rest of the line')) },
    example: 'crypto ca server',
  }),
];

type TextAttribute = 'fqdn' | 'email' | 'keypair' | 'idUsage';

/** A line of one word that a request for a certificate would contain, or that names something. */
function textRow(attribute: TextAttribute, pattern: string, help: string, line: string, param: string): AsaRow {
  return used('trustpoint', {
    pattern,
    help,
    attribute,
    params: { [param]: name(help, 255) },
    example: { line, ...inTrustpoint },
    set(target, args) {
      target[attribute] = args[param] ?? '';
    },
    unset(target) {
      delete target[attribute];
    },
    print(view) {
      const value = view[attribute];
      return value === undefined ? [] : [{ values: { [param]: value } }];
    },
  });
}

function dropChain({ device }: Assembly, trustpoint: string | undefined): void {
  if (device.certificateChains === undefined) return;
  device.certificateChains = device.certificateChains.filter((one) => one.trustpoint !== trustpoint);
  if (device.certificateChains.length === 0) delete device.certificateChains;
}
