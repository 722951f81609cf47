/** `show interfaces [NAME]`, and tables of interfaces, in IOS-XE's layout (show-output B7, B9). */
import type { DeviceModel, InterfaceModel } from '../../../config/index.ts';
import { TERMINAL } from '../../../config/index.ts';
import type { GatewaySnapshot, InterfaceSnapshot } from '../../../gateway/index.ts';
import { type InterfaceList, type InterfaceValue, interfaceList, splitAddress, statusWord } from '../interface.ts';
import { lines, type Shown } from '../shown.ts';
import { tunnelModel } from '../tunnel-user.ts';
import { addressWord, shortName } from './words.ts';

/** What the platform's tunnels could carry before the outer header and that of ESP are taken off. */
type GreSnapshot = NonNullable<NonNullable<InterfaceSnapshot['tunnel']>['gre']>;

const TUNNEL_MTU = 10_000;
const ETHERNET_MTU = 1500;

export function showIosInterfaces(snapshot: GatewaySnapshot, only: string | undefined): Shown<InterfaceList> {
  const value = interfaceList(snapshot, only);
  const text = value.interfaces.flatMap((one) => block(snapshot, one));
  return { value, text: lines(text) };
}

function block(snapshot: GatewaySnapshot, one: InterfaceValue): string[] {
  const own = snapshot.interfaces.find(({ name }) => name === one.name);
  const model = tunnelModel(snapshot.model, own);
  const isUp = one.isLineUp ? 'up' : 'down';
  return [
    `${one.name} is ${one.isAdminUp ? isUp : 'administratively down'}, line protocol is ${isUp} `,
    `  Hardware is ${HARDWARE[one.kind]}`,
    ...(one.description === undefined ? [] : [`  Description: ${one.description}`]),
    ...addressLines(snapshot.model, one, model),
    ...(own?.tunnel === undefined ? plainLines(one, model) : tunnelLines(snapshot, one, own, model)),
    ...counterLines(one),
  ];
}

const HARDWARE = {
  ethernet: 'Ethernet',
  loopback: 'Loopback',
  tunnel: 'Tunnel',
  'virtual-template': 'Virtual Template interface',
  'virtual-access': 'Virtual Access interface',
} as const;

function addressLines(model: DeviceModel, one: InterfaceValue, written: InterfaceModel | undefined): string[] {
  const [own] = one.addresses.map(splitAddress).filter(({ address }) => address.family === 4);
  const lender = written?.unnumbered[4];
  if (lender !== undefined) {
    const lent =
      own ?? model.interfaces.find(({ name }) => name === lender)?.addresses.find((a) => a.address.family === 4);
    return lent === undefined
      ? [`  Interface is unnumbered. Using address of ${lender}`]
      : [`  Interface is unnumbered. Using address of ${lender} (${lent.address})`];
  }
  return own === undefined ? [] : [`  Internet address is ${own.address}/${own.length}`];
}

function bandwidth(mtu: number, kilobits: number, delay: number): string[] {
  return [
    `  MTU ${mtu} bytes, BW ${kilobits} Kbit/sec, DLY ${delay} usec, `,
    '     reliability 255/255, txload 1/255, rxload 1/255',
  ];
}

function plainLines(one: InterfaceValue, model: InterfaceModel | undefined): string[] {
  if (one.kind === 'loopback') {
    return [
      ...bandwidth(1514, 8_000_000, 5000),
      '  Encapsulation LOOPBACK, loopback not set',
      '  Keepalive set (10 sec)',
    ];
  }
  if (one.kind === 'virtual-template') return bandwidth(one.mtuBytes, 100, 50_000);
  const vlan = model?.vlan;
  return [
    ...bandwidth(one.mtuBytes, model?.bandwidthKbps ?? 1_000_000, 10),
    vlan === undefined
      ? '  Encapsulation ARPA, loopback not set'
      : `  Encapsulation 802.1Q Virtual LAN, Vlan ID  ${vlan}.`,
  ];
}

