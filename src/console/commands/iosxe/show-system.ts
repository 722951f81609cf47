/** Interfaces, routes, VRFs, the configuration and the device itself, of a router. */
import { type Family, IpAddress, Prefix } from '../../../base/index.ts';
import { parameters } from '../../../config/index.ts';
import { readWanted } from '../../show/bgp-prefix.ts';
import { clockSchema, showClock } from '../../show/clock.ts';
import { interfaceListSchema } from '../../show/interface.ts';
import {
  showIosInterfaces,
  showIosInterfacesDescription,
  showIosIpInterfaceBrief,
  showIosIpv6InterfaceBrief,
} from '../../show/iosxe/interfaces.ts';
import { showIosLogging } from '../../show/iosxe/logging.ts';
import { type RouteFilter, showIosRoute, showIosRouteEntry } from '../../show/iosxe/route.ts';
import {
  inventoryListSchema,
  showDerivedConfig,
  showInventory,
  showIosRunningConfig,
  showIosVersion,
  showTcpBrief,
  showUsers,
  tcpBriefSchema,
  userListSchema,
} from '../../show/iosxe/system.ts';
import { showVrf, vrfListSchema } from '../../show/iosxe/vrf.ts';
import { loggingSchema } from '../../show/logging.ts';
import { routeTableSchema } from '../../show/route.ts';
import { runningConfigSchema } from '../../show/running-config.ts';
import { versionSchema } from '../../show/version.ts';
import { anyInterface, destination, withInterface } from '../arguments.ts';
import { type ExecDevice, invalid, type Row, type RowResult, refused, shown, type Words } from '../row.ts';

const vrf = parameters.name('VRF');

const source = parameters.choice('Routes of one source', {
  bgp: 'Learned by BGP',
  connected: 'Of our own networks',
  local: 'Of our own addresses',
  static: 'Configured, or told by IKE',
});

function table(device: ExecDevice, family: Family, { arguments: given }: Words): RowResult {
  const snapshot = device.snapshot();
  const { vrf: name = '', source: only } = given;
  if (name !== '' && !snapshot.model.vrfs.some((one) => one.name === name)) return noTable(family, name);
  const filter: RouteFilter = { vrf: name, ...(isSource(only) ? { source: only } : {}) };
  return shown(showIosRoute(snapshot, family, filter));
}

function noTable(family: Family, name: string): RowResult {
  return refused(`IP${family === 4 ? '' : 'v6'} routing table ${name} does not exist`);
}

function isSource(word: string | undefined): word is NonNullable<RouteFilter['source']> {
  return word === 'bgp' || word === 'connected' || word === 'local' || word === 'static';
}

function entry(device: ExecDevice, family: Family, { arguments: given }: Words): RowResult {
  const snapshot = device.snapshot();
  const { vrf: name = '', prefix: word = '', mask } = given;
  if (name !== '' && !snapshot.model.vrfs.some((one) => one.name === name)) return noTable(family, name);
  const wanted = readWanted(word, mask);
  const value = wanted === undefined ? undefined : 'prefix' in wanted ? wanted.prefix : wanted.address;
  const own = value instanceof IpAddress || value instanceof Prefix ? value : undefined;
  if (own === undefined || own.family !== family) return invalid(`${[word, mask].join(' ').trim()} is not an address`);
  return shown(showIosRouteEntry(snapshot, family, name, own));
}

const routes: readonly Row[] = ([4, 6] as const).flatMap((family) => {
  const start = family === 4 ? 'show ip route' : 'show ipv6 route';
  return ['', ' vrf <vrf>'].flatMap((where): Row[] => [
    {
      pattern: `${start}${where} [<source>]`,
      help: `the ${family === 4 ? 'IPv4' : 'IPv6'} routing table${where === '' ? '' : ' of a VRF'}`,
      params: { vrf, source },
      schema: routeTableSchema,
      run: (device, words) => table(device, family, words),
    },
    {
      pattern: `${start}${where} <prefix>${family === 4 ? ' [<mask>]' : ''}`,
      help: 'the route that packets to an address take, or that of a prefix',
      params: { vrf, prefix: destination(family), mask: parameters.name('Netmask') },
      schema: routeTableSchema,
      run: (device, words) => entry(device, family, words),
    },
  ]);
});

