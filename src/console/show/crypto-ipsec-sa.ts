/** `show crypto ipsec sa [peer A]` in ASA's layout (show-output A3). */
import { type IpAddress, netmask, Prefix } from '../../base/index.ts';
import { Encr } from '../../crypto/index.ts';
import type { GatewaySnapshot, InterfaceSnapshot } from '../../gateway/index.ts';
import type { ChildSaSnapshot, IkeSaSnapshot, TrafficSelector } from '../../ike/index.ts';
import type { ChildSaCounters } from '../../plane/contract.ts';
import { spiHex, transformName } from './names.ts';

/** Sequence number that the platform shows for tunnel protection. */
const VTI_SEQUENCE = 65_280;

export function showCryptoIpsecSa(snapshot: GatewaySnapshot, peer: IpAddress | undefined): string {
  const counters = new Map(snapshot.plane.childSas.map((one) => [one.id, one]));
  const blocks: string[] = [];
  for (const sa of snapshot.ike.sas) {
    if (peer !== undefined && !sa.path.remote.address.equals(peer)) continue;
    for (const child of sa.children) {
      const counter = counters.get(child.inboundSpi);
      const owner = snapshot.interfaces.find(({ name }) => name === counter?.interface);
      if (counter !== undefined && owner !== undefined) blocks.push(block(snapshot, sa, child, counter, owner));
    }
  }
  return blocks.length === 0 ? '\nThere are no ipsec sas\n' : blocks.join('\n');
}

function block(
  { now, model }: GatewaySnapshot,
  sa: IkeSaSnapshot,
  child: ChildSaSnapshot,
  counter: ChildSaCounters,
  owner: InterfaceSnapshot,
): string {
  const { local, remote } = sa.path;
  const overhead = owner.tunnel?.overhead ?? { worst: 0, fixed: 0 };
  const tag = `__vti-crypto-map-${owner.name}-0-${owner.name.replace(/^\D+/, '')}`;
  const profile = model.ipsecProfiles.find(({ name }) => name === owner.tunnel?.profile);
  const limit = profile?.lifetimeBytes ?? model.childLifetimeBytes;
  const left = (used: number): string =>
    limit === 'unlimited' ? '' : String(Math.max(0, Math.floor((limit - used) / 1000)));
  const source = model.interfaces.find(({ alias }) => alias === owner.tunnel?.sourceInterface);
  const localSelector = child.localSelectors[0];
  const remoteSelector = child.remoteSelectors[0];
  const lines = [
    `interface: ${owner.alias ?? owner.name}`,
    `    Crypto map tag: ${tag}, seq num: ${VTI_SEQUENCE}, local addr: ${local.address}`,
    '',
    `      Protected vrf (ivrf): ${owner.vrf === 'global' || owner.vrf === '' ? 'Global' : owner.vrf}`,
    `      local ident (addr/mask/prot/port): (${ident(localSelector)})`,
    `      remote ident (addr/mask/prot/port): (${ident(remoteSelector)})`,
    `      current_peer: ${remote.address}`,
    '',
    '',
    `      #pkts encaps: ${counter.outboundPackets}, #pkts encrypt: ${counter.outboundPackets}, #pkts digest: ${counter.outboundPackets}`,
    `      #pkts decaps: ${counter.inboundPackets}, #pkts decrypt: ${counter.inboundPackets}, #pkts verify: ${counter.inboundPackets}`,
    '      #pkts compressed: 0, #pkts decompressed: 0',
    `      #pkts not compressed: ${counter.outboundPackets}, #pkts comp failed: 0, #pkts decomp failed: 0`,
    `      #pre-frag successes: 0, #pre-frag failures: 0, #fragments created: ${counter.fragmentsCreated}`,
    '      #PMTUs sent: 0, #PMTUs rcvd: 0, #decapsulated frgs needing reassembly: 0',
    '      #TFC rcvd: 0, #TFC sent: 0',
    '      #Valid ICMP Errors rcvd: 0, #Invalid ICMP Errors rcvd: 0',
    `      #send errors: 0, #recv errors: ${counter.replayed + counter.integrityFailed}`,
    '',
    `      local crypto endpt.: ${local.address}/${local.port}, remote crypto endpt.: ${remote.address}/${remote.port}`,
    `      path mtu ${counter.pathMtu}, ipsec overhead ${overhead.worst}(${overhead.fixed}), media mtu ${source?.mtu ?? 1500}`,
    `      PMTU time remaining (sec): 0, DF policy: ${source?.df ?? 'copy'}-df`,
    '      ICMP error validation: disabled, TFC packets: disabled',
    `      current outbound spi: ${spiHex(child.outboundSpi).toUpperCase()}`,
    `      current inbound spi : ${spiHex(child.inboundSpi).toUpperCase()}`,
    '',
    '    inbound esp sas:',
    ...direction(now, sa, child, tag, child.inboundSpi, left(counter.inboundBytes), bitmap(counter.replayBitmap)),
    '    outbound esp sas:',
    ...direction(now, sa, child, tag, child.outboundSpi, left(counter.outboundBytes), '0x00000000 0x00000001'),
  ];
  return `${lines.join('\n')}\n`;
}

function direction(
  now: number,
  { path }: IkeSaSnapshot,
  child: ChildSaSnapshot,
  tag: string,
  spi: number,
  /** Kilobytes that its volume limit leaves; empty without a limit. */
  kilobytes: string,
  replay: string,
): string[] {
  const settings = [
    'L2L',
    'Tunnel',
    ...(child.group === 0 ? [] : [`PFS Group ${child.group}`]),
    ...(path.local.port === 4500 ? [' NAT-T-Encaps'] : []),
    'IKEv2',
    'VTI',
  ];
  const seconds = Math.max(0, Math.ceil((child.hardAt - now) / 1000));
  return [
    `      spi: 0x${spiHex(spi).toUpperCase()} (${spi})`,
    `         SA State: ${child.rekeying ? 'rekeying' : 'active'}`,
    `         transform: ${transformName(child.encr, child.keyBits, child.integ)} no compression `,
    `         in use settings ={${settings.join(', ')}, }`,
    `         slot: 0, conn_id: ${child.inboundSpi >>> 16}, crypto-map: ${tag}`,
    kilobytes === ''
      ? `         sa timing: remaining key lifetime (sec): ${seconds}`
      : `         sa timing: remaining key lifetime (kB/sec): (${kilobytes}/${seconds})`,
    `         IV size: ${child.encr === Encr.AES_CBC ? 16 : 8} bytes`,
    '         replay detection support: Y',
    '         Anti replay bitmap: ',
    `          ${replay}`,
  ];
}

function bitmap(words: readonly number[]): string {
  const hex = [...words].reverse().map((word) => `0x${spiHex(word >>> 0).toUpperCase()}`);
  return hex.length === 0 ? '0x00000000 0x00000000' : hex.join(' ');
}

/** `addr/mask/prot/port` of a selector that is a prefix; IPv6 masks print as lengths. */
function ident(selector: TrafficSelector | undefined): string {
  if (selector === undefined) return '';
  const { start, end, protocol, startPort, endPort } = selector;
  const port = startPort === 0 && endPort === 65_535 ? '0' : `${startPort} - ${endPort}`;
  for (let length = 0; length <= start.bits; length++) {
    const prefix = new Prefix(start, length);
    if (!prefix.address.equals(start) || !prefix.last.equals(end)) continue;
    return `${start}/${start.family === 4 ? netmask(length) : length}/${protocol}/${port}`;
  }
  return `${start} - ${end}/${protocol}/${port}`;
}
