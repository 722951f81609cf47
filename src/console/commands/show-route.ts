/** `show route`, `show ipv6 route`. */
import { routeTableSchema, showRoute } from '../show/route.ts';
import { type Row, shown } from './row.ts';

export const showRouteCommands: readonly Row[] = [
  {
    pattern: 'show route',
    help: 'the IPv4 routing table',
    schema: routeTableSchema,
    run: (device) => shown(showRoute(device.snapshot(), 4)),
  },
  {
    pattern: 'show ipv6 route',
    help: 'the IPv6 routing table',
    schema: routeTableSchema,
    run: (device) => shown(showRoute(device.snapshot(), 6)),
  },
];
