/** `show interface [NAME]` in ASA's layout (show-output A6). */
import { IpAddress, netmask } from '../../base/index.ts';
import type { GatewaySnapshot, InterfaceSnapshot } from '../../gateway/index.ts';
import {
  address,
  count,
  counts,
  flag,
  list,
  object,
  oneOf,
  optional,
  prefix,
  publish,
  text,
  type Value,
} from './schema.ts';
import { lines, type Shown } from './shown.ts';

const tunnelSchema = object({
  sourceInterface: optional(text('interface that outer packets leave from')),
  source: optional(address('outer address, ours')),
  destination: optional(address("outer address, the peer's")),
  mode: optional(oneOf(['ipsec ipv4', 'ipsec ipv6'], 'outer packets')),
  profile: optional(text('IPsec profile')),
  session: optional(count('session of the IKE SA')),
  template: optional(text('virtual template that it was cloned from')),
  overheadWorstBytes: optional(count('overhead of ESP at most')),
  overheadFixedBytes: optional(count('of this, what stands before the payload')),
  downReason: optional(text('first reason why it is down')),
});

const interfaceSchema = object({
  name: text('hardware name'),
  nameif: optional(text('name that the configuration gives it')),
  description: optional(text('description')),
  kind: oneOf(['ethernet', 'loopback', 'tunnel', 'virtual-template', 'virtual-access'], 'what it is'),
  isAdminUp: flag('not shut down'),
  isLineUp: flag('line protocol is up'),
  addresses: list(prefix('address with the length of its subnet'), 'addresses'),
  mtuBytes: count('largest IP packet'),
  vrf: text('VRF; empty for the global one'),
  securityLevel: count('security level'),
  sinceSeconds: optional(count('how long it has been as it is')),
  tunnel: optional(tunnelSchema),
  counters: optional(
    object({
      packetsIn: count('packets received'),
      bytesIn: count('bytes of these'),
      packetsOut: count('packets sent'),
      bytesOut: count('bytes of these'),
      drops: counts('packets dropped, by reason'),
    }),
  ),
});

export const interfaceListSchema = publish(
  'show-interface',
  'show interface [NAME], show interface ip brief, show ip address, show nameif',
  object({ interfaces: list(interfaceSchema, 'interfaces, clones after those configured') }),
);
export type InterfaceList = Value<typeof interfaceListSchema.schema>;
export type InterfaceValue = InterfaceList['interfaces'][number];

export function showInterface(snapshot: GatewaySnapshot, only: string | undefined): Shown<InterfaceList> {
  const value = interfaceList(snapshot, only);
  return { value, text: lines(value.interfaces.flatMap(block)) };
}

export function interfaceList(snapshot: GatewaySnapshot, only?: string): InterfaceList {
  const chosen = snapshot.interfaces.filter(({ name }) => only === undefined || name === only);
  // A BDI stands for a VNI: what passes there passes it.
  const bdis = new Map(snapshot.overlay?.vnis.map(({ interface: name, bdi }) => [name, bdi ?? name]));
  const counters = new Map(snapshot.plane.interfaces.map((one) => [one.name, one]));
  for (const [name, bdi] of bdis) {
    const own = counters.get(name);
    if (own !== undefined) counters.set(bdi, own);
  }
  return {
    interfaces: chosen.map((one) => {
      const counter = counters.get(one.name);
      return {
        name: one.name,
        ...(one.alias === undefined ? {} : { nameif: one.alias }),
        ...(one.description === undefined ? {} : { description: one.description }),
        kind: one.kind,
        isAdminUp: one.adminUp,
        isLineUp: one.lineProtocol,
        addresses: one.addresses.map((own) => `${own.address}/${own.length}`),
        mtuBytes: one.mtu,
        vrf: one.vrf,
        securityLevel: one.securityLevel,
        ...(one.since === undefined
          ? {}
          : { sinceSeconds: Math.max(0, Math.floor((snapshot.now - one.since) / 1000)) }),
        ...(one.tunnel === undefined ? {} : { tunnel: tunnelValue(one.tunnel) }),
        ...(counter === undefined
          ? {}
          : {
              counters: {
                packetsIn: counter.inPackets,
                bytesIn: counter.inBytes,
                packetsOut: counter.outPackets,
                bytesOut: counter.outBytes,
                drops: { ...counter.drops },
              },
            }),
      };
    }),
  };
}

