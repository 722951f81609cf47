/**
 * What the kernel knows of TCP segments whose MD5 signature is wrong (RFC 2385) or whose TTL is too small (RFC 5082). It
 * drops them without a word to the socket and only counts them, for the whole network namespace. So from time to time
 * the counters are read, and what they have grown by is laid at the door of the neighbours that it may have been.
 */
import { readFileSync } from 'node:fs';

/** Segments with a signature that is wrong, that is missing, that nobody asked for; and those from too far away. */
export type SegmentCounters = Readonly<{ invalid: number; missing: number; unexpected: number; distant: number }>;

/** A neighbour as the watch sees it. */
export type WatchedPeer = Readonly<{ name: string; hasKey: boolean; hasMinTtl: boolean; isConnected: boolean }>;

export type SegmentNotice = Readonly<{
  peer: string;
  code: keyof typeof WRONG;
  text: string;
}>;

const NAMES = {
  invalid: 'TCPMD5Failure',
  missing: 'TCPMD5NotFound',
  unexpected: 'TCPMD5Unexpected',
  distant: 'TCPMinTTLDrop',
} as const;

/** The counters of `/proc/net/netstat`: pairs of lines, names and values. Undefined when they are not there. */
export function parseNetstat(text: string): SegmentCounters | undefined {
  const lines = text.split('\n').filter((line) => line.startsWith('TcpExt:'));
  const names = lines[0]?.split(' ') ?? [];
  const values = lines[1]?.split(' ') ?? [];
  const of = (name: string): number => Number(values[names.indexOf(name)] ?? Number.NaN);
  const counters = {
    invalid: of(NAMES.invalid),
    missing: of(NAMES.missing),
    unexpected: of(NAMES.unexpected),
    distant: of(NAMES.distant),
  };
  return Object.values(counters).every((value) => Number.isFinite(value)) ? counters : undefined;
}

export function readSegmentCounters(): SegmentCounters | undefined {
  try {
    return parseNetstat(readFileSync('/proc/self/net/netstat', 'utf8'));
  } catch {
    return undefined; // no /proc: there is nothing to learn then
  }
}

export class SegmentWatch {
  #last: SegmentCounters | undefined;
  /** What each neighbour was last told for; said again only after a connection with it. */
  readonly #said = new Map<string, string>();
  /** Since small TTLs are counted, who was told of for them: sessions that stand may be meant, too. */
  readonly #distant = new Set<string>();

  constructor(counters: SegmentCounters | undefined) {
    this.#last = counters;
  }

  /** What there is to say of what was counted since the last time. */
  check(counters: SegmentCounters | undefined, peers: readonly WatchedPeer[]): readonly SegmentNotice[] {
    const last = this.#last;
    this.#last = counters ?? last;
    for (const { name, isConnected } of peers) if (isConnected) this.#said.delete(name);
    const names = new Set(peers.map(({ name }) => name));
    for (const name of this.#said.keys()) if (!names.has(name)) this.#said.delete(name);
    if (counters === undefined || last === undefined) return [];
    const without = peers.filter(({ isConnected }) => !isConnected);
    const keyed = without.filter(({ hasKey }) => hasKey).map(({ name }) => name);
    const plain = without.filter(({ hasKey }) => !hasKey).map(({ name }) => name);
    const far = counters.distant > last.distant;
    if (!far) this.#distant.clear();
    const limited = peers.filter(({ hasMinTtl, name }) => hasMinTtl && !this.#distant.has(name));
    return [
      ...(far ? this.#tellDistant(limited.map(({ name }) => name)) : []),
      ...(counters.invalid > last.invalid ? this.#accuse('md5-invalid', keyed) : []),
      ...(counters.missing > last.missing ? this.#accuse('md5-missing', keyed) : []),
      ...(counters.unexpected > last.unexpected ? this.#accuse('md5-unexpected', plain) : []),
    ];
  }

  #tellDistant(peers: readonly string[]): readonly SegmentNotice[] {
    for (const peer of peers) this.#distant.add(peer);
    return peers.map((peer) => ({ peer, code: 'ttl-security', text: sentence('ttl-security', peer, peers.length) }));
  }

  #accuse(code: SegmentNotice['code'], peers: readonly string[]): readonly SegmentNotice[] {
    const notices: SegmentNotice[] = [];
    for (const peer of peers) {
      if (this.#said.get(peer) === code) continue;
      this.#said.set(peer, code);
      notices.push({ peer, code, text: sentence(code, peer, peers.length) });
    }
    return notices;
  }
}

const WRONG = {
  'ttl-security': 'with a TTL that is too small: it is further away than ttl-security permits, or does not use it',
  'md5-invalid': 'with a wrong MD5 signature: its password is another one than ours',
  'md5-missing': 'without an MD5 signature: it has no password for us',
  'md5-unexpected': 'with an MD5 signature: it has a password, and we have none for it',
} as const;

function sentence(code: SegmentNotice['code'], peer: string, candidates: number): string {
  // The kernel does not say whose segments they were.
  const who = candidates === 1 ? peer : `${peer}, or another of ${candidates} neighbors,`;
  return `${who} sends TCP segments ${WRONG[code]}`;
}
