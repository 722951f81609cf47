/** `show bgp …`: IPv4 without a family, as on the platform, and each family by its name. */
import type { Family, IpAddress } from '../../base/index.ts';
import type { BgpPathSnapshot } from '../../bgp/index.ts';
import { bgpNeighborsSchema, showBgpNeighbors } from '../show/bgp-neighbors.ts';
import { bgpPrefixSchema, readWanted, showBgpPrefix } from '../show/bgp-prefix.ts';
import { bgpSummarySchema, showBgpSummary } from '../show/bgp-summary.ts';
import { bgpTableSchema, showBgpTable } from '../show/bgp-table.ts';
import { withAddress } from './arguments.ts';
import { type ExecDevice, invalid, type Row, type RowResult, shown } from './row.ts';

/** What may be asked of one neighbour, and where the answer comes from. */
const VIEWS = [
  ['routes', 'paths learned from it and permitted', accepted],
  ['advertised-routes', 'paths told to it', advertised],
  ['received-routes', 'paths learned from it, before inbound policy', received],
] as const;

export const showBgpCommands: readonly Row[] = [
  ...family('show bgp', 4, undefined),
  ...family('show bgp ipv4 unicast', 4, 4),
  ...family('show bgp ipv6 unicast', 6, 6),
];

/** `shownOf`: the family whose neighbours `neighbors` lists; all of them without one. */
function family(start: string, table: Family, shownOf: Family | undefined): readonly Row[] {
  const words = table === 4 ? 'IPv4' : 'IPv6';
  return [
    {
      pattern: start,
      help: `the BGP table, ${words}`,
      schema: bgpTableSchema,
      run: (device) => shown(showBgpTable(device.snapshot(), device.bgpPaths({ kind: 'all' }), table)),
    },
    {
      pattern: `${start} <prefix>`,
      help: 'all paths of one prefix, and what decided between them',
      schema: bgpPrefixSchema,
      run: (device, { arguments: given }) => onePrefix(device, given['prefix'] ?? '', undefined),
    },
    ...(table === 6
      ? []
      : [
          {
            pattern: `${start} <prefix> <mask>`,
            help: 'the same, with a mask',
            schema: bgpPrefixSchema,
            run: (device, { arguments: given }) => onePrefix(device, given['prefix'] ?? '', given['mask']),
          } satisfies Row,
        ]),
    {
      pattern: `${start} summary`,
      help: 'neighbours and their state',
      schema: bgpSummarySchema,
      run: (device) => shown(showBgpSummary(device.snapshot(), table)),
    },
    {
      pattern: `${start} neighbors`,
      help: 'neighbours in detail',
      schema: bgpNeighborsSchema,
      run: (device) => shown(showBgpNeighbors(device.snapshot(), undefined, shownOf)),
    },
    {
      pattern: `${start} neighbors <address>`,
      help: 'one neighbour in detail',
      schema: bgpNeighborsSchema,
      run: (device, { arguments: given }) =>
        withAddress(given['address'], (peer) => shown(showBgpNeighbors(device.snapshot(), peer, shownOf))),
    },
    ...VIEWS.map(
      ([view, help, paths]): Row => ({
        pattern: `${start} neighbors <address> ${view}`,
        help,
        schema: bgpTableSchema,
        run: (device, { arguments: given }) =>
          withAddress(given['address'], (neighbor) =>
            // Without a family those of the neighbour's own count: an IPv6 neighbour is asked for IPv6.
            shown(showBgpTable(device.snapshot(), paths(device, neighbor), shownOf ?? neighbor.family)),
          ),
      }),
    ),
  ];
}

function onePrefix(device: ExecDevice, word: string, mask: string | undefined): RowResult {
  const wanted = readWanted(word, mask);
  if (wanted === undefined) return invalid(`${[word, mask].join(' ').trim()} is not a prefix`);
  return shown(showBgpPrefix(device.snapshot(), device.bgpPaths({ kind: 'all' }), wanted));
}

function accepted(device: ExecDevice, neighbor: IpAddress): readonly BgpPathSnapshot[] {
  return device.bgpPaths({ kind: 'all' }).filter(({ from }) => from?.equals(neighbor) === true);
}

function advertised(device: ExecDevice, neighbor: IpAddress): readonly BgpPathSnapshot[] {
  return device.bgpPaths({ kind: 'advertised', neighbor });
}

function received(device: ExecDevice, neighbor: IpAddress): readonly BgpPathSnapshot[] {
  return device.bgpPaths({ kind: 'received', neighbor });
}
