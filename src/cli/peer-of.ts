/** `wheelwright peer-of`: from one device's configuration that of its peer. Keys go to files, not to the terminal. */
import { existsSync } from 'node:fs';
import { basename, join } from 'node:path';
import { type IpAddress, ok, type Result } from '../base/index.ts';
import { type DeviceModel, type DialectName, formatDiagnostic, loadConfiguration } from '../config/index.ts';
import {
  type Fault,
  formatFault,
  type Interfacing,
  type LinuxEsp,
  linuxPeerOf,
  type PeerChoices,
  peerOf,
} from '../convert/index.ts';
import { makeFolderFor, readText, replaceFile } from '../host/index.ts';

export type PeerOfOptions = Readonly<{
  dialect: DialectName | 'swanctl';
  tunnel?: string;
  peer?: IpAddress;
  name?: string;
  outside?: Interfacing;
  gateway?: IpAddress;
  seenAs?: IpAddress;
  tunnelAddress: readonly Interfacing[];
  lan: readonly Interfacing[];
  vrf?: string;
  frontVrf?: string;
  /** Who does ESP on a Linux peer. */
  esp?: LinuxEsp;
  out?: string;
  showSecrets?: boolean;
}>;

/** What is to be written: with keys, and as it may be shown. */
type Output = Readonly<{ name: string; text: string; masked: string }>;

/** Gives the exit status: 0 made, 1 refused, 2 unreadable input or output. */
export function peerOfFile(path: string, options: PeerOfOptions): number {
  const complain = (text: string): void => void process.stderr.write(`${text}\n`);
  const read = readText(path);
  if (!read.ok) {
    complain(read.error);
    return 2;
  }
  const { model, diagnostics } = loadConfiguration(read.value, path);
  for (const one of diagnostics) if (one.severity !== 'note') complain(formatDiagnostic(one, read.value));
  const made = outputsOf(model, options);
  if (!made.ok) {
    for (const one of made.error) complain(formatFault(one));
    return 1;
  }
  for (const note of made.value.notes) complain(`note: ${note}`);
  return deliver(made.value.files, options, complain);
}

type Outputs = Readonly<{ files: readonly Output[]; notes: readonly string[] }>;

function outputsOf(model: DeviceModel, options: PeerOfOptions): Result<Outputs, readonly Fault[]> {
  const { dialect, tunnel, esp } = options;
  const wanted = { choices: choicesOf(options), ...(tunnel === undefined ? {} : { tunnel }) };
  if (dialect === 'swanctl') {
    const made = linuxPeerOf(model, { ...wanted, ...(esp === undefined ? {} : { esp }) });
    if (!made.ok) return made;
    const { files, masked, notes } = made.value;
    const shown = new Map(masked.map(({ name, text }) => [name, text]));
    return ok({ files: files.map(({ name, text }) => ({ name, text, masked: shown.get(name) ?? '' })), notes });
  }
  const made = peerOf(model, dialect, wanted);
  if (!made.ok) return made;
  const { name, text, masked, notes } = made.value;
  return ok({ files: [{ name: `${fileName(name)}.cfg`, text, masked }], notes });
}

function deliver(
  files: readonly Output[],
  { out, showSecrets }: PeerOfOptions,
  complain: (text: string) => void,
): number {
  if (out === undefined) {
    const head = (name: string): string => (files.length === 1 ? '' : `# ${name}\n`);
    for (const one of files) process.stdout.write(head(one.name) + (showSecrets === true ? one.text : one.masked));
    return 0;
  }
  for (const { name, text } of files) {
    const path = join(out, name);
    const folder = makeFolderFor(out, 0o700);
    const written = existsSync(path) ? `${path} is there already` : folder.ok ? replaceFile(path, text) : folder;
    if (typeof written === 'string' || !written.ok) {
      complain(typeof written === 'string' ? written : written.error);
      return 2;
    }
    process.stdout.write(`${path}\n`);
  }
  return 0;
}

/** A hostname as a file's name, whatever it has in it. */
function fileName(hostname: string): string {
  const plain = basename(hostname)
    .replaceAll(/[^\w.-]/g, '-')
    .replace(/^\.+/, '');
  return plain === '' ? 'peer' : plain;
}

function choicesOf(options: PeerOfOptions): PeerChoices {
  const { name, outside, gateway, seenAs, tunnelAddress, lan, vrf, frontVrf, peer } = options;
  return {
    ...(name === undefined ? {} : { name }),
    ...(outside === undefined ? {} : { outside }),
    ...(gateway === undefined ? {} : { gateway }),
    ...(seenAs === undefined ? {} : { seenAs }),
    ...(peer === undefined ? {} : { peer }),
    ...(vrf === undefined ? {} : { vrf }),
    ...(frontVrf === undefined ? {} : { frontVrf }),
    tunnelAddresses: tunnelAddress,
    lans: lan,
  };
}
