/** Typed parameters of grammar rows: how each is read from tokens, checked, written back and described. */
import { fromUtf8, IpAddress, netmask, Prefix, prefixLength, SecretKey, utf8 } from '../base/index.ts';
import { canonicalInterface } from './interface-name.ts';
import type { Line } from './lines.ts';

/** Why a word is not a value of the parameter. */
export type ReadingFault = Readonly<{ code: 'out-of-range' | 'malformed' | 'ambiguous'; message: string }>;
export type Reading<T> = Readonly<{ ok: true; value: T; used: number }> | Readonly<{ ok: false; fault: ReadingFault }>;

export type ParamKind =
  | 'choice'
  | 'number'
  | 'address'
  | 'mask'
  | 'prefix'
  | 'interface'
  | 'nameif'
  | 'name'
  | 'text'
  | 'secret';

/** A parameter that yields a `T`. */
export type Param<T> = Readonly<{
  kind: ParamKind;
  help: string;
  /** As syntax shows it: `<1-65535>`, `A.B.C.D`, `WORD`. */
  shape: string;
  /** Keyword parameters: each word with its line of help. */
  choices?: Readonly<Record<string, string>>;
  optional: boolean;
  /** Names something of this kind that stands elsewhere. */
  refers?: Reference;
  /** Takes one word or more; `T` is a list then. */
  many: boolean;
  /** Reads one item at token `index`. */
  read(line: Line, index: number): Reading<unknown>;
  write(value: T): string;
  /** Only for the type system: what a reading yields. */
  yields?: T;
}>;

export type Parameters = Readonly<Record<string, Param<unknown>>>;

/** Values by parameter name. */
export type Args<P extends Parameters> = { readonly [K in keyof P]: P[K] extends Param<infer T> ? T : never };

type Seed<T> = Pick<Param<T>, 'kind' | 'help' | 'shape' | 'write'> & { read(line: Line, index: number): Reading<T> };

function make<T>(seed: Seed<T>): Param<T> {
  return { ...seed, optional: false, many: false };
}

/** What a line can name that another defines. */
export type Reference =
  | 'VRF'
  | 'interface'
  | 'IKEv2 proposal'
  | 'keyring'
  | 'IKEv2 profile'
  | 'authorization policy'
  | 'transform set'
  | 'IPsec proposal'
  | 'IPsec profile'
  | 'access list'
  | 'prefix list'
  | 'route map'
  | 'community list'
  | 'peer group'
  | 'certificate map'
  | 'trustpoint'
  | 'crypto map'
  | 'group policy'
  | 'tunnel-group'
  | 'class'
  | 'tcp-map'
  | 'policy-map';

/** A parameter whose value names something that stands elsewhere. */
export function refers<T>(to: Reference, param: Param<T>): Param<T> {
  return { ...param, refers: to };
}

/** May be absent. */
export function optional<T>(param: Param<T>): Param<T | undefined> {
  return { ...param, optional: true, write: (value) => (value === undefined ? '' : param.write(value)) } as Param<
    T | undefined
  >;
}

/** One or more, written with blanks between. */
export function many<T>(param: Param<T>): Param<readonly T[]> {
  return { ...param, many: true, write: (values) => values.map((value) => param.write(value)).join(' ') } as Param<
    readonly T[]
  >;
}

/** Keywords, each with its help. They may be abbreviated. */
export function choice<W extends string>(help: string, choices: Readonly<Record<W, string>>): Param<W> {
  const words: readonly string[] = Object.keys(choices);
  const shape = words.length > 1 ? `{${words.join('|')}}` : (words[0] ?? '');
  const read = (): Reading<W> => malformed(`expected ${words.join(', ')}`); // the matcher reads keywords itself
  return { ...make<W>({ kind: 'choice', help, shape, read, write: (value) => value }), choices };
}

