/** Trustpoints and certificates in a configuration, for both dialects; only the words that lines begin with differ. */
import type { Assembly } from '../assembly.ts';
import type { Draft } from '../draft.ts';
import { address, choice, hexadecimal, many, name, optional, refers, secretText, text } from '../parameters.ts';
import type { CertificateModel, RevocationMethod, TrustpointModel } from '../trustpoint-model.ts';
import { harmless, type SharedRow, unsupported, used } from './row.ts';

/** Digits of a certificate in one printed line: eight groups of eight. */
const LINE = 64;

export type CertificateWords = Readonly<{
  /** What lines of the top level begin with. */
  before: 'crypto ca' | 'crypto pki';
  /** Line that names the key pair. */
  keypair: 'keypair' | 'rsakeypair';
  section: string;
  /** What is done about revocation without being told. */
  revocation: RevocationMethod;
}>;

/** The lines of trustpoints. */
export function trustpointRows({ before, keypair, section, revocation }: CertificateWords): readonly SharedRow[] {
  const inTrustpoint = { within: [`${before} trustpoint TP`] };
  const textRow = textRows(inTrustpoint);
  return [
    used('config', {
      pattern: `${before} trustpoint <name>`,
      help: 'An authority that is trusted, and our certificate from it',
      section,
      enters: 'trustpoint',
      params: { name: name('Trustpoint') },
      example: `${before} trustpoint TP`,
      set(target, args, place) {
        target.device.trustpoints ??= [];
        const known = target.device.trustpoints.find((one) => one.name === args.name);
        if (known !== undefined) return known;
        const made: Draft<TrustpointModel> = {
          name: args.name,
          serialNumber: false,
          revocationCheck: [revocation],
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
    textRow('keypair', `${keypair} / <label>`, 'Key pair of the certificate', `${keypair} VPN-KEY`, 'label'),
    textRow('idUsage', 'id-usage / <usage>', 'What the certificate is for', 'id-usage ssl-ipsec', 'usage'),
    used('trustpoint', {
      pattern: 'revocation-check / <methods>...',
      help: 'How it is found out whether a certificate was revoked, tried in this order',
      attribute: 'revocationCheck',
      params: {
        methods: many(
          choice('Methods', {
            crl: 'Revocation list, a file that the host names',
            none: 'No check',
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
        target.revocationCheck = [revocation];
      },
      print({ revocationCheck: methods }, all) {
        const isDefault = methods.length === 1 && methods[0] === revocation;
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
  ];
}

/** The lines of certificates that a saved configuration holds. */
export function certificateChainRows({ before, section }: CertificateWords): readonly SharedRow[] {
  const inChain = { within: [`${before} certificate chain TP`] };
  return [
    used('config', {
      pattern: `${before} certificate chain <trustpoint>`,
      help: 'Certificates of a trustpoint, as a saved configuration shows them',
      section,
      enters: 'certificate-chain',
      params: { trustpoint: refers('trustpoint', name('Trustpoint')) },
      example: {
        line: `${before} certificate chain TP`,
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
          within: [`${before} certificate chain TP`, 'certificate ca 01'],
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
  ];
}

type TextAttribute = 'fqdn' | 'email' | 'keypair' | 'idUsage';

/** Makes lines of one word that a request for a certificate would contain, or that name something. */
function textRows(within: Readonly<{ within: readonly string[] }>) {
  return (attribute: TextAttribute, pattern: string, help: string, line: string, param: string): SharedRow =>
    used('trustpoint', {
      pattern,
      help,
      attribute,
      params: { [param]: name(help, 255) },
      example: { line, ...within },
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
