/** Tables of interfaces: `show interface ip brief`, `show ip address`, `show nameif` (show-output A6). */
import { netmask } from '../../base/index.ts';
import type { GatewaySnapshot } from '../../gateway/index.ts';
import { type InterfaceList, type InterfaceValue, interfaceList, splitAddress, statusWord } from './interface.ts';
import { lines, type Shown } from './shown.ts';

export function showInterfaceIpBrief(snapshot: GatewaySnapshot): Shown<InterfaceList> {
  const value = interfaceList(snapshot);
  const rows = value.interfaces.map((one) => {
    const address = firstV4(one)?.address.toString() ?? 'unassigned';
    return [
      one.name.padEnd(26),
      address.padEnd(15),
      'YES',
      (address === 'unassigned' ? 'unset' : 'CONFIG').padEnd(6),
      statusWord(one).padEnd(21),
      one.isLineUp ? 'up' : 'down',
    ].join(' ');
  });
  const heading = 'Interface                  IP-Address      OK? Method Status                Protocol';
  return { value, text: lines([heading, ...rows]) };
}

export function showIpAddress(snapshot: GatewaySnapshot): Shown<InterfaceList> {
  const value = interfaceList(snapshot);
  const rows = value.interfaces.flatMap((one) => {
    const own = firstV4(one);
    if (own === undefined) return [];
    const cells = [one.name.padEnd(24), (one.nameif ?? '').padEnd(22), own.address.toString().padEnd(15)];
    return [`${cells.join(' ')} ${netmask(own.length).toString().padEnd(15)} CONFIG`];
  });
  const heading = 'Interface                Name                   IP address      Subnet mask     Method';
  const table = [heading, ...rows];
  return { value, text: lines(['System IP Addresses:', ...table, 'Current IP Addresses:', ...table]) };
}

export function showNameif(snapshot: GatewaySnapshot): Shown<InterfaceList> {
  const value = interfaceList(snapshot);
  const rows = value.interfaces.flatMap(({ name, nameif, securityLevel }) =>
    nameif === undefined ? [] : [`${name.padEnd(24)} ${nameif.padEnd(24)} ${String(securityLevel).padStart(3)}`],
  );
  return { value, text: lines(['Interface                Name                     Security', ...rows]) };
}

function firstV4({ addresses }: InterfaceValue): ReturnType<typeof splitAddress> | undefined {
  return addresses.map(splitAddress).find(({ address }) => address.family === 4);
}
