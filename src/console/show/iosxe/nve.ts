/** `show nve peers`, `show nve vni`, `show nve interface nve1`: the tunnel endpoint of VXLAN as a router shows it. */
import type { GatewaySnapshot, OverlaySnapshot } from '../../../gateway/index.ts';
import { upTime } from '../names.ts';
import { address, count, flag, list, object, optional, publish, text, type Value } from '../schema.ts';
import { lines, type Shown } from '../shown.ts';
import { addressWord } from './words.ts';

const peerSchema = object({
  vni: count('VNI of the tenant here'),
  remoteVni: count('VNI by which the peer knows the tenant'),
  vrf: text('VRF of the tenant'),
  address: address('tunnel endpoint'),
  routerMac: text('where frames to it are addressed to'),
  routes: count('prefixes behind it'),
  upSeconds: count('since the first route led to it'),
});

const vniSchema = object({
  vni: count('VNI'),
  vrf: text('VRF of the tenant'),
  isUp: flag('it carries packets'),
  bridgeDomain: optional(count('bridge domain')),
  bdi: optional(text('interface that stands for it')),
});

export const nvePeersSchema = publish(
  'show-nve-peers',
  'show nve peers [vni VNI]',
  object({ interface: optional(text('tunnel endpoint; absent: there is none')), peers: list(peerSchema, 'by VNI') }),
);
export type NvePeers = Value<typeof nvePeersSchema.schema>;

export const nveVnisSchema = publish(
  'show-nve-vni',
  'show nve vni [VNI]',
  object({ interface: optional(text('tunnel endpoint; absent: there is none')), vnis: list(vniSchema, 'by number') }),
);
export type NveVnis = Value<typeof nveVnisSchema.schema>;

export const nveInterfaceSchema = publish(
  'show-nve-interface',
  'show nve interface nve1 [detail]',
  object({
    interface: optional(text('tunnel endpoint; absent: there is none')),
    isAdminUp: flag('not shut down'),
    isUp: flag('some VNI carries packets'),
    isReachedByBgp: flag('BGP tells what is behind other endpoints'),
    layer3Vnis: count('VNIs of tenants'),
    sourceInterface: optional(text('interface whose address is the endpoint')),
    source: optional(address('that address')),
    inPackets: count('packets taken out of VXLAN'),
    inBytes: count('bytes of these'),
    outPackets: count('packets put into VXLAN'),
    outBytes: count('bytes of these'),
  }),
);
export type NveInterface = Value<typeof nveInterfaceSchema.schema>;

export function showNvePeers({ overlay, now }: GatewaySnapshot, only?: number): Shown<NvePeers> {
  const vrfOf = new Map(overlay?.vnis.map(({ vni, vrf }) => [vni, vrf]));
  const peers = (overlay?.peers ?? []).filter(({ vni }) => only === undefined || vni === only);
  const value: NvePeers = {
    ...(overlay === undefined ? {} : { interface: overlay.interface }),
    peers: peers.map(({ vni, remoteVni, vtep, routerMac, routes, since }) => ({
      vni,
      remoteVni,
      vrf: vrfOf.get(vni) ?? '',
      address: vtep.toString(),
      routerMac,
      routes,
      upSeconds: Math.max(0, Math.floor((now - since) / 1000)),
    })),
  };
  return { value, text: peersText(value) };
}

function peersText({ interface: name = '', peers }: NvePeers): string {
  return lines([
    "'M' - MAC entry download flag  'A' - Adjacency download flag",
    "'4' - IPv4 flag  '6' - IPv6 flag",
    '',
    'Interface  VNI      Type Peer-IP          RMAC/Num_RTs   eVNI     state flags UP time',
    ...peers.map(({ vni, remoteVni, address: peer, routerMac, upSeconds }) => {
      const flags = `A/M/${peer.includes(':') ? 6 : 4}`;
      return [
        name.padEnd(10),
        String(vni).padEnd(8),
        'L3CP',
        addressWord(peer).padEnd(16),
        routerMac,
        String(remoteVni).padEnd(8),
        '  UP',
        ` ${flags}`,
        upTime(upSeconds * 1000),
      ].join(' ');
    }),
  ]);
}

