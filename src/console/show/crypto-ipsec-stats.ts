/** `show crypto ipsec stats` in ASA's layout (show-output A10): figures over all IPsec SAs since the start. */
import type { GatewaySnapshot } from '../../gateway/index.ts';
import { count, counts, object, publish, type Value } from './schema.ts';
import { lines, type Shown } from './shown.ts';

export const cryptoIpsecStatsSchema = publish(
  'show-crypto-ipsec-stats',
  'show crypto ipsec stats',
  object({
    activeTunnels: count('pairs of SAs'),
    previousTunnels: count('pairs of SAs that are gone'),
    inbound: object({
      bytes: count('bytes of inner packets'),
      packets: count('inner packets'),
      replayFailures: count('packets that came twice or too late'),
      authenticationFailures: count('packets whose checksum was wrong'),
      decryptionFailures: count('packets with wrong padding or length'),
      mtuErrors: count('ICMP errors about the path of an SA'),
    }),
    outbound: object({
      bytes: count('bytes of inner packets'),
      packets: count('inner packets'),
      packetsFragmented: count('inner packets cut before sealing'),
      packetsTooBig: count('inner packets that were too long and might not be cut'),
      fragmentsCreated: count('pieces made of inner packets'),
      mtuErrorsSent: count('ICMP errors told to sources of inner packets'),
    }),
    drops: counts('what the forwarding plane dropped, by reason, packets outside of tunnels included'),
    protocolFailures: count('packets with another inner protocol, or against the selectors'),
    missingSaFailures: count('packets for a tunnel without SA, and packets with an unknown SPI'),
    deleteRequestsReceived: count('Delete payloads for child SAs from peers'),
    deleteRequestsSent: count('Delete payloads for child SAs of ours'),
  }),
);
export type CryptoIpsecStats = Value<typeof cryptoIpsecStatsSchema.schema>;

export function showCryptoIpsecStats(snapshot: GatewaySnapshot): Shown<CryptoIpsecStats> {
  const value = cryptoIpsecStats(snapshot);
  return { value, text: textOf(value) };
}

export function cryptoIpsecStats({ ike, plane }: GatewaySnapshot): CryptoIpsecStats {
  const totals = plane.childSaTotals;
  const drops: Readonly<Record<string, number>> = { ...plane.drops };
  const of = (...reasons: readonly string[]): number => reasons.reduce((sum, one) => sum + (drops[one] ?? 0), 0);
  return {
    activeTunnels: plane.childSas.length,
    previousTunnels: (totals?.childSas ?? plane.childSas.length) - plane.childSas.length,
    inbound: {
      bytes: totals?.inboundBytes ?? 0,
      packets: totals?.inboundPackets ?? 0,
      replayFailures: totals?.replayed ?? 0,
      authenticationFailures: totals?.integrityFailed ?? 0,
      decryptionFailures: of('bad-padding', 'bad-length'),
      mtuErrors: totals?.mtuErrorsReceived ?? 0,
    },
    outbound: {
      bytes: totals?.outboundBytes ?? 0,
      packets: totals?.outboundPackets ?? 0,
      packetsFragmented: totals?.packetsFragmented ?? 0,
      packetsTooBig: totals?.packetsTooBig ?? 0,
      fragmentsCreated: totals?.fragmentsCreated ?? 0,
      mtuErrorsSent: totals?.mtuErrorsSent ?? 0,
    },
    drops,
    protocolFailures: of('unsupported-next-header', 'selector-mismatch'),
    missingSaFailures: of('no-sa', 'unknown-spi'),
    deleteRequestsReceived: ike.statistics?.childDeletesReceived ?? 0,
    deleteRequestsSent: ike.statistics?.childDeletesSent ?? 0,
  };
}

function textOf(v: CryptoIpsecStats): string {
  const { inbound: i, outbound: o } = v;
  const dropped = i.replayFailures + i.authenticationFailures + i.decryptionFailures;
  return lines([
    '',
    'IPsec Global Statistics',
    '-----------------------',
    `Active tunnels: ${v.activeTunnels}`,
    `Previous tunnels: ${v.previousTunnels}`,
    'Inbound',
    `    Bytes: ${i.bytes}`,
    `    Decompressed bytes: ${i.bytes}`,
    `    Packets: ${i.packets}`,
    `    Dropped packets: ${dropped}`,
    `    Replay failures: ${i.replayFailures}`,
    `    Authentications: ${i.packets + i.authenticationFailures}`,
    `    Authentication failures: ${i.authenticationFailures}`,
    `    Decryptions: ${i.packets}`,
    `    Decryption failures: ${i.decryptionFailures}`,
    '    TFC Packets: 0',
    '    Decapsulated fragments needing reassembly: 0',
    `    Valid ICMP Errors rcvd: ${i.mtuErrors}`,
    '    Invalid ICMP Errors rcvd: 0',
    'Outbound',
    `    Bytes: ${o.bytes}`,
    `    Uncompressed bytes: ${o.bytes}`,
    `    Packets: ${o.packets}`,
    `    Dropped packets: ${o.packetsTooBig}`,
    `    Authentications: ${o.packets}`,
    '    Authentication failures: 0',
    `    Encryptions: ${o.packets}`,
    '    Encryption failures: 0',
    '    TFC Packets: 0',
    `    Fragmentation successes: ${o.packetsFragmented}`,
    `        Pre-fragmentation successes: ${o.packetsFragmented}`,
    `    Fragmentation failures: ${o.packetsTooBig}`,
    `        Pre-fragmentation failures: ${o.packetsTooBig}`,
    `    Fragments created: ${o.fragmentsCreated}`,
    `    PMTUs sent: ${o.mtuErrorsSent}`,
    `    PMTUs recvd: ${i.mtuErrors}`,
    `Protocol failures: ${v.protocolFailures}`,
    `Missing SA failures: ${v.missingSaFailures}`,
    'System capacity failures: 0',
    `Inbound SA delete requests: ${v.deleteRequestsReceived}`,
    `Outbound SA delete requests: ${v.deleteRequestsSent}`,
    `Inbound SA destroy calls: ${v.previousTunnels}`,
    `Outbound SA destroy calls: ${v.previousTunnels}`,
  ]);
}
