/** `show interface [NAME]` and `show interface ip brief` in ASA's layout (show-output A6). */
import { netmask } from '../../base/index.ts';
import type { GatewaySnapshot, InterfaceSnapshot } from '../../gateway/index.ts';

export function showInterface(snapshot: GatewaySnapshot, only: string | undefined): string {
  const chosen = snapshot.interfaces.filter(({ name, alias }) => only === undefined || name === only || alias === only);
  if (chosen.length === 0) return `ERROR: % Invalid input detected: no interface ${only ?? ''}\n`;
  return chosen.map((one) => block(snapshot, one)).join('');
}

function block(snapshot: GatewaySnapshot, one: InterfaceSnapshot): string {
  const admin = one.adminUp ? (one.lineProtocol ? 'up' : 'down') : 'administratively down';
  const line = one.lineProtocol ? 'up' : 'down';
  const counters = snapshot.plane.interfaces.find(({ name }) => name === one.name);
  const head = `Interface ${one.name} "${one.alias ?? ''}", is ${admin}, line protocol is ${line}`;
  const lines = one.tunnel === undefined ? hardware(one) : tunnel(one, one.tunnel);
  const traffic =
    counters === undefined
      ? []
      : [
          `  Traffic Statistics for "${one.alias ?? one.name}":`,
          `\t${counters.inPackets} packets input, ${counters.inBytes} bytes`,
          `\t${counters.outPackets} packets output, ${counters.outBytes} bytes`,
          `\t${Object.values(counters.drops).reduce((sum, count) => sum + count, 0)} packets dropped`,
        ];
  return `${[head, ...lines, ...traffic].join('\n')}\n`;
}

function hardware(one: InterfaceSnapshot): string[] {
  const kind = one.kind === 'loopback' ? 'Loopback' : one.kind === 'virtual-template' ? 'Virtual Template' : 'Ethernet';
  return [
    ...(one.description === undefined ? [] : [`  Description: ${one.description}`]),
    `  Hardware is ${kind}    MAC address N/A, MTU ${one.mtu}`,
    ...addresses(one),
  ];
}

function tunnel(one: InterfaceSnapshot, info: NonNullable<InterfaceSnapshot['tunnel']>): string[] {
  return [
    ...(one.description === undefined ? [] : [`  Description: ${one.description}`]),
    `  Hardware is Virtual Tunnel    MAC address N/A, MTU ${one.mtu}`,
    ...(info.overhead === undefined ? [] : [`  IPsec MTU Overhead : ${info.overhead.worst}`]),
    ...addresses(one),
    '  Tunnel Interface Information:',
    `\tSource interface: ${info.sourceInterface ?? 'Not defined'}\tIP address: ${info.source ?? '0.0.0.0'}`,
    `\tDestination IP address: ${info.destination ?? '0.0.0.0'}`,
    `\tMode: ${info.mode === undefined ? 'Not defined' : `ipsec ipv${info.mode}`}\tIPsec profile: ${info.profile ?? 'Not defined'}`,
    ...(info.downReason === undefined ? [] : [`  Down because: ${info.downReason}`]),
  ];
}

function addresses(one: InterfaceSnapshot): string[] {
  if (one.addresses.length === 0) return ['\tIP address unassigned'];
  return one.addresses.map(({ address, length }) =>
    address.family === 4
      ? `\tIP address ${address}, subnet mask ${netmask(length)}`
      : `\tIPv6 address ${address}/${length}`,
  );
}

export function showInterfaceIpBrief({ interfaces }: GatewaySnapshot): string {
  const rows = interfaces.map((one) => {
    const address = one.addresses.find(({ address: { family } }) => family === 4)?.address.toString() ?? 'unassigned';
    const status = one.adminUp ? (one.lineProtocol ? 'up' : 'down') : 'administratively down';
    const method = address === 'unassigned' ? 'unset' : 'CONFIG';
    return [
      one.name.padEnd(26),
      address.padEnd(15),
      'YES',
      method.padEnd(6),
      status.padEnd(21),
      one.lineProtocol ? 'up' : 'down',
    ].join(' ');
  });
  return `${['Interface                  IP-Address      OK? Method Status                Protocol', ...rows].join('\n')}\n`;
}
