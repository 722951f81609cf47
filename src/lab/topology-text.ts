/** A topology file: a YAML file whose fields may be times, rates, sizes and addresses of interfaces. */
import { IpAddress } from '../base/index.ts';
import type { InterfaceAddress } from '../plane/contract.ts';
import { type Field, type Fields, YamlText } from '../yaml/index.ts';
import { parseDuration, parsePercent, parseRate, parseSize } from './quantities.ts';

export type { Field, Fields } from '../yaml/index.ts';
export { nearest } from '../yaml/index.ts';

export class TopologyText extends YamlText {
  duration(fields: Fields, name: string, fallback: number): number {
    return this.quantity(fields, name, fallback, parseDuration, 'a time such as 10ms, 1.5s or 2m');
  }

  percent(fields: Fields, name: string, fallback: number): number {
    return this.quantity(fields, name, fallback, parsePercent, 'a percentage such as 5% or 0.1%, at most 100%');
  }

  rate(fields: Fields, name: string, fallback: number): number {
    return this.quantity(fields, name, fallback, parseRate, 'a rate such as 100mbit or 64kbit');
  }

  size(fields: Fields, name: string, fallback: number): number {
    return this.quantity(fields, name, fallback, parseSize, 'a size such as 64kB');
  }

  /** `10.1.1.10/24`: an address of our own with the length of its subnet. */
  interfaceAddress(field: Field | undefined, what: string): InterfaceAddress | undefined {
    if (field === undefined) return undefined;
    const text = this.text(field) ?? '?';
    const match = /^([^/]+)\/(\d{1,3})$/.exec(text);
    const address = match === null ? undefined : IpAddress.parse(match[1] ?? '');
    const length = Number(match?.[2]);
    if (address === undefined || length > address.bits) {
      this.complain(
        field.position,
        'bad-address',
        `${what} must be an address with its length, not \`${text}\`.`,
        '10.1.1.10/24',
      );
      return undefined;
    }
    return { address, length };
  }
}
