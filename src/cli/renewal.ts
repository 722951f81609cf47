/** A reload and the host file: what of it can be put in force while the gateway runs, and what counts from the next start. */
import { isDeepStrictEqual } from 'node:util';
import { HOST_FILE_SECTIONS, type HostFile, readText } from '../host/index.ts';
import { loadCredentials } from './credentials.ts';
import { findHostFile } from './host-settings.ts';
import { loadPeerSettings } from './peer-settings.ts';

/** What the gateway is given of it. */
type Renewed = Readonly<{
  renew: (credentials: Extract<ReturnType<typeof loadCredentials>, { ok: true }>['value']) => void;
  setPeers: (settings: Extract<ReturnType<typeof loadPeerSettings>, { ok: true }>['value']) => void;
}>;

/** Sections that a reload puts in force. */
const RENEWED: ReadonlySet<string> = new Set(['keypairs', 'trustpoints', 'ike', 'ppk'] satisfies (keyof HostFile)[]);

export class HostFileRenewal {
  readonly #given: string | undefined;
  readonly #config: string;
  /** As it was at the start. */
  readonly #started: HostFile;

  /** `given` and `config` are those of the command line: the file is looked for as it was at the start. */
  constructor(given: string | undefined, config: string, started: HostFile) {
    this.#given = given;
    this.#config = config;
    this.#started = started;
  }

  /** Reads it again with the files that it names, and puts in force what can be; gives what an operator has to know. */
  apply(gateway: Renewed): readonly string[] {
    const found = findHostFile(this.#given, this.#config);
    if (!found.ok) return [...found.error, 'what the host file said before stays in force'];
    const { host } = found.value;
    const credentials = loadCredentials(host);
    const peerSettings = loadPeerSettings(host, readText);
    if (credentials.ok && peerSettings.ok) {
      gateway.renew(credentials.value);
      gateway.setPeers(peerSettings.value);
      return this.#waiting(host);
    }
    const faults = [credentials, peerSettings].flatMap((read) => (read.ok ? [] : read.error));
    return [...faults, 'keys and certificates stay as they were', ...this.#waiting(host)];
  }

  /** What is wrong with it, or counts only after a restart; nothing is put in force. */
  look(): readonly string[] {
    const found = findHostFile(this.#given, this.#config);
    return found.ok ? this.#waiting(found.value.host) : found.error;
  }

  #waiting(host: HostFile): readonly string[] {
    const differing = HOST_FILE_SECTIONS.filter(
      (name) => !RENEWED.has(name) && !isDeepStrictEqual(this.#started[name], host[name]),
    );
    if (differing.length === 0) return [];
    const names = differing.map((name) => `'${name}'`).join(', ');
    return [`${names} of the host file ${differing.length === 1 ? 'differs' : 'differ'}: that counts after a restart`];
  }
}