const interfaces: readonly Row[] = [
  {
    pattern: 'show interfaces',
    help: 'all interfaces',
    schema: interfaceListSchema,
    run: (device) => shown(showIosInterfaces(device.snapshot(), undefined)),
  },
  {
    pattern: 'show interfaces <interface>',
    help: 'one interface',
    params: { interface: anyInterface },
    schema: interfaceListSchema,
    run: (device, { arguments: given }) => {
      const snapshot = device.snapshot();
      return withInterface(snapshot, given['interface'], (name) => shown(showIosInterfaces(snapshot, name)));
    },
  },
  {
    pattern: 'show interfaces description',
    help: 'a line for each interface, with its description',
    schema: interfaceListSchema,
    run: (device) => shown(showIosInterfacesDescription(device.snapshot())),
  },
  {
    pattern: 'show ip interface brief',
    help: 'a line for each interface',
    schema: interfaceListSchema,
    run: (device) => shown(showIosIpInterfaceBrief(device.snapshot())),
  },
  {
    pattern: 'show ipv6 interface brief',
    help: 'IPv6 addresses of each interface',
    schema: interfaceListSchema,
    run: (device) => shown(showIosIpv6InterfaceBrief(device.snapshot())),
  },
];

const vrfs: readonly Row[] = [
  ...(['show vrf', 'show ip vrf'] as const).flatMap((start): Row[] => [
    {
      pattern: `${start} [<vrf>]`,
      help: 'VRFs and their interfaces',
      params: { vrf },
      schema: vrfListSchema,
      run: (device, { arguments: given }) =>
        shown(showVrf(device.snapshot(), start === 'show vrf' ? 'brief' : 'ip', given['vrf'])),
    },
    {
      pattern: `${start} detail [<vrf>]`,
      help: 'VRFs in detail',
      params: { vrf },
      schema: vrfListSchema,
      run: (device, { arguments: given }) => shown(showVrf(device.snapshot(), 'detail', given['vrf'])),
    },
  ]),
];

const device: readonly Row[] = [
  {
    pattern: 'show running-config ...',
    help: 'the configuration in force, or a section of it',
    schema: runningConfigSchema,
    run: (asked, { rest }) => shown(showIosRunningConfig(asked.snapshot(), sectionless(rest))),
  },
  {
    pattern: 'show derived-config interface <interface>',
    help: 'the configuration of an interface with what it got from its template and its peer',
    params: { interface: anyInterface },
    schema: runningConfigSchema,
    run: (asked, { arguments: given }) => {
      const snapshot = asked.snapshot();
      return withInterface(snapshot, given['interface'], (name) => shown(showDerivedConfig(snapshot, name)));
    },
  },
  {
    pattern: 'show logging',
    help: 'what happened',
    schema: loggingSchema,
    run: (asked) => shown(showIosLogging(asked.snapshot(), asked.epochMs ?? 0)),
  },
  {
    pattern: 'show version',
    help: 'what runs, and since when',
    schema: versionSchema,
    isPublic: true,
    run: (asked) => shown(showIosVersion(asked.snapshot(), asked.epochMs ?? 0)),
  },
  {
    pattern: 'show clock',
    help: 'what time it is',
    schema: clockSchema,
    isPublic: true,
    run: (asked) => shown(showClock(asked.snapshot(), asked.epochMs ?? 0)),
  },
  {
    pattern: 'show inventory',
    help: 'what the device is made of',
    schema: inventoryListSchema,
    isPublic: true,
    run: (asked) => shown(showInventory(asked.snapshot())),
  },
  {
    pattern: 'show users',
    help: 'lines in use',
    schema: userListSchema,
    isPublic: true,
    run: () => shown(showUsers()),
  },
  {
    pattern: 'show tcp brief',
    help: 'TCP connections of the device itself',
    schema: tcpBriefSchema,
    run: (asked) => shown(showTcpBrief(asked.snapshot())),
  },
];

/** `section X` is written for what the filter does anyway. */
function sectionless([first, ...rest]: readonly string[]): readonly string[] {
  if (first === undefined) return [];
  return first.length >= 3 && 'section'.startsWith(first.toLowerCase()) ? rest : [first, ...rest];
}

export const iosShowSystem: readonly Row[] = [...interfaces, ...routes, ...vrfs, ...device];