function tunnelValue(info: NonNullable<InterfaceSnapshot['tunnel']>): NonNullable<InterfaceValue['tunnel']> {
  const { sourceInterface, source, destination, mode, profile, session, template, overhead, downReason } = info;
  return {
    ...(sourceInterface === undefined ? {} : { sourceInterface }),
    ...(source === undefined ? {} : { source: source.toString() }),
    ...(destination === undefined ? {} : { destination: destination.toString() }),
    ...(mode === undefined ? {} : { mode: mode === 4 ? 'ipsec ipv4' : 'ipsec ipv6' }),
    ...(profile === undefined ? {} : { profile }),
    ...(session === undefined ? {} : { session }),
    ...(template === undefined ? {} : { template }),
    ...(overhead === undefined ? {} : { overheadWorstBytes: overhead.worst, overheadFixedBytes: overhead.fixed }),
    ...(downReason === undefined ? {} : { downReason }),
  };
}

/** `up`, `down`, `administratively down`. */
export function statusWord({ isAdminUp, isLineUp }: InterfaceValue): string {
  return isAdminUp ? (isLineUp ? 'up' : 'down') : 'administratively down';
}

/** An address with its length, apart. */
export function splitAddress(written: string): Readonly<{ address: IpAddress; length: number }> {
  const [own = '', length = ''] = written.split('/');
  return { address: IpAddress.parse(own) ?? IpAddress.any(4), length: Number(length) };
}

function block(one: InterfaceValue): string[] {
  const line = one.isLineUp ? 'up' : 'down';
  const { counters } = one;
  return [
    `Interface ${one.name} "${one.nameif ?? ''}", is ${statusWord(one)}, line protocol is ${line}`,
    ...(one.description === undefined ? [] : [`  Description: ${one.description}`]),
    ...(one.tunnel === undefined ? hardware(one) : tunnel(one, one.tunnel)),
    ...(counters === undefined
      ? []
      : [
          `  Traffic Statistics for "${one.nameif ?? one.name}":`,
          `\t${counters.packetsIn} packets input, ${counters.bytesIn} bytes`,
          `\t${counters.packetsOut} packets output, ${counters.bytesOut} bytes`,
          `\t${Object.values(counters.drops).reduce((sum, drops) => sum + drops, 0)} packets dropped`,
        ]),
  ];
}

function hardware(one: InterfaceValue): string[] {
  const kind = one.kind === 'loopback' ? 'Loopback' : one.kind === 'virtual-template' ? 'Virtual Template' : 'Ethernet';
  return [`  Hardware is ${kind}    MAC address N/A, MTU ${one.mtuBytes}`, ...addressLines(one)];
}

function tunnel(one: InterfaceValue, info: NonNullable<InterfaceValue['tunnel']>): string[] {
  return [
    `  Hardware is Virtual Tunnel    MAC address N/A, MTU ${one.mtuBytes}`,
    ...(info.overheadWorstBytes === undefined ? [] : [`  IPsec MTU Overhead : ${info.overheadWorstBytes}`]),
    ...addressLines(one),
    '  Tunnel Interface Information:',
    `\tSource interface: ${info.sourceInterface ?? 'Not defined'}\tIP address: ${info.source ?? '0.0.0.0'}`,
    `\tDestination IP address: ${info.destination ?? '0.0.0.0'}`,
    `\tMode: ${info.mode ?? 'Not defined'}\tIPsec profile: ${info.profile ?? 'Not defined'}`,
    ...(info.downReason === undefined ? [] : [`  Down because: ${info.downReason}`]),
  ];
}

function addressLines({ addresses }: InterfaceValue): string[] {
  if (addresses.length === 0) return ['\tIP address unassigned'];
  return addresses.map((written) => {
    const { address: own, length } = splitAddress(written);
    return own.family === 4 ? `\tIP address ${own}, subnet mask ${netmask(length)}` : `\tIPv6 address ${written}`;
  });
}
