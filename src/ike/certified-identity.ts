/** Identities that a certificate can vouch for, RFC 7296 section 4 and RFC 4945 section 3.1. */

import type { IpAddress } from '../base/index.ts';
import { type Certificate, nameAttributes, namesEqual } from '../crypto/index.ts';
import { ruleFits } from './certificate-rules.ts';
import { addressIdentity, type Shown } from './identity.ts';
import type { Identity, IkeConfig, IkePeer } from './policy.ts';

/**
 * Whether a certificate says that its holder may call itself so: 'absent' when it has no name of that kind, 'other'
 * when it has, but not this one.
 */
export function identityInCertificate(identity: Identity, certificate: Certificate): 'same' | 'other' | 'absent' {
  const { subject, alternativeNames } = certificate;
  switch (identity.type) {
    case 'der-asn1-dn': {
      if (certificate.subjectText === '') return 'absent';
      return namesEqual(identity.data, subject) ? 'same' : 'other';
    }
    case 'ipv4':
    case 'ipv6': {
      const own = alternativeNames.flatMap((one) => (one.kind === 'ip' ? [one.address] : []));
      return verdict(own, (address) => address.equals(identity.address));
    }
    case 'fqdn':
    case 'rfc822': {
      const kind = identity.type === 'fqdn' ? 'dns' : 'email';
      const names = alternativeNames.flatMap((one) => (one.kind === kind ? [one.name] : []));
      const inSubject = kind === 'email' ? attributes(subject, 'ea') : [];
      return verdict([...names, ...inSubject], (name) => name.toLowerCase() === identity.name.toLowerCase());
    }
    default:
      return 'absent';
  }
}

/**
 * What a certificate says of the group that its holder belongs to: the first rule that it fits, else its organizational
 * units, which are names of tunnel groups.
 */
export function shownBy(certificate: Certificate | undefined, config: IkeConfig): Shown {
  if (certificate === undefined) return {};
  const { certificateGroups = [], certificateDefault: defaultGroup } = config;
  const group = certificateGroups.find(({ rules }) => ruleFits(rules, certificate))?.group;
  return { certificate, group, groups: attributes(certificate.subject, 'ou'), defaultGroup };
}

/** What we call ourselves: as configured, else the name in our certificate, else the address in use. */
export function ownIdentity({ localIdentity, localSignature }: IkePeer, address: IpAddress): Identity {
  if (localIdentity !== undefined) return localIdentity;
  const certificate = localSignature?.credential.certificate;
  const isNamed = certificate !== undefined && certificate.subjectText !== '' && localSignature?.identity !== 'address';
  if (!isNamed) return addressIdentity(address);
  return { type: 'der-asn1-dn', data: certificate.subject };
}

function verdict<T>(own: readonly T[], isSame: (one: T) => boolean): 'same' | 'other' | 'absent' {
  if (own.length === 0) return 'absent';
  return own.some(isSame) ? 'same' : 'other';
}

function attributes(name: Uint8Array, key: string): readonly string[] {
  return (nameAttributes(name) ?? []).flatMap((one) => (one.key === key ? [one.value] : []));
}