function tunnelLines(
  { plane, model: device, interfaces }: GatewaySnapshot,
  one: InterfaceValue,
  own: InterfaceSnapshot,
  model: InterfaceModel | undefined,
): string[] {
  const { tunnel } = one;
  const { sourceInterface, destination, template } = tunnel ?? {};
  const sa = plane.childSas.find((child) => child.interface === one.name);
  const gre = own.tunnel?.gre;
  const outerMtu = interfaces.find(({ name }) => name === sourceInterface)?.mtu ?? ETHERNET_MTU;
  const transport = gre === undefined ? (sa?.innerMtu ?? one.mtuBytes) : (sa?.innerMtu ?? outerMtu) - gre.overhead;
  const source = own.tunnel?.source?.toString();
  const at =
    source === undefined ? 'UNKNOWN' : `${source}${sourceInterface === undefined ? '' : ` (${sourceInterface})`}`;
  const { frontVrf } = model?.tunnel ?? {};
  const rate = model?.bandwidthKbps ?? 100;
  const outer = (gre?.family ?? own.tunnel?.mode) === 6 ? 'IPV6' : 'IP';
  return [
    ...bandwidth(TUNNEL_MTU - ETHERNET_MTU + transport, rate, 50_000),
    ...(template === undefined
      ? ['  Encapsulation TUNNEL, loopback not set', keepaliveLine(gre)]
      : [
          '  Encapsulation TUNNEL',
          `  Tunnel vaccess, cloned from ${template}`,
          '  Vaccess status 0x4, loopback not set',
          '  Keepalive not set',
        ]),
    `  Tunnel linestate evaluation ${linestate(one, own, device)}`,
    `  Tunnel source ${at}${destination === undefined ? '' : `, destination ${destination}`}`,
    ...(sourceInterface === undefined ? [] : sourceTrack(one.name, sourceInterface, device)),
    `  Tunnel protocol/transport ${gre === undefined ? 'IPSEC' : 'GRE'}/${outer}`,
    ...greLines(gre),
    `  Tunnel TTL ${gre?.ttl ?? 255}`,
    `  Tunnel transport MTU ${transport} bytes`,
    ...(frontVrf === undefined || frontVrf === '' ? [] : [`  Tunnel transport VRF "${frontVrf}"`]),
    '  Tunnel transmit bandwidth 8000 (kbps)',
    '  Tunnel receive bandwidth 8000 (kbps)',
    ...(tunnel?.profile === undefined ? [] : [`  Tunnel protection via IPSec (profile "${tunnel.profile}")`]),
    ...(tunnel?.downReason === undefined ? [] : [`  Tunnel is down because: ${tunnel.downReason}`]),
  ];
}

function keepaliveLine(gre: GreSnapshot | undefined): string {
  const { keepalive } = gre ?? {};
  if (keepalive === undefined) return '  Keepalive not set';
  return `  Keepalive set (${keepalive.periodMs / 1000} sec), retries ${keepalive.retries}`;
}

function greLines(gre: GreSnapshot | undefined): string[] {
  if (gre === undefined) return [];
  const key = gre.key === undefined ? 'Key disabled' : `Key 0x${gre.key.toString(16).toUpperCase()}`;
  const { pathMtuDiscovery } = gre;
  const age = pathMtuDiscovery?.maxAgeMs;
  return [
    `    ${key}, sequencing ${gre.sequence ? 'enabled' : 'disabled'}`,
    `    Checksumming of packets ${gre.checksum ? 'enabled' : 'disabled'}`,
    ...(pathMtuDiscovery === undefined
      ? []
      : [
          `  Path MTU Discovery, ager ${typeof age === 'number' ? `${age / 60_000} mins` : 'infinite'}, min MTU ${pathMtuDiscovery.leastMtu}`,
        ]),
  ];
}

