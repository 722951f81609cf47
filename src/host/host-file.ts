/**
 * `wheelwright.yaml`, the host file: what a machine has to say about a gateway that no Cisco configuration can say. The
 * table `SECTIONS` below is all it may hold; another part adds a row and its reader.
 */
import { isAbsolute, join, resolve } from 'node:path';
import { fail, ok, type Result } from '../base/index.ts';
import type { Diagnostic } from '../config/model.ts';
import { type Field, type Fields, nearest, YamlText } from '../yaml/index.ts';
import type { VrfSetting } from './settings.ts';

/** A reader of one section: undefined after a complaint. `folder` is the file's own: relative paths start there. */
type ReadSection<T> = (text: YamlText, field: Field, folder: string, name: string) => T | undefined;

/** Files of a trustpoint, as paths. */
export type TrustpointFiles = Readonly<{
  certificate?: string;
  chain?: string;
  ca: readonly string[];
  crl: readonly string[];
}>;

/** A post-quantum preshared key (RFC 8784) that the configuration has no line for. */
export type PpkEntry = Readonly<{ peer: string; id: string; keyFile: string; required: boolean }>;

/** How IKE is with a tunnel-group, a tunnel interface, or with all peers (`*`). */
export type IkeEntry = Readonly<{
  peer: string;
  mobike?: 'offer' | 'accept' | 'off';
  reauthenticateMs?: number;
}>;

export const DEFAULT_FOLDERS = { state: '/var/lib/wheelwright', run: '/run/wheelwright' } as const;
const MOST_TABLE = 0xffff_ffff;
/** IFNAMSIZ of the kernel, less its final zero. */
const MOST_LINK_NAME = 15;

const SECTIONS = {
  /** What the gateway is called in sockets, logs and commands; otherwise its host name. */
  name: readName,
  /** Kernel interface by the configuration's hardware name or nameif. */
  interfaces: readInterfaces,
  /** Whether the configuration's addresses must be on the kernel's interfaces already, or are put there. */
  addresses: choice(['match', 'apply']),
  /** VRF devices of the kernel, by the configuration's names of VRFs. */
  vrfs: readVrfs,
  /** What forwards packets. */
  plane: choice(['auto', 'fast', 'software']),
  /** Whose elliptic curves exchange keys: the machine's OpenSSL where it has one, or Node's own. */
  curves: choice(['machine', 'node']),
  /** Kernel routing table that learned routes go to. */
  'route-table': number(1, MOST_TABLE),
  /** Whether they go there at all. */
  'install-routes': flag,
  /** Metric that they have there. */
  'route-metric': number(1, MOST_TABLE),
  state: path,
  run: path,
  /** Control socket; otherwise NAME.sock in the run folder. */
  control: path,
  /** Whether ESP goes in UDP with all peers, NAT or not, where a network lets nothing else through. */
  'force-encapsulation': flag,
  /** Messages are appended there, besides the standard output. */
  'log-file': path,
  /** User to go on as, once sockets and devices may be made without being root. */
  user: word,
  /** Private keys, PEM, by the label that a trustpoint's `keypair` names. */
  keypairs: paths,
  trustpoints: readTrustpoints,
  /** IKE with a peer, as far as the configuration has no line for it. */
  ike: readIke,
  ppk: readPpk,
} as const satisfies Readonly<Record<string, ReadSection<unknown>>>;

type SectionName = keyof typeof SECTIONS;
type SectionValue<N extends SectionName> = Exclude<ReturnType<(typeof SECTIONS)[N]>, undefined>;

/** The sections that the file has. */
export type HostFile = Readonly<{ [N in SectionName]?: SectionValue<N> }>;

export const HOST_FILE_SECTIONS = Object.keys(SECTIONS) as readonly SectionName[];

/** Reads a host file's text; everything that is wrong is told, with its place. An empty file says nothing. */
export function readHostFile(source: string, file: string): Result<HostFile, readonly Diagnostic[]> {
  const text = new YamlText(file, source);
  if (text.diagnostics.length > 0) return fail(text.diagnostics);
  if (text.root.value === null) return ok({});
  const top = text.fields(text.root, 'A host file');
  if (top === undefined) return fail(text.diagnostics);
  text.refuseOthers(top, HOST_FILE_SECTIONS, 'A host file');
  const folder = resolve(file, '..');
  const read: Record<string, unknown> = {};
  for (const name of HOST_FILE_SECTIONS) {
    const field = top.entries.get(name)?.field;
    const reader: ReadSection<unknown> = SECTIONS[name];
    const value = field === undefined ? undefined : reader(text, field, folder, name);
    if (value !== undefined) read[name] = value;
  }
  // Each section was made by its own reader.
  return text.diagnostics.length > 0 ? fail(text.diagnostics) : ok(read as HostFile);
}

