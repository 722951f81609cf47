/** Endpoints and traffic selectors as values, and the notations that the platform has for them. */
import { type Endpoint, IpAddress, netmask, Prefix } from '../../base/index.ts';
import type { TrafficSelector } from '../../ike/index.ts';
import { address, count, list, object, type Value } from './schema.ts';

export const endpointSchema = object({ address: address('IP address'), port: count('UDP port') });
export type EndpointValue = Value<typeof endpointSchema>;

export const selectorSchema = object(
  {
    start: address('first address'),
    end: address('last address'),
    protocol: count('IP protocol; 0 is any'),
    startPort: count('first port'),
    endPort: count('last port'),
  },
  'traffic selector, RFC 7296 section 3.13.1',
);
export type SelectorValue = Value<typeof selectorSchema>;

export const selectorsSchema = list(selectorSchema, 'traffic selectors');

export function endpointValue({ address: own, port }: Endpoint): EndpointValue {
  return { address: own.toString(), port };
}

export function selectorValue({ start, end, protocol, startPort, endPort }: TrafficSelector): SelectorValue {
  return { start: start.toString(), end: end.toString(), protocol, startPort, endPort };
}

/** `10.0.0.1/500`. */
export function endpointText({ address: own, port }: EndpointValue): string {
  return `${own}/${port}`;
}

/** `0.0.0.0/0 - 255.255.255.255/65535`, as with IKE SAs. */
export function selectorText({ start, end, startPort, endPort }: SelectorValue): string {
  return `${start}/${startPort} - ${end}/${endPort}`;
}

/** `addr/mask/prot/port` of a selector that is a prefix; IPv6 masks print as lengths. */
export function identText(selector: SelectorValue | undefined): string {
  if (selector === undefined) return '';
  const { protocol, startPort, endPort } = selector;
  const port = startPort === 0 && endPort === 65_535 ? '0' : `${startPort} - ${endPort}`;
  const [start, end] = [IpAddress.parse(selector.start), IpAddress.parse(selector.end)];
  if (start === undefined || end === undefined) return '';
  for (let length = 0; length <= start.bits; length++) {
    const prefix = new Prefix(start, length);
    if (!prefix.address.equals(start) || !prefix.last.equals(end)) continue;
    return `${start}/${start.family === 4 ? netmask(length) : length}/${protocol}/${port}`;
  }
  return `${start} - ${end}/${protocol}/${port}`;
}