/** The platform's own reasons; ours, which says more, has a line of its own. */
function linestate(one: InterfaceValue, own: InterfaceSnapshot, { interfaces }: DeviceModel): string {
  if (one.isLineUp) return 'up';
  if (own.tunnel?.destination === undefined) return 'down - no IPv4 tunnel destination address';
  const source = interfaces.find(({ name }) => name === own.tunnel?.sourceInterface);
  if (own.tunnel.source === undefined || source?.shutdown === true) return 'down - no output interface';
  return 'down - linestate protection reg down';
}

function sourceTrack(name: string, source: string, { interfaces }: DeviceModel): string[] {
  const count = interfaces.filter(({ tunnel }) => tunnel?.sourceInterface === source).length;
  return [
    '   Tunnel Subblocks:',
    '      src-track:',
    `         ${name} source tracking subblock associated with ${source}`,
    `          Set of tunnels with source ${source}, ${count} member${count === 1 ? '' : 's'} (includes iterators), on interface <OK>`,
  ];
}

/** Rates are not measured, so that there are no lines for them. */
function counterLines({ counters }: InterfaceValue): string[] {
  const { packetsIn = 0, bytesIn = 0, packetsOut = 0, bytesOut = 0, drops = {} } = counters ?? {};
  const dropped = Object.values(drops).reduce((sum, one) => sum + one, 0);
  return [
    '  Last clearing of "show interface" counters never',
    `  Input queue: 0/375/0/0 (size/max/drops/flushes); Total output drops: ${dropped}`,
    '  Queueing strategy: fifo',
    '  Output queue: 0/0 (size/max)',
    `     ${packetsIn} packets input, ${bytesIn} bytes, 0 no buffer`,
    `     ${packetsOut} packets output, ${bytesOut} bytes, 0 underruns`,
  ];
}

export function showIosIpInterfaceBrief(snapshot: GatewaySnapshot): Shown<InterfaceList> {
  const value = interfaceList(snapshot);
  const rows = value.interfaces.map((one) => {
    const model = tunnelModel(
      snapshot.model,
      snapshot.interfaces.find(({ name }) => name === one.name),
    );
    const own = one.addresses.map(splitAddress).find(({ address }) => address.family === 4);
    const cells = [
      one.name.padEnd(22),
      (own?.address.toString() ?? 'unassigned').padEnd(15),
      'YES',
      methodOf(model, own !== undefined).padEnd(6),
      statusWord(one).padEnd(21),
      (one.isLineUp ? 'up' : 'down').padEnd(8),
    ];
    return cells.join(' ');
  });
  return {
    value,
    text: lines(['Interface              IP-Address      OK? Method Status                Protocol', ...rows]),
  };
}

/** How it came by its address: read at the start, or typed since. */
function methodOf(model: InterfaceModel | undefined, has: boolean): string {
  if (!has || model === undefined || model.unnumbered[4] !== undefined) return 'unset';
  const { attributes, start } = model.written;
  return (attributes['addresses'] ?? start).file === TERMINAL ? 'manual' : 'NVRAM';
}

export function showIosIpv6InterfaceBrief(snapshot: GatewaySnapshot): Shown<InterfaceList> {
  const value = interfaceList(snapshot);
  const rows = value.interfaces.flatMap((one) => {
    const six = one.addresses.map(splitAddress).filter(({ address }) => address.family === 6);
    return [
      `${one.name.padEnd(22)} [${statusWord(one)}/${one.isLineUp ? 'up' : 'down'}]`,
      ...(six.length === 0 ? ['    unassigned'] : six.map(({ address }) => `    ${addressWord(address.toString())}`)),
    ];
  });
  return { value, text: lines(rows) };
}

export function showIosInterfacesDescription(snapshot: GatewaySnapshot): Shown<InterfaceList> {
  const value = interfaceList(snapshot);
  const rows = value.interfaces.map((one) =>
    [
      shortName(one.name).padEnd(30),
      (one.isAdminUp ? statusWord(one) : 'admin down').padEnd(14),
      (one.isLineUp ? 'up' : 'down').padEnd(8),
      one.description ?? '',
    ]
      .join(' ')
      .trimEnd(),
  );
  return { value, text: lines(['Interface                      Status         Protocol Description', ...rows]) };
}
