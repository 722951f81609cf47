/** `show route`, `show ipv6 route`. */
import { showRoute } from '../show/route.ts';
import { type Row, text } from './row.ts';

export const showRouteCommands: readonly Row[] = [
  { pattern: 'show route', help: 'the IPv4 routing table', run: (device) => text(showRoute(device.snapshot(), 4)) },
  {
    pattern: 'show ipv6 route',
    help: 'the IPv6 routing table',
    run: (device) => text(showRoute(device.snapshot(), 6)),
  },
];
