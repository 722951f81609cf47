/** The VXLAN overlay: the interface of the tunnel endpoint, its VNIs, and BGP's family L2VPN EVPN. */
import type { Draft } from '../../draft.ts';
import type { BridgeDomainModel, EvpnNeighborModel, NveModel } from '../../model.ts';
import { choice, hardwareInterface, name, number, optional, refers, text } from '../../parameters.ts';
import type { Place } from '../../place.ts';
import { type BgpScope, type BgpView, harmless, type IosxeRow, used } from '../row.ts';
import { GROUP, listed, N, type PeerRef, PROCESS, peer, subjectOf } from './bgp-scope.ts';

const NVE = { within: ['interface nve1'] };
const EVPN = { within: [...PROCESS, 'address-family l2vpn evpn'] };

/** The neighbour's part in EVPN, made when there is none. */
function partOf(scope: BgpScope, ref: PeerRef, place: Place): Draft<EvpnNeighborModel> | undefined {
  const subject = subjectOf(scope, ref, place);
  if (subject === undefined) return undefined;
  subject.evpn ??= { activate: false, routeReflectorClient: false, sendStandard: false, sendExtended: false };
  return subject.evpn;
}

/** Neighbours that have said something of EVPN. */
function parts(view: BgpView): readonly Readonly<{ ref: PeerRef; part: EvpnNeighborModel }>[] {
  return listed(view).flatMap(({ ref, subject: { evpn } }) => (evpn === undefined ? [] : [{ ref, part: evpn }]));
}

/** In front of the rows of interfaces, whose names are any word. */
export const nveRows: readonly IosxeRow[] = [
  used('config', {
    pattern: 'interface nve1',
    help: 'Tunnel endpoint of VXLAN',
    section: 'interface',
    enters: 'nve',
    params: {},
    example: 'interface nve1',
    set(target, _args, place) {
      const { device } = target;
      device.nve ??= { name: 'nve1', shutdown: false, reachedByBgp: false, members: [], written: place.written() };
      return device.nve;
    },
    unset(target) {
      delete target.device.nve;
    },
    print: ({ nve }) => (nve === undefined ? [] : [{ values: {}, view: nve }]),
  }),
  used('nve', {
    pattern: 'description / <text>',
    help: 'Describe the interface',
    attribute: 'description',
    params: { text: text('Any text') },
    example: { line: 'description overlay', ...NVE },
    set(target, args) {
      target.description = args.text;
    },
    unset(target) {
      delete target.description;
    },
    print: ({ description }) => (description === undefined ? [] : [{ values: { text: description } }]),
  }),
  used('nve', {
    pattern: 'source-interface / <interface>',
    help: 'Loopback whose address is the tunnel endpoint',
    attribute: 'sourceInterface',
    params: { interface: refers('interface', hardwareInterface('Loopback')) },
    example: { line: 'source-interface Loopback1', ...NVE },
    set(target, args) {
      target.sourceInterface = args.interface;
    },
    unset(target) {
      delete target.sourceInterface;
    },
    print: ({ sourceInterface }) => (sourceInterface === undefined ? [] : [{ values: { interface: sourceInterface } }]),
  }),
  used('nve', {
    pattern: 'host-reachability protocol bgp',
    help: 'BGP tells what is behind other endpoints',
    attribute: 'hostReachability',
    params: {},
    example: { line: 'host-reachability protocol bgp', ...NVE },
    set(target) {
      target.reachedByBgp = true;
    },
    unset(target) {
      target.reachedByBgp = false;
    },
    print: ({ reachedByBgp }) => (reachedByBgp ? [{ values: {} }] : []),
  }),
  used('nve', {
    pattern: 'member vni <vni> / vrf <vrf>',
    help: 'Layer-3 VNI of a tenant',
    params: { vni: number(4096, 16_777_215, 'VNI'), vrf: refers('VRF', name('VRF of the tenant', 32)) },
    example: { line: 'member vni 50001 vrf RED', ...NVE },
    set(target, args, place) {
      const twin = target.members.find((one) => one.vrf === args.vrf && one.vni !== args.vni);
      if (twin !== undefined)
        return place.error('contradiction', `VRF ${args.vrf} has VNI ${twin.vni} already`, { param: 'vrf' });
      target.members = target.members.filter((one) => one.vni !== args.vni);
      target.members.push({ vni: args.vni, vrf: args.vrf, written: place.written() });
      target.members.sort((a, b) => a.vni - b.vni);
      return undefined;
    },
    unset(target, args) {
      dropMember(target, args.vni);
    },
    print: ({ members }) => members.map(({ vni, vrf }) => ({ values: { vni, vrf } })),
  }),
  used('nve', {
    pattern: 'shutdown',
    help: 'Switch the interface off',
    attribute: 'shutdown',
    params: {},
    example: [
      { line: 'shutdown', ...NVE },
      { line: 'no shutdown', ...NVE, prints: '' },
    ],
    set(target) {
      target.shutdown = true;
    },
    unset(target) {
      target.shutdown = false;
    },
    print: ({ shutdown }) => (shutdown ? [{ values: {} }] : []),
  }),
  harmless('nve', {
    pattern: 'ip address',
    help: 'The endpoint has the address of its loopback',
    kept: false,
    example: { line: 'no ip address', ...NVE },
  }),
];

