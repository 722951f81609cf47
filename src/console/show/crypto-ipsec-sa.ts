/** `show crypto ipsec sa [peer A] [detail]` in ASA's layout (show-output A3). */
import type { IpAddress } from '../../base/index.ts';
import type { DeviceModel, InterfaceModel } from '../../config/index.ts';
import { Encr } from '../../crypto/index.ts';
import type { GatewaySnapshot, InterfaceSnapshot } from '../../gateway/index.ts';
import type { ChildSaSnapshot, IkeSaSnapshot } from '../../ike/index.ts';
import type { ChildSaCounters } from '../../plane/contract.ts';
import { spiHex, transformName } from './names.ts';
import {
  address,
  count,
  counts,
  flag,
  hexadecimal,
  list,
  object,
  oneOf,
  optional,
  publish,
  text,
  type Value,
} from './schema.ts';
import { endpointSchema, endpointText, endpointValue, identText, selectorsSchema, selectorValue } from './selectors.ts';
import { lines, type Shown } from './shown.ts';
import { tunnelModel } from './tunnel-user.ts';

const directionSchema = object({
  spi: hexadecimal(8, 'SPI'),
  remainingKilobytes: optional(count('kilobytes that the volume limit leaves; absent without a limit')),
  replayBitmap: list(hexadecimal(8, '32 packets'), 'words of the replay window, the oldest packets first'),
});

const countersSchema = object({
  packetsSent: count('inner packets sealed'),
  bytesSent: count('bytes of these'),
  packetsReceived: count('inner packets opened'),
  bytesReceived: count('bytes of these'),
  replayed: count('packets that came twice or too late'),
  integrityFailed: count('packets whose checksum was wrong'),
  packetsFragmented: count('inner packets cut before sealing'),
  packetsTooBig: count('inner packets that were too long and might not be cut'),
  fragmentsCreated: count('pieces made of inner packets'),
  mtuErrorsSent: count('ICMP errors told to sources of inner packets'),
  mtuErrorsReceived: count('ICMP errors about the path of this SA'),
  mtuErrorsRefused: count('ICMP errors about packets that this SA can not have sent'),
  inboundDrops: counts('packets of this SA dropped on their way in, by reason'),
  outboundDrops: counts('packets of this SA dropped on their way out, by reason'),
  withoutSa: count('packets for the interface while it had no SA'),
});

const saSchema = object({
  interface: text('interface'),
  nameif: optional(text('its name')),
  cryptoMapTag: text('tag that the platform makes up for a tunnel interface'),
  vrf: text('VRF of the inner packets; empty for the global one'),
  session: count('session of the IKE SA'),
  peer: address('address of the peer'),
  local: endpointSchema,
  remote: endpointSchema,
  isUdpEncapsulated: flag('ESP in UDP, RFC 3948'),
  state: oneOf(['active', 'rekeying'], 'whether it is being replaced'),
  mode: oneOf(['tunnel', 'transport'], 'ESP mode'),
  transform: text('algorithms as configured, such as esp-aes-256 esp-sha-hmac'),
  ivBytes: count('length of the IV'),
  pfsGroup: count('Diffie-Hellman group of its own key exchange; 0 for none'),
  esn: flag('extended sequence numbers'),
  replayWindowPackets: count('replay window; 0 for no check'),
  connectionId: count('number that the platform calls conn_id'),
  localSelectors: selectorsSchema,
  remoteSelectors: selectorsSchema,
  pathMtuBytes: count('MTU of the path to the peer'),
  innerMtuBytes: count('largest inner packet that fits it'),
  mediaMtuBytes: count('MTU of the source interface'),
  overheadWorstBytes: count('overhead of ESP at most'),
  overheadFixedBytes: count('of this, what stands before the payload'),
  df: oneOf(['copy', 'set', 'clear'], 'DF bit of the outer packet'),
  remainingSeconds: count('until the hard lifetime'),
  sourceInterface: optional(text('interface that outer packets leave from')),
  frontVrf: optional(text('VRF of the outer packets; absent: the global one')),
  isInitiator: flag('we asked for it, or for the IKE SA that it came with'),
  counters: countersSchema,
  inbound: directionSchema,
  outbound: directionSchema,
});

