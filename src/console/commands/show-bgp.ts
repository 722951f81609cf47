/** `show bgp …`. */
import { showBgp, showBgpNeighbors, showBgpSummary } from '../show/bgp.ts';
import { withAddress } from './arguments.ts';
import { type Row, text } from './row.ts';

export const showBgpCommands: readonly Row[] = [
  {
    pattern: 'show bgp',
    help: 'the BGP table',
    run: (device) => text(showBgp(device.snapshot(), device.bgpPaths({ kind: 'all' }))),
  },
  {
    pattern: 'show bgp summary',
    help: 'neighbours and their state',
    run: (device) => text(showBgpSummary(device.snapshot())),
  },
  {
    pattern: 'show bgp neighbors',
    help: 'neighbours in detail',
    run: (device) => text(showBgpNeighbors(device.snapshot(), undefined)),
  },
  {
    pattern: 'show bgp neighbors <address>',
    help: 'one neighbour in detail',
    run: (device, { arguments: given }) =>
      withAddress(given['address'], (peer) => text(showBgpNeighbors(device.snapshot(), peer))),
  },
  ...(['advertised', 'received'] as const).map(
    (kind): Row => ({
      pattern: `show bgp neighbors <address> ${kind === 'received' ? 'routes' : 'advertised-routes'}`,
      help: kind === 'received' ? 'paths learned from it' : 'paths told to it',
      run: (device, { arguments: given }) =>
        withAddress(given['address'], (neighbor) =>
          text(showBgp(device.snapshot(), device.bgpPaths({ kind, neighbor }))),
        ),
    }),
  ),
];
