/**
 * strongSwan in a namespace: charon-systemd with a run folder, a vici socket and a log of its own. Its ESP runs in user
 * space (kernel-libipsec), always in UDP; packets of IKE and ESP are marked so that a tunnel of 0.0.0.0/0 does not
 * swallow them. On a kernel that has IPsec it may use that instead.
 */
import { existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { type Namespace, requirePrograms } from './namespaces.ts';
import { type Outcome, outcomeOf, type Running, run } from './process.ts';
import { parseRaw, type RawSection } from './swanctl-raw.ts';
import { until } from './until.ts';

const CHARON = '/usr/sbin/charon-systemd';

/** kernel-libipsec stands before kernel-netlink: the first one that can, does. */
const PLUGINS = [
  ...['random', 'nonce', 'aes', 'sha1', 'sha2', 'md5', 'hmac', 'kdf', 'drbg', 'gcm', 'ccm', 'ctr', 'chapoly', 'cmac'],
  ...['xcbc', 'curve25519', 'gmp', 'openssl', 'pem', 'pkcs1', 'pkcs8', 'x509', 'pubkey', 'revocation', 'constraints'],
  ...['kernel-libipsec', 'kernel-netlink', 'socket-default', 'vici', 'updown'],
];

/** Folders of credentials that swanctl looks into, beside its configuration. */
const CREDENTIALS = ['x509', 'x509ca', 'x509ocsp', 'x509aa', 'x509ac', 'x509crl', 'pubkey', 'private', 'rsa', 'ecdsa'];
const MORE_CREDENTIALS = ['bliss', 'pkcs8', 'pkcs12'];

export type StrongSwanOptions = Readonly<{
  /** Lines for the section `charon-systemd` of strongswan.conf, such as `cookie_threshold = 0`. */
  settings?: string;
  /** ESP in the kernel, bare where there is no NAT. */
  kernelEsp?: boolean;
  /** Loaded beside the usual ones. */
  plugins?: readonly string[];
  /** Loaded before all others: of algorithms that several have, theirs are used. */
  preferred?: readonly string[];
}>;

export type StrongSwanChild = Readonly<{
  name: string;
  state: string;
  inboundSpi: string;
  outboundSpi: string;
  encapsulated: boolean;
  packetsIn: number;
  packetsOut: number;
  localSelectors: readonly string[];
  remoteSelectors: readonly string[];
  /** As vici has it: `AES_CBC-128/HMAC_SHA1_96`, with the group of its key exchange if it had one. */
  suite: string;
}>;

export type StrongSwanIkeSa = Readonly<{
  name: string;
  uniqueId: string;
  state: string;
  initiatorSpi: string;
  responderSpi: string;
  isInitiator: boolean;
  localAddress: string;
  remoteAddress: string;
  remotePort: number;
  suite: string;
  children: readonly StrongSwanChild[];
}>;

export class StrongSwan {
  readonly namespace: Namespace;
  readonly #folder: string;
  readonly #charon: Running;

  private constructor(namespace: Namespace, folder: string, charon: Running) {
    this.namespace = namespace;
    this.#folder = folder;
    this.#charon = charon;
  }

  static async start(namespace: Namespace, options: StrongSwanOptions = {}): Promise<StrongSwan> {
    requirePrograms(CHARON, 'swanctl');
    const folder = join(namespace.folder, 'strongswan');
    for (const name of ['', ...CREDENTIALS, ...MORE_CREDENTIALS]) mkdirSync(join(folder, name), { recursive: true });
    // One that was killed before left its socket.
    rmSync(join(folder, 'vici'), { force: true });
    const file = join(folder, 'strongswan.conf');
    writeFileSync(file, strongswanConf(folder, options));
    const charon = namespace.spawn(CHARON, [], { STRONGSWAN_CONF: file });
    await until('charon starts', () => charon.runs() && existsSync(join(folder, 'vici')));
    return new StrongSwan(namespace, folder, charon);
  }

  get pid(): number {
    return this.#charon.child.pid ?? 0;
  }

  /** True while it runs; fails, with what it said, when it has ended. */
  runs(): true {
    return this.#charon.runs();
  }

  /** Puts a credential where swanctl finds it: `x509/gateway.pem`, `private/key.pem`. */
  credential(path: string, content: string | Uint8Array): void {
    writeFileSync(join(this.#folder, path), content);
  }

  /** Makes this the configuration, in swanctl.conf's language. What is up stays up. */
  async load(swanctlConf: string): Promise<void> {
    const file = join(this.#folder, 'swanctl.conf');
    writeFileSync(file, swanctlConf);
    await this.#swanctl('--load-all', '--clear', '--noprompt', '--file', file);
  }

  /** Brings a child up; gives whether it came up within the time. */
  async initiate(child: string, limitMs = 10_000): Promise<Outcome> {
    const words = ['--initiate', '--child', child, '--timeout', String(Math.ceil(limitMs / 1000))];
    return outcomeOf('swanctl', [...words, '--uri', this.#uri]);
  }

  async terminate(what: 'ike' | 'child', name: string): Promise<void> {
    await this.#swanctl('--terminate', `--${what}`, name, '--timeout', '5');
  }

  /** Drops an IKE SA without telling the peer, as a machine does that lost its power. */
  async forget(ike: string): Promise<void> {
    await outcomeOf('swanctl', ['--terminate', '--ike', ike, '--force', '--timeout', '-1', '--uri', this.#uri]);
  }

  async rekey(what: 'ike' | 'child', name: string): Promise<void> {
    await this.#swanctl('--rekey', `--${what}`, name);
  }

  async reauthenticate(ike: string): Promise<void> {
    await this.#swanctl('--rekey', '--ike', ike, '--reauth');
  }

  async sas(): Promise<readonly StrongSwanIkeSa[]> {
    return parseRaw(await this.#swanctl('--list-sas', '--raw')).flatMap(([, event]) =>
      [...event.sections].map(([name, section]) => ikeSaOf(name, section)),
    );
  }

  /** Algorithms that it has, by their kind. */
  async algorithms(): Promise<ReadonlyMap<string, readonly string[]>> {
    const found = new Map<string, string[]>();
    let kind = '';
    for (const line of (await this.#swanctl('--list-algs')).split('\n')) {
      const name = /^ {2}(\w+)\[/.exec(line)?.[1];
      if (name === undefined) kind = line.replace(/:$/, '');
      else found.set(kind, [...(found.get(kind) ?? []), name]);
    }
    return found;
  }

  /** SIGSTOP: it is there and says nothing. */
  suspend(): void {
    this.#charon.signal('SIGSTOP');
  }

  resume(): void {
    this.#charon.signal('SIGCONT');
  }

  stop(signal?: NodeJS.Signals): Promise<void> {
    return this.#charon.stop(signal);
  }

  log(): string {
    const file = join(this.#folder, 'log');
    const text = existsSync(file) ? readFileSync(file, 'utf8') : '';
    // What tests ask and load by themselves says nothing.
    return text.replace(/^.*\[CFG\] (?:vici client | ).*\n/gm, '') + this.#charon.output;
  }

  get #uri(): string {
    return `unix://${join(this.#folder, 'vici')}`;
  }

  #swanctl(...words: readonly string[]): Promise<string> {
    return run('swanctl', [...words, '--uri', this.#uri]);
  }
}

function pluginsOf({ kernelEsp, plugins = [], preferred = [] }: StrongSwanOptions): readonly string[] {
  const usual = kernelEsp === true ? PLUGINS.filter((one) => one !== 'kernel-libipsec') : PLUGINS;
  return [...preferred, ...usual.filter((name) => !preferred.includes(name)), ...plugins];
}

function strongswanConf(folder: string, options: StrongSwanOptions): string {
  return `charon-systemd {
  load = ${pluginsOf(options).join(' ')}
  retransmit_tries = 3
  retransmit_timeout = 1.0
  retransmit_base = 1.4
  plugins {
    kernel-netlink {
      fwmark = !0x42
    }
    socket-default {
      fwmark = 0x42
    }
    kernel-libipsec {
      allow_peer_ts = yes
    }
    vici {
      socket = unix://${join(folder, 'vici')}
    }
  }
  filelog {
    log {
      path = ${join(folder, 'log')}
      default = 1
      ike = 2
      cfg = 2
      flush_line = yes
      time_format = %T
    }
  }
  journal {
    default = -1
  }
  ${options.settings ?? ''}
}
`;
}

function ikeSaOf(name: string, { values, sections }: RawSection): StrongSwanIkeSa {
  const value = (key: string): string => values.get(key) ?? '';
  return {
    name,
    uniqueId: value('uniqueid'),
    state: value('state'),
    initiatorSpi: value('initiator-spi'),
    responderSpi: value('responder-spi'),
    isInitiator: value('initiator') === 'yes',
    localAddress: value('local-host'),
    remoteAddress: value('remote-host'),
    remotePort: Number(value('remote-port')),
    suite: suiteOf(values),
    children: [...(sections.get('child-sas')?.sections.values() ?? [])].map(childOf),
  };
}

function childOf({ values, lists }: RawSection): StrongSwanChild {
  const value = (key: string): string => values.get(key) ?? '';
  return {
    name: value('name'),
    state: value('state'),
    inboundSpi: value('spi-in'),
    outboundSpi: value('spi-out'),
    encapsulated: value('encap') === 'yes',
    packetsIn: Number(value('packets-in')),
    packetsOut: Number(value('packets-out')),
    localSelectors: lists.get('local-ts') ?? [],
    remoteSelectors: lists.get('remote-ts') ?? [],
    suite: suiteOf(values),
  };
}

function suiteOf(values: ReadonlyMap<string, string>): string {
  const bits = values.get('encr-keysize');
  const cipher = `${values.get('encr-alg') ?? ''}${bits === undefined ? '' : `-${bits}`}`;
  const rest = ['integ-alg', 'prf-alg', 'dh-group'].flatMap((key) => values.get(key) ?? []);
  return [cipher, ...rest, ...(values.get('esn') === '1' ? ['ESN'] : [])].join('/');
}