const idleSchema = object({
  interface: text('interface'),
  cryptoMapTag: text('tag that the platform makes up for a tunnel interface'),
  vrf: text('VRF of the inner packets; empty for the global one'),
  local: address('outer address, ours'),
  peer: address('address of the peer'),
  mediaMtuBytes: count('MTU of the source interface'),
  sourceInterface: optional(text('interface that outer packets leave from')),
  withoutSa: count('packets for the interface while it had no SA'),
});

export const cryptoIpsecSaSchema = publish(
  'show-crypto-ipsec-sa',
  'show crypto ipsec sa [peer ADDRESS] [detail]',
  object({
    sas: list(saSchema, 'pairs of IPsec SAs'),
    idle: optional(list(idleSchema, 'tunnels without an IPsec SA, where the platform shows them')),
  }),
);
export type CryptoIpsecSa = Value<typeof cryptoIpsecSaSchema.schema>;
type Sa = CryptoIpsecSa['sas'][number];

/** Sequence number that the platform shows for tunnel protection. */
const VTI_SEQUENCE = 65_280;

export function showCryptoIpsecSa(
  snapshot: GatewaySnapshot,
  peer: IpAddress | undefined,
  detail: boolean,
): Shown<CryptoIpsecSa> {
  const value = cryptoIpsecSa(snapshot, peer);
  const blocks = value.sas.map((sa) => lines(block(sa, detail)));
  return { value, text: blocks.length === 0 ? '\nThere are no ipsec sas\n' : blocks.join('\n') };
}

export function cryptoIpsecSa(snapshot: GatewaySnapshot, peer: IpAddress | undefined): CryptoIpsecSa {
  const counters = new Map(snapshot.plane.childSas.map((one) => [one.id, one]));
  const owners = new Map(snapshot.interfaces.map((one) => [one.name, one]));
  const sas: Sa[] = [];
  for (const sa of snapshot.ike.sas) {
    if (peer !== undefined && !sa.path.remote.address.equals(peer)) continue;
    for (const child of sa.children) {
      const counter = counters.get(child.inboundSpi);
      const owner = counter === undefined ? undefined : owners.get(counter.interface);
      if (counter !== undefined && owner !== undefined) sas.push(saValue(snapshot, sa, child, counter, owner));
    }
  }
  return { sas };
}

function saValue(
  { now, model, plane }: GatewaySnapshot,
  sa: IkeSaSnapshot,
  child: ChildSaSnapshot,
  counter: ChildSaCounters,
  owner: InterfaceSnapshot,
): Sa {
  const { local, remote } = sa.path;
  const overhead = owner.tunnel?.overhead ?? { worst: 0, fixed: 0 };
  const profile = model.ipsecProfiles.find(({ name }) => name === owner.tunnel?.profile);
  const limit = profile?.lifetimeBytes ?? model.childLifetimeBytes;
  const left = (used: number): Readonly<{ remainingKilobytes?: number }> =>
    limit === 'unlimited' ? {} : { remainingKilobytes: Math.max(0, Math.floor((limit - used) / 1000)) };
  const source = sourceOf(model, owner);
  const frontVrf = tunnelModel(model, owner)?.tunnel?.frontVrf ?? '';
  return {
    interface: owner.name,
    ...(owner.alias === undefined ? {} : { nameif: owner.alias }),
    cryptoMapTag: cryptoMapTag(model, owner.name),
    vrf: owner.vrf,
    session: sa.session,
    peer: remote.address.toString(),
    local: endpointValue(local),
    remote: endpointValue(remote),
    isUdpEncapsulated: local.port === 4500,
    state: child.rekeying ? 'rekeying' : 'active',
    mode: child.mode,
    transform: transformName(child.encr, child.keyBits, child.integ),
    ivBytes: child.encr === Encr.AES_CBC ? 16 : 8,
    pfsGroup: child.group,
    esn: child.esn,
    replayWindowPackets: counter.replayBitmap.length * 32,
    connectionId: child.inboundSpi >>> 16,
    localSelectors: child.localSelectors.map(selectorValue),
    remoteSelectors: child.remoteSelectors.map(selectorValue),
    pathMtuBytes: counter.pathMtu,
    innerMtuBytes: counter.innerMtu,
    mediaMtuBytes: source?.mtu ?? 1500,
    overheadWorstBytes: overhead.worst,
    overheadFixedBytes: overhead.fixed,
    df: source?.df ?? 'copy',
    remainingSeconds: Math.max(0, Math.ceil((child.hardAt - now) / 1000)),
    ...(source === undefined ? {} : { sourceInterface: source.name }),
    ...(frontVrf === '' ? {} : { frontVrf }),
    isInitiator: sa.role === 'initiator',
    counters: {
      packetsSent: counter.outboundPackets,
      bytesSent: counter.outboundBytes,
      packetsReceived: counter.inboundPackets,
      bytesReceived: counter.inboundBytes,
      replayed: counter.replayed,
      integrityFailed: counter.integrityFailed,
      packetsFragmented: counter.packetsFragmented ?? 0,
      packetsTooBig: counter.packetsTooBig ?? 0,
      fragmentsCreated: counter.fragmentsCreated,
      mtuErrorsSent: counter.mtuErrorsSent ?? 0,
      mtuErrorsReceived: counter.mtuErrorsReceived ?? 0,
      mtuErrorsRefused: counter.mtuErrorsRefused ?? 0,
      inboundDrops: { ...counter.inboundDrops },
      outboundDrops: { ...counter.outboundDrops },
      withoutSa: plane.interfaces.find(({ name }) => name === owner.name)?.drops['no-sa'] ?? 0,
    },
    inbound: {
      spi: spiHex(child.inboundSpi),
      ...left(counter.inboundBytes),
      replayBitmap: [...counter.replayBitmap].reverse().map((word) => spiHex(word >>> 0)),
    },
    outbound: { spi: spiHex(child.outboundSpi), ...left(counter.outboundBytes), replayBitmap: [] },
  };
}