/** Keywords that explain themselves. */
export function words<W extends string>(help: string, ...list: readonly W[]): Param<W> {
  return choice(help, Object.fromEntries(list.map((word) => [word, word])) as unknown as Record<W, string>);
}

/** A decimal number within bounds. */
export function number(minimum: number, maximum: number, help: string): Param<number> {
  const shape = `<${minimum}-${maximum}>`;
  return make({
    kind: 'number',
    help,
    shape,
    write: String,
    read: (line, index) => {
      const text = word(line, index);
      if (!/^\d{1,15}$/.test(text)) return malformed(`expected a number from ${minimum} to ${maximum}`);
      const value = Number(text);
      if (value >= minimum && value <= maximum) return { ok: true, value, used: 1 };
      return { ok: false, fault: { code: 'out-of-range', message: `${value} is not within ${minimum} to ${maximum}` } };
    },
  });
}

/** An AS number, plain or as `high.low` (RFC 5396). */
export function asNumber(help: string): Param<number> {
  const plain = number(1, 4294967295, help);
  return {
    ...plain,
    read: (line, index) => {
      const parts = /^(\d{1,5})\.(\d{1,5})$/.exec(word(line, index));
      if (parts === null) return plain.read(line, index);
      const [high, low] = [Number(parts[1]), Number(parts[2])];
      const value = high * 65536 + low;
      if (high <= 65535 && low <= 65535 && value > 0) return { ok: true, value, used: 1 };
      return { ok: false, fault: { code: 'out-of-range', message: 'each half of an AS number is at most 65535' } };
    },
  };
}

/** An IPv4 or IPv6 address. */
export function address(help: string, family?: 4 | 6): Param<IpAddress> {
  const shape = family === 4 ? 'A.B.C.D' : family === 6 ? 'X:X:X::X' : 'A.B.C.D|X:X:X::X';
  return make({
    kind: 'address',
    help,
    shape,
    write: String,
    read: (line, index) => {
      const value = IpAddress.parse(word(line, index));
      if (value !== undefined && (family === undefined || value.family === family)) return { ok: true, value, used: 1 };
      return malformed(`expected an ${family === undefined ? 'IP' : `IPv${family}`} address`);
    },
  });
}

/** An IPv4 network number; `0` is short for 0.0.0.0. */
export function network(help: string): Param<IpAddress> {
  const plain = address(help, 4);
  return {
    ...plain,
    read: (line, index) =>
      word(line, index) === '0' ? { ok: true, value: IpAddress.any(4), used: 1 } : plain.read(line, index),
  };
}

/** A netmask, read as its length; `0` is short for 0.0.0.0. */
export function mask(help: string): Param<number> {
  return make({
    kind: 'mask',
    help,
    shape: 'NETMASK',
    write: (length) => String(netmask(length)),
    read: (line, index) => {
      const text = word(line, index);
      if (text === '0') return { ok: true, value: 0, used: 1 };
      const parsed = IpAddress.parse(text);
      if (parsed?.family !== 4) return malformed('expected a netmask such as 255.255.255.0');
      const length = prefixLength(parsed);
      return length === undefined
        ? malformed(`${text} is not a netmask: its ones are not contiguous`)
        : { ok: true, value: length, used: 1 };
    },
  });
}

/** An address with a length; the host bits are kept. */
export type Interfacing = Readonly<{ address: IpAddress; length: number }>;

/** `A/L` with its host bits, for interface addresses. */
export function interfacing(family: 4 | 6, help: string): Param<Interfacing> {
  return make({
    kind: 'prefix',
    help,
    shape: family === 4 ? 'A.B.C.D/<0-32>' : 'X:X:X::X/<0-128>',
    write: (value) => `${value.address}/${value.length}`,
    read: (line, index) => {
      const text = word(line, index);
      const slash = text.indexOf('/');
      const parsed = IpAddress.parse(slash < 0 ? '' : text.slice(0, slash));
      if (parsed?.family !== family || !/^\d{1,3}$/.test(text.slice(slash + 1)))
        return malformed(
          `expected an IPv${family} address and length, such as ${family === 4 ? '10.0.0.1/24' : '2001:db8::1/64'}`,
        );
      const length = Number(text.slice(slash + 1));
      if (length <= parsed.bits) return { ok: true, value: { address: parsed, length }, used: 1 };
      return {
        ok: false,
        fault: { code: 'out-of-range', message: `a length of ${length} is more than ${parsed.bits}` },
      };
    },
  });
}

