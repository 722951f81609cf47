/** Routing policy: prefix lists, route maps, AS path lists and community lists. */
import { pathListRows } from '../../rows/path-lists.ts';
import { prefixListRows } from '../../rows/prefix-list.ts';
import { routeMapRows } from '../../rows/route-map.ts';
import type { AsaRow } from '../row.ts';

export const policyRows: readonly AsaRow[] = [
  ...prefixListRows(4, 'prefix-list'),
  ...prefixListRows(6, 'ipv6 prefix-list'),
  ...routeMapRows,
  ...pathListRows(''),
];