/** The control socket's path: what the file says, or one named for the gateway. */
export function controlPath(host: HostFile, name: string): string {
  return host.control ?? join(host.run ?? DEFAULT_FOLDERS.run, `${name}.sock`);
}

function readName(text: YamlText, field: Field): string | undefined {
  const name = text.text(field) ?? '';
  if (/^[\w][\w.-]{0,62}$/.test(name)) return name;
  return wrong(text, field, '`name` must be letters, digits, dots, hyphens and underscores', 'spoke1');
}

function readInterfaces(text: YamlText, field: Field): ReadonlyMap<string, string> | undefined {
  const fields = text.fields(field, 'The section `interfaces`');
  if (fields === undefined) return undefined;
  const links = new Map<string, string>();
  const owners = new Map<string, string>();
  for (const [name, { field: value }] of fields.entries) {
    const link = text.text(value) ?? '';
    if (link === '' || link.length > MOST_LINK_NAME || /[\s/]/.test(link)) {
      wrong(text, value, `Interface \`${name}\` needs the name of a kernel interface`, 'eth0');
      continue;
    }
    const other = owners.get(link);
    if (other !== undefined) wrong(text, value, `\`${link}\` is interface \`${other}\` already`);
    owners.set(link, name);
    links.set(name, link);
  }
  return links;
}

function readVrfs(text: YamlText, field: Field, folder: string): ReadonlyMap<string, VrfSetting> | undefined {
  const fields = text.fields(field, 'The section `vrfs`');
  if (fields === undefined) return undefined;
  const vrfs = new Map<string, VrfSetting>();
  for (const [vrf, { field: value }] of fields.entries) {
    const own = text.fields(value, `VRF \`${vrf}\``);
    if (own === undefined) continue;
    text.refuseOthers(own, ['device', 'table'], `VRF \`${vrf}\``);
    const device = own.entries.get('device')?.field;
    const table = own.entries.get('table')?.field;
    const name = device === undefined ? undefined : readDevice(text, device, vrf);
    const tableNumber = table === undefined ? undefined : number(1, MOST_TABLE)(text, table, folder, 'table');
    for (const [other, setting] of vrfs) {
      if (device !== undefined && setting.device === name)
        wrong(text, device, `\`${name}\` is VRF \`${other}\` already`);
      if (table !== undefined && setting.table === tableNumber)
        wrong(text, table, `Table ${tableNumber} is VRF \`${other}\` already`);
    }
    vrfs.set(vrf, {
      ...(name === undefined ? {} : { device: name }),
      ...(tableNumber === undefined ? {} : { table: tableNumber }),
    });
  }
  return vrfs;
}

function readDevice(text: YamlText, field: Field, vrf: string): string | undefined {
  const device = text.text(field) ?? '';
  if (device !== '' && device.length <= MOST_LINK_NAME && !/[\s/]/.test(device)) return device;
  return wrong(
    text,
    field,
    `VRF \`${vrf}\` needs the name of a device, of at most ${MOST_LINK_NAME} characters`,
    'vrf-inet',
  );
}

function readTrustpoints(
  text: YamlText,
  field: Field,
  folder: string,
): ReadonlyMap<string, TrustpointFiles> | undefined {
  const fields = text.fields(field, 'The section `trustpoints`');
  if (fields === undefined) return undefined;
  const trustpoints = new Map<string, TrustpointFiles>();
  for (const [name, { field: value }] of fields.entries) {
    const own = text.fields(value, `Trustpoint \`${name}\``);
    if (own === undefined) continue;
    text.refuseOthers(own, ['certificate', 'chain', 'ca', 'crl'], `Trustpoint \`${name}\``);
    const one = (key: string): string | undefined => pathOf(text, own.entries.get(key)?.field, folder, key);
    const many = (key: string): readonly string[] => {
      const list = own.entries.get(key)?.field;
      return list === undefined ? [] : text.items(list).flatMap((item) => pathOf(text, item, folder, key) ?? []);
    };
    const certificate = one('certificate');
    const chain = one('chain');
    trustpoints.set(name, {
      ...(certificate === undefined ? {} : { certificate }),
      ...(chain === undefined ? {} : { chain }),
      ca: many('ca'),
      crl: many('crl'),
    });
  }
  return trustpoints;
}