/** What each platform calls the crypto map that it makes up for a tunnel. */
export function cryptoMapTag({ dialect }: DeviceModel, name: string): string {
  return dialect === 'asa' ? `__vti-crypto-map-${name}-0-${name.replace(/^\D+/, '')}` : `${name}-head-0`;
}

/** The interface that a tunnel's outer packets leave from. */
export function sourceOf({ interfaces }: DeviceModel, { tunnel }: InterfaceSnapshot): InterfaceModel | undefined {
  const { sourceInterface, source } = tunnel ?? {};
  if (sourceInterface !== undefined) {
    return interfaces.find(({ alias, name }) => alias === sourceInterface || name === sourceInterface);
  }
  return interfaces.find(({ addresses }) => addresses.some((own) => source?.equals(own.address) === true));
}

function block(sa: Sa, detail: boolean): string[] {
  const c = sa.counters;
  return [
    `interface: ${sa.nameif ?? sa.interface}`,
    `    Crypto map tag: ${sa.cryptoMapTag}, seq num: ${VTI_SEQUENCE}, local addr: ${sa.local.address}`,
    '',
    `      Protected vrf (ivrf): ${sa.vrf === '' ? 'Global' : sa.vrf}`,
    `      local ident (addr/mask/prot/port): (${identText(sa.localSelectors[0])})`,
    `      remote ident (addr/mask/prot/port): (${identText(sa.remoteSelectors[0])})`,
    `      current_peer: ${sa.peer}`,
    '',
    '',
    `      #pkts encaps: ${c.packetsSent}, #pkts encrypt: ${c.packetsSent}, #pkts digest: ${c.packetsSent}`,
    `      #pkts decaps: ${c.packetsReceived}, #pkts decrypt: ${c.packetsReceived}, #pkts verify: ${c.packetsReceived}`,
    '      #pkts compressed: 0, #pkts decompressed: 0',
    `      #pkts not compressed: ${c.packetsSent}, #pkts comp failed: 0, #pkts decomp failed: 0`,
    `      #pre-frag successes: ${c.packetsFragmented}, #pre-frag failures: ${c.packetsTooBig}, #fragments created: ${c.fragmentsCreated}`,
    `      #PMTUs sent: ${c.mtuErrorsSent}, #PMTUs rcvd: ${c.mtuErrorsReceived}, #decapsulated frgs needing reassembly: 0`,
    '      #TFC rcvd: 0, #TFC sent: 0',
    `      #Valid ICMP Errors rcvd: ${c.mtuErrorsReceived}, #Invalid ICMP Errors rcvd: ${c.mtuErrorsRefused}`,
    ...(detail ? detailLines(sa) : [`      #send errors: ${sendErrors(sa)}, #recv errors: ${receiveErrors(sa)}`]),
    '',
    `      local crypto endpt.: ${endpointText(sa.local)}, remote crypto endpt.: ${endpointText(sa.remote)}`,
    `      path mtu ${sa.pathMtuBytes}, ipsec overhead ${sa.overheadWorstBytes}(${sa.overheadFixedBytes}), media mtu ${sa.mediaMtuBytes}`,
    `      PMTU time remaining (sec): 0, DF policy: ${sa.df}-df`,
    '      ICMP error validation: disabled, TFC packets: disabled',
    `      current outbound spi: ${sa.outbound.spi.toUpperCase()}`,
    `      current inbound spi : ${sa.inbound.spi.toUpperCase()}`,
    '',
    '    inbound esp sas:',
    ...direction(sa, sa.inbound),
    '    outbound esp sas:',
    ...direction(sa, sa.outbound),
  ];
}

