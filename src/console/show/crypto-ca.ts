/** `show crypto ca certificates` and `show crypto ca trustpoints`: what is trusted, and what we prove ourselves with. */
import type { GatewaySnapshot, TrustpointStatus } from '../../gateway/index.ts';
import { count, flag, list, type Value as Of, object, oneOf, optional, publish, text } from './schema.ts';
import { lines, type Shown } from './shown.ts';
import { isoTime, loginText } from './wall-clock.ts';

const certificateSchema = object({
  kind: oneOf(['identity', 'ca'], 'ours, or that of an authority'),
  trustpoint: text('name of the trustpoint'),
  serial: text('serial number, hexadecimal'),
  subject: text('most specific part first'),
  issuer: text('most specific part first'),
  key: text('kind and size of its key'),
  signature: text('how it is signed'),
  notBefore: text('ISO 8601, UTC'),
  notAfter: text('ISO 8601, UTC'),
  status: oneOf(['available', 'expired', 'not-yet-valid', 'no-key'], 'whether it can be used now'),
});

export const cryptoCaCertificatesSchema = publish(
  'show-crypto-ca-certificates',
  'show crypto ca certificates',
  object({ certificates: list(certificateSchema, 'of all trustpoints, ours first') }),
);
export type CryptoCaCertificates = Of<typeof cryptoCaCertificatesSchema.schema>;
type Shape = CryptoCaCertificates['certificates'][number];

const trustpointSchema = object({
  name: text('trustpoint'),
  hasCertificate: flag('it has a certificate of this device'),
  hasKey: flag('the private key of that certificate is there'),
  authorities: list(object({ subject: text('authority'), serial: text('hexadecimal') }), 'certificates of authorities'),
  revocation: oneOf(['none', 'crl', 'crl-optional'], 'what must be known about revocation'),
  lists: list(
    object({
      issuer: text('authority'),
      revoked: count('certificates on it'),
      nextUpdate: optional(text('its end, ISO 8601, UTC')),
    }),
    'revocation lists',
  ),
});

export const cryptoCaTrustpointsSchema = publish(
  'show-crypto-ca-trustpoints',
  'show crypto ca trustpoints',
  object({ trustpoints: list(trustpointSchema, 'as configured') }),
);
export type CryptoCaTrustpoints = Of<typeof cryptoCaTrustpointsSchema.schema>;

export function showCryptoCaCertificates({
  trustpoints = [],
  wallClockMs,
}: GatewaySnapshot): Shown<CryptoCaCertificates> {
  const shapes = trustpoints.flatMap((one) => certificatesOf(one, wallClockMs));
  return { value: { certificates: shapes.map(({ shape }) => shape) }, text: lines(shapes.flatMap(certificateLines)) };
}

export function showCryptoCaTrustpoints({ trustpoints = [] }: GatewaySnapshot): Shown<CryptoCaTrustpoints> {
  const value = {
    trustpoints: trustpoints.map(({ name, certificate, hasKey, authorities, revocation, crls }) => ({
      name,
      hasCertificate: certificate !== undefined,
      hasKey,
      authorities: authorities.map(({ subjectText: subject, serial }) => ({ subject, serial })),
      revocation,
      lists: crls.map(({ issuer, size, nextUpdate }) => ({
        issuer,
        revoked: size,
        ...(nextUpdate === undefined ? {} : { nextUpdate: isoTime(nextUpdate) }),
      })),
    })),
  };
  return { value, text: lines(value.trustpoints.flatMap(trustpointLines)) };
}

type Certificate = TrustpointStatus['authorities'][number];
type Shaped = Readonly<{ shape: Shape; certificate: Certificate }>;

function certificatesOf(status: TrustpointStatus, nowMs: number | undefined): readonly Shaped[] {
  const { name, certificate: own, authorities, hasKey } = status;
  const shaped = (certificate: Certificate, kind: Shape['kind']): Shaped => ({
    certificate,
    shape: {
      kind,
      trustpoint: name,
      serial: certificate.serial,
      subject: certificate.subjectText,
      issuer: certificate.issuerText,
      key: certificate.keyText,
      signature: certificate.signatureText,
      notBefore: isoTime(certificate.notBefore),
      notAfter: isoTime(certificate.notAfter),
      status: statusOf(certificate, nowMs) ?? (kind === 'identity' && !hasKey ? 'no-key' : 'available'),
    },
  });
  return [...(own === undefined ? [] : [shaped(own, 'identity')]), ...authorities.map((one) => shaped(one, 'ca'))];
}

function statusOf({ notBefore, notAfter }: Certificate, nowMs: number | undefined): Shape['status'] | undefined {
  if (nowMs === undefined) return undefined;
  if (nowMs < notBefore) return 'not-yet-valid';
  return nowMs > notAfter ? 'expired' : undefined;
}

const STATUS_WORDS: Readonly<Record<Shape['status'], string>> = {
  available: 'Available',
  expired: 'Expired',
  'not-yet-valid': 'Not yet valid',
  'no-key': 'Available, without its private key',
};

function certificateLines({ shape, certificate }: Shaped): string[] {
  return [
    shape.kind === 'ca' ? 'CA Certificate' : 'Certificate',
    `  Status: ${STATUS_WORDS[shape.status]}`,
    `  Certificate Serial Number: ${shape.serial.toLowerCase()}`,
    `  Certificate Usage: ${shape.kind === 'ca' ? 'Signature' : 'General Purpose'}`,
    `  Public Key Type: ${shape.key}`,
    `  Signature Algorithm: ${shape.signature}`,
    '  Issuer Name:',
    ...nameLines(shape.issuer),
    '  Subject Name:',
    ...nameLines(shape.subject),
    '  Validity Date:',
    `    start date: ${loginText(certificate.notBefore)}`,
    `    end   date: ${loginText(certificate.notAfter)}`,
    '  Storage: config',
    `  Associated Trustpoints: ${shape.trustpoint}`,
    '',
  ];
}

function trustpointLines(one: CryptoCaTrustpoints['trustpoints'][number]): string[] {
  const own = one.hasCertificate
    ? `Certificate configured${one.hasKey ? '.' : ', without its private key.'}`
    : undefined;
  return [
    `Trustpoint ${one.name}:`,
    ...(one.authorities.length === 0 ? ['    Not authenticated.'] : []),
    ...one.authorities.flatMap(({ subject, serial }) => [
      '    Subject Name: ',
      ...nameLines(subject),
      `          Serial Number: ${serial.toLowerCase()}`,
    ]),
    ...(own === undefined ? [] : [`    ${own}`]),
    ...(one.revocation === 'none' ? [] : [`    Revocation check: ${one.revocation === 'crl' ? 'crl' : 'crl none'}`]),
    ...one.lists.map(({ issuer, revoked, nextUpdate }) => {
      const end = nextUpdate === undefined ? '' : `, until ${nextUpdate}`;
      return `    Revocation list of ${issuer}: ${revoked} certificates${end}`;
    }),
    '',
  ];
}

/** A name as the platform prints it: an attribute a line. */
function nameLines(name: string): string[] {
  return name.split(/(?<!\\),/).map((part) => `    ${part}`);
}
