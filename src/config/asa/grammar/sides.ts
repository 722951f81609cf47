/** Source and destination as access lists and objects spell them: their parameters and what they come to. */
import { type IpAddress, Prefix } from '../../../base/index.ts';
import { address, interfacing, mask, name, nameif, network, optional, words } from '../../parameters.ts';
import { portParam } from '../../rows/ports.ts';

const anyWord = words('Everything', 'any', 'any4', 'any6');
/** Parameters of one side. */
const side = (which: string) => ({
  any: optional(anyWord),
  host: optional(address(`${which}: one address`)),
  net: optional(network(`${which}: network`)),
  mask: optional(mask('Netmask, not a wildcard')),
  prefix: optional(interfacing(6, `${which}: IPv6 prefix`)),
  object: optional(name(`${which}: object`)),
  group: optional(name(`${which}: object group`)),
  interface: optional(nameif(`${which}: address of an interface`)),
  op: optional(words('Comparison', 'eq', 'lt', 'gt', 'neq')),
  port: optional(portParam('Port')),
  from: optional(portParam('First port')),
  to: optional(portParam('Last port')),
});
/** Parameters of the source. */
export const source = side('Source');
/** Parameters of the destination. */
export const destination = side('Destination');

/** The addresses of one side as they were read. */
export type Side = Readonly<{
  any?: string | undefined;
  host?: IpAddress | undefined;
  net?: IpAddress | undefined;
  mask?: number | undefined;
  prefix?: Readonly<{ address: IpAddress; length: number }> | undefined;
  object?: string | undefined;
  group?: string | undefined;
  interface?: string | undefined;
}>;

/** Prefixes of a side that names no object; undefined when it does. */
export function sidePrefixes(side: Side): Prefix[] | undefined {
  if (side.any === 'any4') return [Prefix.all(4)];
  if (side.any === 'any6') return [Prefix.all(6)];
  if (side.any !== undefined) return [Prefix.all(4), Prefix.all(6)];
  if (side.host !== undefined) return [Prefix.host(side.host)];
  if (side.net !== undefined) return [new Prefix(side.net, side.mask ?? 32)];
  return side.prefix === undefined ? undefined : [new Prefix(side.prefix.address, side.prefix.length)];
}