export function showNveVnis({ overlay }: GatewaySnapshot, only?: number): Shown<NveVnis> {
  const vnis = (overlay?.vnis ?? []).filter(({ vni }) => only === undefined || vni === only);
  const value: NveVnis = {
    ...(overlay === undefined ? {} : { interface: overlay.interface }),
    vnis: vnis.map(({ vni, vrf, up, bridgeDomain, bdi }) => ({
      vni,
      vrf,
      isUp: up,
      ...(bridgeDomain === undefined ? {} : { bridgeDomain }),
      ...(bdi === undefined ? {} : { bdi }),
    })),
  };
  const missing = only !== undefined && vnis.length === 0 ? [`% VNI ${only} doesn't exist`] : [];
  const name = overlay?.interface ?? '';
  const row = ({ vni, vrf, isUp, bridgeDomain }: NveVnis['vnis'][number]): string =>
    [
      name.padEnd(10),
      String(vni).padEnd(10),
      'N/A'.padEnd(16),
      (isUp ? 'Up' : 'Down').padEnd(10),
      'L3CP ',
      String(bridgeDomain ?? 'N/A').padEnd(5),
      'CLI',
      vrf,
    ].join(' ');
  const head = `${'Interface  VNI        Multicast-group  VNI state  Mode  BD    cfg vrf'.padEnd(93)}`;
  return { value, text: lines([head, ...value.vnis.map(row), ...missing]) };
}

export function showNveInterface(snapshot: GatewaySnapshot, isDetailed: boolean): Shown<NveInterface> {
  const value = nveInterface(snapshot);
  return { value, text: value.interface === undefined ? '' : interfaceText(value, isDetailed) };
}

function nveInterface({ overlay, model, plane }: GatewaySnapshot): NveInterface {
  const own = plane.interfaces.filter(({ name }) => isOwn(overlay, name));
  const sum = (of: 'inPackets' | 'inBytes' | 'outPackets' | 'outBytes'): number =>
    own.reduce((total, one) => total + one[of], 0);
  return {
    ...(overlay === undefined ? {} : { interface: overlay.interface }),
    isAdminUp: model.nve?.shutdown === false,
    isUp: overlay?.up === true,
    isReachedByBgp: model.nve?.reachedByBgp === true,
    layer3Vnis: overlay?.vnis.length ?? 0,
    ...(overlay?.sourceInterface === undefined ? {} : { sourceInterface: overlay.sourceInterface }),
    ...(overlay?.source === undefined ? {} : { source: overlay.source.toString() }),
    inPackets: sum('inPackets'),
    inBytes: sum('inBytes'),
    outPackets: sum('outPackets'),
    outBytes: sum('outBytes'),
  };
}

function isOwn(overlay: OverlaySnapshot | undefined, name: string): boolean {
  return overlay?.vnis.some((one) => one.interface === name) === true;
}

function interfaceText(one: NveInterface, isDetailed: boolean): string {
  const word = (is: boolean): string => (is ? 'Up' : 'Down');
  const figures = [one.inPackets, one.inBytes, one.outPackets, one.outBytes];
  return lines([
    `Interface: ${one.interface}, State: Admin ${word(one.isAdminUp)}, Oper ${word(one.isUp)}, Encapsulation: Vxlan,`,
    `BGP host reachability: ${one.isReachedByBgp ? 'Enable' : 'Disable'}, VxLAN dport: 4789`,
    `VNI number: L3CP ${one.layer3Vnis} L2CP 0 L2DP 0`,
    `source-interface: ${one.sourceInterface ?? 'N/A'} (primary:${one.source ?? '0.0.0.0'} vrf:0)`,
    ...(isDetailed
      ? [
          '   Pkts In   Bytes In   Pkts Out  Bytes Out',
          figures.map((figure, i) => String(figure).padStart(i === 0 ? 10 : 11)).join(''),
        ]
      : []),
  ]);
}
