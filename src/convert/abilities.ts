/** What a platform can say of algorithms, and the nearest that both platforms can where it can not. */
import { cipherName, type DialectName } from '../config/index.ts';
import type { Report } from './fault.ts';
import type { Cipher, EspOffer, IkeOffer, Link } from './link.ts';

export type Platform = DialectName | 'swanctl';

type Abilities = Readonly<{
  title: string;
  groups: readonly number[];
  ike: readonly string[];
  esp: readonly string[];
  hashes: readonly number[];
  esn: boolean;
}>;

const CBC = ['aes', 'aes-192', 'aes-256'];
const GCM = ['aes-gcm', 'aes-gcm-192', 'aes-gcm-256'];
const GROUPS = [14, 15, 16, 19, 20, 21];
const HASHES = [2, 12, 13, 14];

const ABILITIES: Readonly<Record<Platform, Abilities>> = {
  asa: {
    title: 'an ASA',
    groups: [...GROUPS, 31],
    ike: [...CBC, ...GCM],
    esp: [...CBC, ...GCM],
    hashes: HASHES,
    esn: false,
  },
  iosxe: {
    title: 'IOS-XE',
    groups: GROUPS,
    ike: [...CBC, 'aes-gcm', 'aes-gcm-256'],
    esp: [...CBC, ...GCM],
    hashes: HASHES,
    esn: true,
  },
  swanctl: {
    title: 'strongSwan',
    groups: [...GROUPS, 31],
    ike: [...CBC, ...GCM],
    esp: [...CBC, ...GCM],
    hashes: HASHES,
    esn: true,
  },
};

const NEAREST: Readonly<Record<string, string>> = {
  'group 31': 'group 19',
  'group 1': 'group 14',
  'group 2': 'group 14',
  'group 5': 'group 14',
  'group 24': 'group 14',
  'aes-gcm-192': 'aes-gcm-256',
  'sequence numbers of 64 bits': 'those of 32 bits (a transform set without `esn`)',
};

/** The choices that the platform has of those in the link; without any that are left there is no tunnel to be had. */
export function narrow(link: Link, platform: Platform, report: Report): Link | undefined {
  const can = ABILITIES[platform];
  const drop = (what: string): void => report.note(`${can.title} has no ${what}: it is left out`);
  const lost = new Set<string>();
  const keep = <T>(values: readonly T[], isThere: (value: T) => boolean, name: (value: T) => string): readonly T[] =>
    values.filter((value) => {
      if (isThere(value)) return true;
      lost.add(name(value));
      return false;
    });
  const group = (id: number): string => `group ${id}`;
  const hash = (id: number): string => `hash with transform ${id}`;
  const hasHash = (id: number): boolean => can.hashes.includes(id);
  const hasPrf = (id: number): boolean => PRFS.includes(id);
  const ike = link.ike.flatMap((one): IkeOffer[] => {
    const left: IkeOffer = {
      encryption: keep(one.encryption, (cipher) => can.ike.includes(cipherName(cipher)), nameOf),
      integrity: keep(one.integrity, hasHash, hash),
      prf: keep(one.prf, hasPrf, hash),
      groups: keep(one.groups, (id) => can.groups.includes(id), group),
    };
    const isWhole = left.encryption.length > 0 && left.groups.length > 0 && left.prf.length > 0;
    return isWhole && (one.integrity.length === 0 || left.integrity.length > 0) ? [left] : [];
  });
  const esp = link.esp.flatMap((one): EspOffer[] => {
    const encryption = keep(one.encryption, (cipher) => can.esp.includes(cipherName(cipher)), nameOf);
    const integrity = keep(one.integrity, hasHash, hash);
    if (encryption.length === 0 || (one.integrity.length > 0 && integrity.length === 0)) return [];
    if (one.esn && !can.esn) {
      lost.add('sequence numbers of 64 bits');
      return [];
    }
    return [{ encryption, integrity, esn: one.esn }];
  });
  const refuse = (what: string): undefined => {
    const nearest = [...lost].flatMap((one) => NEAREST[one] ?? []);
    const suggestion = nearest.length === 0 ? undefined : `both have ${[...new Set(nearest)].join(', ')}`;
    return report.fail(
      'not-expressible',
      `${can.title} has none of the choices for ${what}`,
      suggestion === undefined ? {} : { suggestion },
    );
  };
  if (ike.length === 0) return refuse('IKE');
  if (esp.length === 0) return refuse('ESP');
  if (link.pfsGroup !== undefined && !can.groups.includes(link.pfsGroup)) {
    lost.add(group(link.pfsGroup));
    return refuse('PFS');
  }
  for (const what of lost) drop(what);
  return { ...link, ike, esp };
}

const PRFS = [2, 5, 6, 7];

function nameOf(cipher: Cipher): string {
  const name = cipherName(cipher);
  return name === 'null' ? `cipher with transform ${cipher.encr}` : name;
}