/** `A/L`; the host bits are cleared. */
export function prefix(family: 4 | 6, help: string): Param<Prefix> {
  const inner = interfacing(family, help);
  return make<Prefix>({
    kind: 'prefix',
    help,
    shape: inner.shape,
    write: String,
    read: (line, index) => {
      const reading = inner.read(line, index) as Reading<Interfacing>;
      if (!reading.ok) return reading;
      return { ok: true, value: new Prefix(reading.value.address, reading.value.length), used: 1 };
    },
  });
}

/** A hardware interface by its full or short name, its number perhaps a word of its own. */
export function hardwareInterface(help: string): Param<string> {
  return make({
    kind: 'interface',
    help,
    shape: 'INTERFACE',
    write: String,
    read: (line, index) => canonicalInterface(word(line, index), line.tokens[index + 1]?.text),
  });
}

/** What other lines call an interface. */
export function nameif(help: string): Param<string> {
  return bounded('nameif', 'IFNAME', 48, help);
}

/** A name of the operator's choice. */
export function name(help: string, longest = 128): Param<string> {
  return bounded('name', 'WORD', longest, help);
}

/** Bytes as hexadecimal digits, in lower case; a word may end in the middle of a byte. */
export function hexadecimal(help: string): Param<string> {
  return make({
    kind: 'name',
    help,
    shape: 'HEX',
    write: String,
    read: (line, index) => {
      const digits = word(line, index).toLowerCase();
      return /^[0-9a-f]+$/.test(digits)
        ? { ok: true, value: digits, used: 1 }
        : malformed('expected hexadecimal digits');
    },
  });
}

/** The rest of the line as it stands. */
export function text(help: string): Param<string> {
  return make({ kind: 'text', help, shape: 'LINE', write: String, read: restOfLine });
}

/** A key or password: one word, never shown. */
export function secret(help: string): Param<SecretKey> {
  return make({
    kind: 'secret',
    help,
    shape: 'KEY',
    write: (value) => fromUtf8(value.reveal()),
    read: (line, index) => ({ ok: true, value: new SecretKey(utf8(line.tokens[index]?.raw ?? '')), used: 1 }),
  });
}

/** The rest of a line that holds a secret somewhere; it is not kept. */
export function secretText(help: string): Param<SecretKey> {
  return {
    ...secret(help),
    read: (line, index) => {
      const rest = restOfLine(line, index);
      return rest.ok ? { ...rest, value: new SecretKey(utf8(rest.value)) } : rest;
    },
  };
}

function bounded(kind: 'name' | 'nameif', shape: string, longest: number, help: string): Param<string> {
  return make({
    kind,
    help,
    shape,
    write: String,
    read: (line, index) => {
      const value = word(line, index);
      if (value.length <= longest) return { ok: true, value, used: 1 };
      return { ok: false, fault: { code: 'out-of-range', message: `longer than ${longest} characters` } };
    },
  });
}

function restOfLine(line: Line, index: number): Extract<Reading<string>, { ok: true }> {
  const start = (line.tokens[index]?.column ?? 1) - 1;
  return { ok: true, value: line.raw.slice(start).trim(), used: line.tokens.length - index };
}

function malformed(message: string): Extract<Reading<never>, { ok: false }> {
  return { ok: false, fault: { code: 'malformed', message } };
}

function word(line: Line, index: number): string {
  return line.tokens[index]?.text ?? '';
}
