/** Arguments of commands, read: addresses, and interfaces by any of their names. */
import { IpAddress } from '../../base/index.ts';
import type { GatewaySnapshot } from '../../gateway/index.ts';
import { type ExecResult, invalid } from './row.ts';

/** Goes on with the address that a word is, or says that it is none. */
export function withAddress(word: string | undefined, run: (address: IpAddress) => ExecResult): ExecResult {
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
