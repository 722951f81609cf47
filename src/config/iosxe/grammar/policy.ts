/** Routing policy: prefix lists, route maps, AS path lists and community lists. */
import { number, optional, text } from '../../parameters.ts';
import { pathListRows } from '../../rows/path-lists.ts';
import { prefixListRows } from '../../rows/prefix-list.ts';
import { routeMapRows } from '../../rows/route-map.ts';
import { harmless, type IosxeRow, unsupported } from '../row.ts';

const inMap = { within: ['route-map RM permit 10'] };

export const policyRows: readonly IosxeRow[] = [
  ...prefixListRows(4, 'ip prefix-list'),
  ...prefixListRows(6, 'ipv6 prefix-list'),
  ...pathListRows('ip '),
  unsupported('config', {
    pattern: 'ip community-list <number> <rest>',
    help: 'List of expressions over communities, by number',
    section: 'community-list',
    params: { number: number(100, 500, 'List'), rest: text('Entry') },
    example: 'ip community-list 101 permit 65000:.*',
  }),
  unsupported('config', {
    pattern: 'ip {extcommunity-list|large-community-list} <rest>',
    help: 'Lists of extended and of large communities',
    section: 'community-list',
    params: { rest: text('Entry') },
    example: 'ip extcommunity-list 1 permit rt 65000:1',
  }),
  harmless('config', {
    pattern: 'ip bgp-community new-format',
    help: 'Communities as two numbers, which is how they are always shown here',
    section: 'community-list',
    example: 'ip bgp-community new-format',
  }),
  ...routeMapRows,
  unsupported('route-map', {
    pattern: 'match {extcommunity|local-preference|source-protocol|ipv6 address|ipv6 next-hop|length|rpki} <rest>',
    help: 'Other matches of a router',
    params: { rest: text('Value') },
    example: { line: 'match local-preference 200', ...inMap },
  }),
  unsupported('route-map', {
    pattern:
      'set {extcommunity|tag|vrf|global|ip precedence|ip df|ip tos|ip default|ip next-hop self|ip next-hop peer-address|ip next-hop recursive|as-path tag|as-path replace|traffic-index|dampening} [<rest>]',
    help: 'Other settings of a router',
    params: { rest: optional(text('Value')) },
    example: { line: 'set tag 100', ...inMap },
  }),
  unsupported('route-map', {
    pattern: 'set as-path prepend last-as [<times>]',
    help: 'Lengthen the AS path by its last number',
    params: { times: optional(number(1, 10, 'Times')) },
    example: { line: 'set as-path prepend last-as 2', ...inMap },
  }),
  unsupported('route-map', {
    pattern: 'continue [<sequence>]',
    help: 'Go on with another clause',
    params: { sequence: optional(number(1, 65535, 'Clause; the next by default')) },
    example: { line: 'continue 20', ...inMap },
  }),
];
