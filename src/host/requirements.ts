/** What running a configuration needs of the machine, as facts to check before; who checks them finds the way out. */
import type { IpAddress } from '../base/index.ts';
import type { DeviceModel } from '../config/model.ts';
import { ModelIndex } from '../gateway/index.ts';
import { Devices } from './devices.ts';
import { listenAddresses } from './listening.ts';

export type Requirement =
  /** A file of the kernel's, such as `/dev/net/tun`. */
  | Readonly<{ kind: 'path'; path: string; why: string }>
  | Readonly<{ kind: 'capability'; name: 'CAP_NET_ADMIN' | 'CAP_NET_RAW' | 'CAP_NET_BIND_SERVICE'; why: string }>
  /** A setting of the kernel below /proc/sys that must have a value; nothing here changes it. */
  | Readonly<{ kind: 'sysctl'; name: string; value: string; why: string }>
  /** UDP ports that nobody else may listen on, and an IP protocol. */
  | Readonly<{ kind: 'listen'; address: IpAddress; ports: readonly number[]; protocol: number; why: string }>
  /** A name that no interface of the machine may have yet. */
  | Readonly<{ kind: 'device-name'; name: string; why: string }>;

const IKE_PORTS = [500, 4500] as const;
const ESP = 50;

export function requirements(model: DeviceModel): readonly Requirement[] {
  const index = new ModelIndex(model);
  const devices = [...new Devices().wanted(index).values()];
  const listens = [...listenAddresses(index).values()];
  const found: Requirement[] = [
    { kind: 'capability', name: 'CAP_NET_ADMIN', why: 'to make devices and routes' },
    { kind: 'capability', name: 'CAP_NET_RAW', why: 'to send and receive ESP' },
    { kind: 'capability', name: 'CAP_NET_BIND_SERVICE', why: 'to listen on UDP 500' },
  ];
  if (devices.length > 0) found.push({ kind: 'path', path: '/dev/net/tun', why: 'each tunnel is a TUN device' });
  const carries = (family: 4 | 6): boolean =>
    devices.some(({ addresses }) => addresses.some(({ address }) => address.family === family));
  if (carries(4)) {
    const why = 'packets from the tunnels are routed on to the local networks';
    found.push({ kind: 'sysctl', name: 'net.ipv4.ip_forward', value: '1', why });
  }
  if (carries(6)) {
    const why = 'IPv6 packets from the tunnels are routed on to the local networks';
    found.push({ kind: 'sysctl', name: 'net.ipv6.conf.all.forwarding', value: '1', why });
  }
  for (const address of listens) {
    found.push({ kind: 'listen', address, ports: IKE_PORTS, protocol: ESP, why: 'IKE and ESP come there' });
  }
  for (const { name, interface: of } of devices) found.push({ kind: 'device-name', name, why: `it stands for ${of}` });
  return found;
}
