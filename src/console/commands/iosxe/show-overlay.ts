/** `show nve …` and `show bgp l2vpn evpn …`: the overlay of a router. */
import { IpAddress, Prefix } from '../../../base/index.ts';
import { parameters } from '../../../config/index.ts';
import { bgpSummarySchema } from '../../show/bgp-summary.ts';
import { showIosBgpSummary } from '../../show/iosxe/bgp.ts';
import { evpnTableSchema, showEvpnRoutes, showEvpnTable } from '../../show/iosxe/bgp-evpn.ts';
import {
  nveInterfaceSchema,
  nvePeersSchema,
  nveVnisSchema,
  showNveInterface,
  showNvePeers,
  showNveVnis,
} from '../../show/iosxe/nve.ts';
import { destination } from '../arguments.ts';
import { invalid, type Row, refused, shown } from '../row.ts';

const vni = parameters.number(1, 16_777_215, 'VNI');
const detail = parameters.choice('How much', { detail: 'With counters' });
const evpnPrefix = {
  tag: parameters.number(0, 4_294_967_295, 'Ethernet tag'),
  prefix: destination(4),
  length: parameters.number(0, 128, 'Its length'),
};

function numberOf(word: string | undefined): number | undefined {
  return word === undefined ? undefined : Number(word);
}

export const iosShowOverlay: readonly Row[] = [
  {
    pattern: 'show nve peers',
    help: 'tunnel endpoints of VXLAN that routes lead to',
    schema: nvePeersSchema,
    run: (device) => shown(showNvePeers(device.snapshot())),
  },
  {
    pattern: 'show nve peers vni <vni>',
    help: 'those of one tenant',
    params: { vni },
    schema: nvePeersSchema,
    run: (device, { arguments: given }) => shown(showNvePeers(device.snapshot(), numberOf(given['vni']))),
  },
  {
    pattern: 'show nve vni [<vni>]',
    help: 'VNIs and the VRFs of their tenants',
    params: { vni },
    schema: nveVnisSchema,
    run: (device, { arguments: given }) => shown(showNveVnis(device.snapshot(), numberOf(given['vni']))),
  },
  {
    pattern: 'show nve interface nve1 [<detail>]',
    help: 'the tunnel endpoint itself',
    params: { detail },
    schema: nveInterfaceSchema,
    run: (device, { arguments: given }) => {
      const snapshot = device.snapshot();
      if (snapshot.overlay === undefined) return refused('Interface nve1 does not exist');
      return shown(showNveInterface(snapshot, given['detail'] !== undefined));
    },
  },
  {
    pattern: 'show bgp l2vpn evpn',
    help: 'routes of tenants, told among tunnel endpoints',
    schema: evpnTableSchema,
    run: (device) => shown(showEvpnTable(device.snapshot(), device.evpnPaths?.() ?? [])),
  },
  {
    pattern: 'show bgp l2vpn evpn summary',
    help: 'neighbours that exchange them, and their state',
    schema: bgpSummarySchema,
    run: (device) => shown(showIosBgpSummary(device.snapshot(), 'evpn')),
  },
  {
    pattern: 'show bgp l2vpn evpn route-type 5',
    help: 'IP prefixes in detail',
    schema: evpnTableSchema,
    run: (device) => shown(showEvpnRoutes(device.snapshot(), device.evpnPaths?.() ?? [], undefined)),
  },
  {
    pattern: 'show bgp l2vpn evpn route-type 5 <tag> <prefix> <length>',
    help: 'one of them: Ethernet tag, prefix and its length',
    params: evpnPrefix,
    schema: evpnTableSchema,
    run: (device, { arguments: given }) => {
      const { prefix: word = '', length = '' } = given;
      const address = IpAddress.parse(word);
      if (address === undefined || Number(length) > address.bits) return invalid(`${word} ${length} is not a prefix`);
      const wanted = new Prefix(address, Number(length));
      const paths = (device.evpnPaths?.() ?? []).filter(({ nlri }) => nlri.ethernetTag === Number(given['tag']));
      return shown(showEvpnRoutes(device.snapshot(), paths, wanted));
    },
  },
];