function readPpk(text: YamlText, field: Field, folder: string): readonly PpkEntry[] {
  return text.items(field).flatMap((item) => {
    const fields = text.fields(item, 'A PPK');
    if (fields === undefined) return [];
    text.refuseOthers(fields, ['peer', 'id', 'key-file', 'required'], 'A PPK');
    const peer = needed(text, fields, 'peer');
    const id = needed(text, fields, 'id');
    const keyFile = pathOf(text, neededField(text, fields, 'key-file'), folder, 'key-file');
    const required = text.boolean(fields, 'required');
    return peer === undefined || id === undefined || keyFile === undefined ? [] : [{ peer, id, keyFile, required }];
  });
}

/** Less than this would cost more than it gains: each time is two key exchanges and a signature. */
const LEAST_REAUTHENTICATION_S = 60;
const MOST_REAUTHENTICATION_S = 31_536_000;

function readIke(text: YamlText, field: Field, folder: string): readonly IkeEntry[] {
  return text.items(field).flatMap((item) => {
    const fields = text.fields(item, 'An entry of `ike`');
    if (fields === undefined) return [];
    text.refuseOthers(fields, ['peer', 'mobike', 'reauthenticate'], 'An entry of `ike`');
    const read = <T>(key: string, reader: ReadSection<T>): T | undefined => {
      const given = fields.entries.get(key)?.field;
      return given === undefined ? undefined : reader(text, given, folder, key);
    };
    const mobike = read('mobike', choice(['offer', 'accept', 'off']));
    const seconds = read('reauthenticate', number(LEAST_REAUTHENTICATION_S, MOST_REAUTHENTICATION_S));
    return [
      {
        peer: read('peer', word) ?? '*',
        ...(mobike === undefined ? {} : { mobike }),
        ...(seconds === undefined ? {} : { reauthenticateMs: 1_000 * seconds }),
      },
    ];
  });
}

function neededField(text: YamlText, fields: Fields, key: string): Field | undefined {
  const field = fields.entries.get(key)?.field;
  if (field === undefined) text.complain(fields.position, 'missing-field', `A PPK needs \`${key}\`.`);
  return field;
}

function needed(text: YamlText, fields: Fields, key: string): string | undefined {
  const field = neededField(text, fields, key);
  return field === undefined ? undefined : word(text, field, '', key);
}

function choice<const W extends string>(words: readonly W[]): ReadSection<W> {
  return (text, field, _, name) => {
    const written = text.text(field) ?? '';
    const found = words.find((one) => one === written);
    if (found !== undefined) return found;
    const near = nearest(written, words);
    const hint = near === undefined ? '' : ` Did you mean \`${near}\`?`;
    const known = words.join(' or ');
    text.complain(field.position, 'bad-value', `\`${name}\` must be ${known}, not \`${written}\`.${hint}`, known);
    return undefined;
  };
}

function number(least: number, most: number): ReadSection<number> {
  return (text, field, _, name) => {
    const written = text.text(field) ?? '';
    const value = /^\d+$/.test(written) ? Number(written) : Number.NaN;
    if (value >= least && value <= most) return value;
    return wrong(text, field, `\`${name}\` must be a whole number from ${least} to ${most}`);
  };
}

function flag(text: YamlText, field: Field, _: string, name: string): boolean | undefined {
  const written = text.text(field);
  if (written === 'true' || written === 'false') return written === 'true';
  return wrong(text, field, `\`${name}\` must be true or false`);
}

function word(text: YamlText, field: Field, _: string, name: string): string | undefined {
  const written = text.text(field)?.trim() ?? '';
  return written === '' ? wrong(text, field, `\`${name}\` must be a word`) : written;
}

function path(text: YamlText, field: Field, folder: string, name: string): string | undefined {
  return pathOf(text, field, folder, name);
}

function paths(text: YamlText, field: Field, folder: string, name: string): ReadonlyMap<string, string> | undefined {
  const fields = text.fields(field, `The section \`${name}\``);
  if (fields === undefined) return undefined;
  const found = new Map<string, string>();
  for (const [label, { field: value }] of fields.entries) {
    const file = pathOf(text, value, folder, label);
    if (file !== undefined) found.set(label, file);
  }
  return found;
}

function pathOf(text: YamlText, field: Field | undefined, folder: string, name: string): string | undefined {
  if (field === undefined) return undefined;
  const written = text.text(field) ?? '';
  if (written === '' || written.includes('\0')) return wrong(text, field, `\`${name}\` must be a path`);
  return isAbsolute(written) ? written : join(folder, written);
}

function wrong(text: YamlText, field: Field, what: string, expected?: string): undefined {
  text.complain(field.position, 'bad-value', `${what}, not \`${text.text(field) ?? '?'}\`.`, expected);
  return undefined;
}