function dropMember(target: Draft<NveModel>, vni: number | undefined): void {
  target.members = target.members.filter((one) => one.vni !== vni);
}

/** Behind all other rows of BGP: neighbours are printed before the families that they are in. */
export const evpnRows: readonly IosxeRow[] = [
  used('router-bgp', {
    pattern: 'address-family l2vpn evpn',
    help: 'Routes of tenants at other tunnel endpoints',
    enters: 'bgp-evpn',
    closes: 'exit-address-family',
    params: {},
    example: 'address-family l2vpn evpn',
    set: ({ bgp }) => {
      bgp.hasEvpn = true;
      return { bgp, table: bgp, vrf: '' };
    },
    unset({ bgp }) {
      delete bgp.hasEvpn;
      for (const neighbor of bgp.neighbors) delete neighbor.evpn;
    },
    print: ({ bgp }) => (bgp.hasEvpn === true ? [{ values: {}, view: { bgp, table: bgp, vrf: '' } }] : []),
  }),
  used('bgp-evpn', {
    pattern: 'neighbor <peer> activate',
    help: 'Exchange routes of this family',
    group: GROUP,
    params: { peer },
    example: { line: `neighbor ${N} activate`, ...EVPN },
    set(scope, args, place) {
      const part = partOf(scope, args.peer, place);
      if (part !== undefined) part.activate = true;
    },
    unset(scope, args, place) {
      const part = args.peer === undefined ? undefined : partOf(scope, args.peer, place);
      if (part !== undefined) part.activate = false;
    },
    print: (view) =>
      parts(view).flatMap(({ ref, part }) => (part.activate ? [{ values: { peer: ref }, key: peer.write(ref) }] : [])),
  }),
  used('bgp-evpn', {
    pattern: 'neighbor <peer> send-community / [<kind>]',
    help: 'Send communities: without extended ones nobody knows whose routes they are',
    group: GROUP,
    params: {
      peer,
      kind: optional(
        choice('Kind', { both: 'Standard and extended', extended: 'Extended alone', standard: 'Standard alone' }),
      ),
    },
    example: [
      { line: `neighbor ${N} send-community both`, ...EVPN },
      { line: `neighbor ${N} send-community extended`, ...EVPN },
    ],
    set(scope, args, place) {
      const part = partOf(scope, args.peer, place);
      if (part === undefined) return;
      const kind = args.kind ?? 'standard';
      part.sendStandard ||= kind !== 'extended';
      part.sendExtended ||= kind !== 'standard';
    },
    unset(scope, args, place) {
      const part = args.peer === undefined ? undefined : partOf(scope, args.peer, place);
      if (part === undefined) return;
      part.sendStandard = args.kind === 'extended' && part.sendStandard;
      part.sendExtended = args.kind === 'standard' && part.sendExtended;
    },
    print: (view) =>
      parts(view).flatMap(({ ref, part: { sendStandard, sendExtended } }) => {
        if (!sendStandard && !sendExtended) return [];
        const kind =
          sendStandard && sendExtended ? ('both' as const) : sendExtended ? ('extended' as const) : undefined;
        return [{ values: { peer: ref, kind }, key: peer.write(ref) }];
      }),
  }),
  used('bgp-evpn', {
    pattern: 'neighbor <peer> route-reflector-client',
    help: 'Reflect routes to it',
    group: GROUP,
    params: { peer },
    example: { line: `neighbor ${N} route-reflector-client`, ...EVPN },
    set(scope, args, place) {
      const part = partOf(scope, args.peer, place);
      if (part !== undefined) part.routeReflectorClient = true;
    },
    unset(scope, args, place) {
      const part = args.peer === undefined ? undefined : partOf(scope, args.peer, place);
      if (part !== undefined) part.routeReflectorClient = false;
    },
    print: (view) =>
      parts(view).flatMap(({ ref, part }) =>
        part.routeReflectorClient ? [{ values: { peer: ref }, key: peer.write(ref) }] : [],
      ),
  }),
  used(['bgp-ipv4', 'bgp-ipv6'], {
    pattern: 'advertise l2vpn evpn',
    help: 'Tell other tunnel endpoints the routes of this VRF',
    params: {},
    example: { line: 'advertise l2vpn evpn', within: [...PROCESS, 'address-family ipv4 vrf RED'] },
    set({ bgp, vrf, family = 4 }, _args, place) {
      const table = bgp.vrfs?.find((one) => one.vrf === vrf);
      if (table === undefined) return place.error('contradiction', 'only routes of a VRF are advertised so');
      table.advertiseEvpn = [...new Set([...(table.advertiseEvpn ?? []), family])];
      return undefined;
    },
    unset({ bgp, vrf, family = 4 }) {
      const table = bgp.vrfs?.find((one) => one.vrf === vrf);
      if (table?.advertiseEvpn === undefined) return;
      table.advertiseEvpn = table.advertiseEvpn.filter((one) => one !== family);
      if (table.advertiseEvpn.length === 0) delete table.advertiseEvpn;
    },
    print: ({ bgp, vrf, family = 4 }) =>
      bgp.vrfs?.find((one) => one.vrf === vrf)?.advertiseEvpn?.includes(family) === true ? [{ values: {} }] : [],
  }),
  harmless('bgp-evpn', {
    pattern: 'exit-address-family',
    help: 'Leave the address family',
    leaves: 'one',
    kept: false,
    example: { line: 'exit-address-family', ...EVPN },
  }),
  used('config', {
    pattern: 'bridge-domain <number>',
    help: 'Bridge domain: its BDI stands for the VNI in it',
    section: 'qos',
    enters: 'bridge-domain',
    params: { number: number(1, 16_000, 'Number') },
    example: 'bridge-domain 100',
    set({ device }, args, place) {
      device.bridgeDomains ??= [];
      const known = device.bridgeDomains.find((one) => one.number === args.number);
      if (known !== undefined) return known;
      const made: Draft<BridgeDomainModel> = { number: args.number, vnis: [], written: place.written() };
      device.bridgeDomains.push(made);
      return made;
    },
    unset({ device }, args) {
      const left = device.bridgeDomains?.filter((one) => one.number !== args.number) ?? [];
      if (left.length === 0) delete device.bridgeDomains;
      else device.bridgeDomains = left;
    },
    print: ({ bridgeDomains = [] }) => bridgeDomains.map((view) => ({ values: { number: view.number }, view })),
  }),
  used('bridge-domain', {
    pattern: 'member vni / <vni>',
    help: 'VNI of the domain',
    params: { vni: number(4096, 16_777_215, 'VNI') },
    example: { line: 'member vni 50001', within: ['bridge-domain 100'] },
    set(target, args) {
      target.vnis = [...new Set([...target.vnis, args.vni])].sort((a, b) => a - b);
    },
    unset(target, args) {
      target.vnis = target.vnis.filter((one) => one !== args.vni);
    },
    print: ({ vnis }) => vnis.map((vni) => ({ values: { vni } })),
  }),
  harmless('bridge-domain', {
    pattern: 'member evpn-instance <rest>',
    help: 'EVPN instance of the domain: frames are not bridged here',
    params: { rest: text('Which') },
    example: { line: 'member evpn-instance 10 vni 10010', within: ['bridge-domain 100'] },
  }),
  harmless('bridge-domain', {
    pattern: 'member <interface> [<rest>]',
    help: 'Port of the domain: frames are not bridged here',
    params: { interface: hardwareInterface('Port'), rest: optional(text('Which')) },
    example: { line: 'member GigabitEthernet0/0/1 service-instance 10', within: ['bridge-domain 100'] },
  }),
];
