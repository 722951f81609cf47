/** A tunnel interface that is no interface yet: without nameif, shut down, or without an address. */
import { type Family, type IpAddress, netmask } from '../../base/index.ts';
import { expectedAddress } from '../expected-address.ts';
import { deleteLine, insertAfter, lineOf, placeOf, sectionEnd } from '../places.ts';
import type { Finding, TunnelCase, TunnelRule } from '../tunnel-case.ts';

export const tunnelInterface: TunnelRule = (one) => {
  const { device, tunnel, index } = one.near;
  if (tunnel?.kind !== 'tunnel') return undefined;
  const { name, written, alias, shutdown } = tunnel;
  if (alias === undefined && device.model.dialect === 'asa') {
    const wanted = unknownAlias(one) ?? name.toUpperCase();
    return {
      code: 'nameif-missing',
      claim: `${name} has no nameif, and without one an ASA does not use an interface`,
      lines: [lineOf(device, written)],
      edits: [insertAfter(device, written.start, { text: ` nameif ${wanted}`, why: `names ${name}` })],
    };
  }
  if (shutdown) {
    const position = placeOf(written, 'shutdown');
    return {
      code: 'tunnel-shutdown',
      claim: `${name} is shut down`,
      lines: [lineOf(device, written, 'shutdown')],
      edits: [deleteLine(device, position, `brings ${name} up`)],
    };
  }
  return index.addresses(tunnel).length === 0 ? withoutAddress(one) : undefined;
};

function withoutAddress(one: TunnelCase): Finding | undefined {
  const { device, tunnel } = one.near;
  if (tunnel === undefined) return undefined;
  const text = ([4, 6] as const)
    .flatMap((family) => addressLine(family, expectedAddress(one.fabric, one.near, one.far, family)))
    .join('\n');
  const edit = insertAfter(device, written(tunnel), {
    text,
    why: 'gives it the address that the other side speaks BGP with',
  });
  return {
    code: 'tunnel-address-missing',
    claim: `${tunnel.name} has no IP address, so it carries no family`,
    lines: [lineOf(device, tunnel.written)],
    edits: text === '' ? [] : [edit],
  };

  function written(of: typeof tunnel & object) {
    return of.written.attributes['alias'] ?? sectionEnd(device, of.written.start);
  }
}

/** Point to point: two addresses, RFC 3021 and RFC 6164. */
function addressLine(family: Family, address: IpAddress | undefined): string[] {
  if (address === undefined) return [];
  return [family === 4 ? ` ip address ${address} ${netmask(31)}` : ` ipv6 address ${address}/127`];
}

/** A name that static routes use and no interface has. */
function unknownAlias({ near }: TunnelCase): string | undefined {
  const { staticRoutes } = near.device.model;
  const found = staticRoutes.find((route) => !route.nullRoute && near.index.interface(route.interface) === undefined);
  return found?.interface;
}
