/** Keys and certificates of a device in a topology file: `keypairs` and `trustpoints`, as a host file has them. */
import { utf8 } from '../base/index.ts';
import { type CredentialFiles, type Credentials, readCredentials } from '../gateway/index.ts';
import type { Fields, TopologyText } from './topology-text.ts';

type Trustpoints = NonNullable<CredentialFiles['trustpoints']>;

/** Reads them, and all files that they name; undefined when the device has none. */
export function readDeviceCredentials(
  text: TopologyText,
  fields: Fields,
  readFile: (path: string) => string | undefined,
): Credentials | undefined {
  const keypairs = readKeypairs(text, fields);
  const trustpoints = readTrustpoints(text, fields);
  if (keypairs.size === 0 && trustpoints.size === 0) return undefined;
  const { credentials, faults } = readCredentials({ keypairs, trustpoints }, (path) => {
    const found = readFile(besides(text.file, path));
    return found === undefined ? undefined : utf8(found);
  });
  for (const fault of faults) {
    text.complain(fields.position, 'unusable-file', `\`${fault.path}\` is of no use: ${fault.text}.`, 'a PEM file');
  }
  return credentials;
}

function readKeypairs(text: TopologyText, fields: Fields): ReadonlyMap<string, string> {
  const field = fields.entries.get('keypairs')?.field;
  const own = field === undefined ? undefined : text.fields(field, 'The section `keypairs`');
  const found = new Map<string, string>();
  for (const [label, entry] of own?.entries ?? []) {
    const path = text.text(entry.field);
    if (path !== undefined && path !== '') found.set(label, path);
  }
  return found;
}

function readTrustpoints(text: TopologyText, fields: Fields): Trustpoints {
  const field = fields.entries.get('trustpoints')?.field;
  const all = field === undefined ? undefined : text.fields(field, 'The section `trustpoints`');
  const found = new Map<string, NonNullable<ReturnType<Trustpoints['get']>>>();
  for (const [name, entry] of all?.entries ?? []) {
    const own = text.fields(entry.field, `Trustpoint \`${name}\``);
    if (own === undefined) continue;
    text.refuseOthers(own, ['certificate', 'chain', 'ca', 'crl'], `Trustpoint \`${name}\``);
    const one = (key: string): string | undefined => text.text(own.entries.get(key)?.field);
    const many = (key: string): readonly string[] => {
      const list = own.entries.get(key)?.field;
      return list === undefined ? [] : text.items(list).flatMap((item) => text.text(item) ?? []);
    };
    const certificate = one('certificate');
    const chain = one('chain');
    found.set(name, {
      ...(certificate === undefined ? {} : { certificate }),
      ...(chain === undefined ? {} : { chain }),
      ca: many('ca'),
      crl: many('crl'),
    });
  }
  return found;
}

/** A path written in a file, seen from where the reader of that file stands. */
export function besides(file: string, path: string): string {
  if (/^([/\\]|[A-Za-z]:)/.test(path)) return path;
  return file.slice(0, Math.max(file.lastIndexOf('/'), file.lastIndexOf('\\')) + 1) + path;
}