function sum(drops: Readonly<Record<string, number>>): number {
  return Object.values(drops).reduce((total, one) => total + one, 0);
}

function sendErrors({ counters: { outboundDrops, withoutSa } }: Sa): number {
  return sum(outboundDrops) + withoutSa;
}

function receiveErrors({ counters: { inboundDrops } }: Sa): number {
  return sum(inboundDrops);
}

function detailLines({ counters }: Sa): string[] {
  const { replayed, integrityFailed, packetsTooBig, withoutSa, inboundDrops, outboundDrops } = counters;
  const received = (reason: string): number => inboundDrops[reason] ?? 0;
  const sent = (reason: string): number => outboundDrops[reason] ?? 0;
  // What the lines below do not name.
  const otherSent = sum(outboundDrops) - sent('hard-limit') - sent('sequence-exhausted') - packetsTooBig;
  const known = [
    'hard-limit',
    'unsupported-next-header',
    'selector-mismatch',
    'bad-length',
    'bad-padding',
    'malformed',
  ];
  const otherReceived =
    sum(inboundDrops) - replayed - integrityFailed - known.reduce((total, reason) => total + received(reason), 0);
  return [
    `      #pkts no sa (send): ${withoutSa}, #pkts invalid sa (rcv): 0`,
    `      #pkts encaps failed (send): ${sent('hard-limit')}, #pkts decaps failed (rcv): ${received('hard-limit')}`,
    `      #pkts invalid prot (rcv): ${received('unsupported-next-header')}, #pkts verify failed: ${integrityFailed}`,
    `      #pkts invalid identity (rcv): ${received('selector-mismatch')}, #pkts invalid len (rcv): ${received('bad-length')}`,
    `      #pkts invalid pad (rcv): ${received('bad-padding')},`,
    `      #pkts invalid ip version (rcv): ${received('malformed')},`,
    `      #pkts replay rollover (send): ${sent('sequence-exhausted')}, #pkts replay rollover (rcv): 0`,
    `      #pkts replay failed (rcv): ${replayed}`,
    `      #pkts min mtu frag failed (send): ${packetsTooBig}, #pkts bad frag offset (rcv): 0`,
    `      #pkts internal err (send): ${otherSent}, #pkts internal err (rcv): ${otherReceived}`,
  ];
}

function direction(sa: Sa, { spi, remainingKilobytes, replayBitmap }: Sa['inbound']): string[] {
  const settings = [
    'L2L',
    sa.mode === 'tunnel' ? 'Tunnel' : 'Transport',
    ...(sa.pfsGroup === 0 ? [] : [`PFS Group ${sa.pfsGroup}`]),
    ...(sa.isUdpEncapsulated ? [' NAT-T-Encaps'] : []),
    'IKEv2',
    'VTI',
  ];
  const bitmap = replayBitmap.map((word) => `0x${word.toUpperCase()}`).join(' ');
  return [
    `      spi: 0x${spi.toUpperCase()} (${Number.parseInt(spi, 16)})`,
    `         SA State: ${sa.state}`,
    `         transform: ${sa.transform} no compression `,
    `         in use settings ={${settings.join(', ')}, }`,
    `         slot: 0, conn_id: ${sa.connectionId}, crypto-map: ${sa.cryptoMapTag}`,
    remainingKilobytes === undefined
      ? `         sa timing: remaining key lifetime (sec): ${sa.remainingSeconds}`
      : `         sa timing: remaining key lifetime (kB/sec): (${remainingKilobytes}/${sa.remainingSeconds})`,
    `         IV size: ${sa.ivBytes} bytes`,
    `         replay detection support: ${sa.replayWindowPackets === 0 ? 'N' : 'Y'}`,
    '         Anti replay bitmap: ',
    `          ${bitmap === '' ? '0x00000000 0x00000001' : bitmap}`,
  ];
}
