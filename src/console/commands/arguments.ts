/** Arguments of commands, read: addresses, and interfaces by any of their names. */
import { type Family, IpAddress, Prefix } from '../../base/index.ts';
import { parameters } from '../../config/index.ts';
import type { GatewaySnapshot } from '../../gateway/index.ts';
import { invalid, type RowResult } from './row.ts';

/** Goes on with the address that a word is, or says that it is none. */
export function withAddress(word: string | undefined, run: (address: IpAddress) => RowResult): RowResult {
  const address = IpAddress.parse(word ?? '');
  return address === undefined ? invalid(`${word} is not an address`) : run(address);
}

/** `tu1`, `Tunnel1` or a nameif to the interface's own name. */
export function interfaceName({ interfaces }: GatewaySnapshot, word: string): string | undefined {
  const exact = interfaces.find(({ name, alias }) => alias === word || name.toLowerCase() === word.toLowerCase());
  if (exact !== undefined) return exact.name;
  const parts = /^([A-Za-z-]+)([\d/.]+)$/.exec(word);
  if (parts === null) return undefined;
  const [, letters = '', number = ''] = parts;
  const fits = interfaces.filter(
    ({ name }) => name.toLowerCase().startsWith(letters.toLowerCase()) && name.replace(/^\D+/, '') === number,
  );
  return fits.length === 1 ? fits[0]?.name : undefined;
}

/** An interface by its hardware name, whole or short, with or without a blank before the number; or by its nameif. */
export const anyInterface: parameters.Param<string> = {
  ...parameters.hardwareInterface('Interface'),
  read: (line, index) => {
    const [word = '', next = ''] = [line.tokens[index]?.text, line.tokens[index + 1]?.text];
    if (/^[A-Za-z-]+$/.test(word) && /^\d[\d/.]*$/.test(next)) return { ok: true, value: `${word}${next}`, used: 2 };
    if (word !== '') return { ok: true, value: word, used: 1 };
    return { ok: false, fault: { code: 'malformed', message: 'expected an interface' } };
  },
};

/** Goes on with the interface that a word names, or says that there is none. */
export function withInterface(
  snapshot: GatewaySnapshot,
  word: string | undefined,
  run: (name: string) => RowResult,
): RowResult {
  const name = interfaceName(snapshot, word ?? '');
  return name === undefined ? invalid(`no interface ${word}`) : run(name);
}

/** Where packets are to come from: an address as written, or one of an interface by any of its names. */
export function sourceAddress(snapshot: GatewaySnapshot, word: string, family: 4 | 6): IpAddress | RowResult {
  const address = IpAddress.parse(word);
  if (address !== undefined) {
    return address.family === family ? address : invalid(`${word} is not an IPv${family} address`);
  }
  const name = interfaceName(snapshot, word);
  const found = snapshot.interfaces.find((one) => one.name === name);
  if (found === undefined) return invalid(`${word} is neither an address nor an interface`);
  const own = found.addresses.filter((one) => one.address.family === family).map((one) => one.address);
  return own.find(({ isLinkLocal }) => !isLinkLocal) ?? invalid(`${word} has no IPv${family} address`);
}

/** An address or a prefix, so that words of other commands are none. */
export function destination(family: Family): parameters.Param<string> {
  const shape = family === 4 ? 'A.B.C.D[/<0-32>]' : 'X:X:X::X[/<0-128>]';
  return {
    ...parameters.name('Destination'),
    shape,
    read: (line, index) => {
      const word = line.tokens[index]?.text ?? '';
      const found = Prefix.parse(word) ?? IpAddress.parse(word);
      if (found?.family === family) return { ok: true, value: word, used: 1 };
      return { ok: false, fault: { code: 'malformed', message: `${word} is not an IPv${family} address` } };
    },
  };
}
