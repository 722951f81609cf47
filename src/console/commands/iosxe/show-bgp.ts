/** `show ip bgp …` and `show bgp …` of a router: by family and VRF, under each of their many names. */
import type { Family, IpAddress } from '../../../base/index.ts';
import type { BgpPathSnapshot } from '../../../bgp/index.ts';
import { parameters } from '../../../config/index.ts';
import type { GatewaySnapshot } from '../../../gateway/index.ts';
import { bgpNeighborsSchema } from '../../show/bgp-neighbors.ts';
import { bgpPrefixSchema, readWanted } from '../../show/bgp-prefix.ts';
import { bgpSummarySchema } from '../../show/bgp-summary.ts';
import { bgpTableSchema } from '../../show/bgp-table.ts';
import {
  showIosBgpAllSummary,
  showIosBgpNeighbors,
  showIosBgpPrefix,
  showIosBgpSummary,
  showIosBgpTable,
} from '../../show/iosxe/bgp.ts';
import { destination, withAddress } from '../arguments.ts';
import { type ExecDevice, invalid, type Row, type RowResult, refused, shown, type Words } from '../row.ts';

const vrf = parameters.name('VRF');

/** Where a command looks: its first words, the family, and whether a VRF is named in them. */
const SCOPES = [
  ['show ip bgp', 4, undefined],
  ['show ip bgp vrf <vrf>', 4, 4],
  ['show ip bgp vpnv4 vrf <vrf>', 4, 4],
  ['show bgp', 4, undefined],
  ['show bgp ipv4 unicast', 4, 4],
  ['show bgp ipv6 unicast', 6, 6],
  ['show bgp vrf <vrf>', 4, 4],
  ['show bgp ipv4 unicast vrf <vrf>', 4, 4],
  ['show bgp ipv6 unicast vrf <vrf>', 6, 6],
  ['show bgp vpnv4 unicast vrf <vrf>', 4, 4],
] as const;

type What = 'received' | 'advertised';

const VIEWS = [
  ['routes', 'paths learned from it and permitted', undefined],
  ['advertised-routes', 'paths told to it', 'advertised'],
  ['received-routes', 'paths learned from it, before inbound policy', 'received'],
] as const;

export const iosShowBgp: readonly Row[] = [
  ...SCOPES.flatMap(([start, table, shownOf]) => scope(start, table, shownOf)),
  ...(['show ip bgp all summary', 'show bgp all summary', 'show ip bgp vpnv4 all summary'] as const).map(
    (pattern): Row => ({
      pattern,
      help: 'neighbours and their state, of every family',
      schema: bgpSummarySchema,
      run: (device) => shown(showIosBgpAllSummary(device.snapshot())),
    }),
  ),
];

/** Goes on with BGP of the VRF that the words name. */
function within(
  device: ExecDevice,
  { arguments: given }: Words,
  run: (snapshot: GatewaySnapshot) => RowResult,
): RowResult {
  const snapshot = device.snapshot();
  const name = given['vrf'];
  if (name !== undefined && !snapshot.model.vrfs.some((one) => one.name === name))
    return refused(`VRF ${name} does not exist`);
  return run(bgpIn(snapshot, name ?? ''));
}

/** The snapshot with BGP of a VRF in the place of that of the global table. */
function bgpIn(snapshot: GatewaySnapshot, name: string): GatewaySnapshot {
  if (name === '') return snapshot;
  const { bgp: _, ...rest } = snapshot;
  const own = snapshot.bgpVrfs?.find(({ vrf: one }) => one === name);
  return own === undefined ? rest : { ...rest, bgp: own.bgp, tcp: own.tcp };
}

function scope(start: string, table: Family, shownOf: Family | undefined): readonly Row[] {
  const family = table === 4 ? 'IPv4' : 'IPv6';
  const params = { vrf, prefix: destination(table) };
  return [
    {
      pattern: start,
      help: `the BGP table, ${family}`,
      params,
      schema: bgpTableSchema,
      run: (device, words) =>
        within(device, words, (snapshot) => shown(showIosBgpTable(snapshot, allPaths(device, words), table))),
    },
    {
      pattern: `${start} <prefix>`,
      help: 'all paths of one prefix, and what decided between them',
      params,
      schema: bgpPrefixSchema,
      run: (device, words) => onePrefix(device, words),
    },
    ...(table === 6
      ? []
      : [
          {
            pattern: `${start} <prefix> <mask>`,
            help: 'the same, with a mask',
            params,
            schema: bgpPrefixSchema,
            run: (device, words) => onePrefix(device, words),
          } satisfies Row,
        ]),
    {
      pattern: `${start} summary`,
      help: 'neighbours and their state',
      params,
      schema: bgpSummarySchema,
      run: (device, words) => within(device, words, (snapshot) => shown(showIosBgpSummary(snapshot, table))),
    },
    {
      pattern: `${start} neighbors`,
      help: 'neighbours in detail',
      params,
      schema: bgpNeighborsSchema,
      run: (device, words) =>
        within(device, words, (snapshot) => shown(showIosBgpNeighbors(snapshot, undefined, shownOf))),
    },
    {
      pattern: `${start} neighbors <address>`,
      help: 'one neighbour in detail',
      params,
      schema: bgpNeighborsSchema,
      run: (device, words) =>
        withAddress(words.arguments['address'], (peer) =>
          within(device, words, (snapshot) => shown(showIosBgpNeighbors(snapshot, peer, shownOf))),
        ),
    },
    ...VIEWS.map(
      ([view, help, what]): Row => ({
        pattern: `${start} neighbors <address> ${view}`,
        help,
        params,
        schema: bgpTableSchema,
        run: (device, words) =>
          withAddress(words.arguments['address'], (neighbor) =>
            within(device, words, (snapshot) =>
              shown(showIosBgpTable(snapshot, pathsWith(device, words, neighbor, what), shownOf ?? neighbor.family)),
            ),
          ),
      }),
    ),
  ];
}

function onePrefix(device: ExecDevice, words: Words): RowResult {
  const { prefix = '', mask } = words.arguments;
  const wanted = readWanted(prefix, mask);
  if (wanted === undefined) return invalid(`${[prefix, mask].join(' ').trim()} is not a prefix`);
  return within(device, words, (snapshot) => shown(showIosBgpPrefix(snapshot, allPaths(device, words), wanted)));
}

/** Those of the table that the words name. */
function allPaths(device: ExecDevice, { arguments: given }: Words): readonly BgpPathSnapshot[] {
  return device.bgpPaths({ kind: 'all', ...inVrf(given['vrf']) });
}

function pathsWith(
  device: ExecDevice,
  words: Words,
  neighbor: IpAddress,
  what: What | undefined,
): readonly BgpPathSnapshot[] {
  if (what === undefined) return allPaths(device, words).filter(({ from }) => from?.equals(neighbor) === true);
  return device.bgpPaths({ kind: what, neighbor, ...inVrf(words.arguments['vrf']) });
}

function inVrf(vrf: string | undefined): Readonly<{ vrf?: string }> {
  return vrf === undefined ? {} : { vrf };
}
