/** `show crypto ipsec sa summary`: how many pairs of SAs there are, by encapsulation. */
import type { GatewaySnapshot } from '../../gateway/index.ts';
import { count, object, publish, type Value } from './schema.ts';
import { lines, type Shown } from './shown.ts';

export const cryptoIpsecSaSummarySchema = publish(
  'show-crypto-ipsec-sa-summary',
  'show crypto ipsec sa summary',
  object({
    esp: count('pairs of SAs with plain ESP'),
    udpEncapsulated: count('pairs of SAs with ESP in UDP'),
    total: count('all pairs of SAs'),
    peak: count('most pairs at one time, those being replaced left out'),
    rekeying: count('pairs being replaced or deleted'),
  }),
);
export type CryptoIpsecSaSummary = Value<typeof cryptoIpsecSaSummarySchema.schema>;

export function showCryptoIpsecSaSummary(snapshot: GatewaySnapshot): Shown<CryptoIpsecSaSummary> {
  const { sas, statistics } = snapshot.ike;
  let udpEncapsulated = 0;
  let total = 0;
  let rekeying = 0;
  for (const { path, children } of sas) {
    total += children.length;
    if (path.local.port === 4500) udpEncapsulated += children.length;
    rekeying += children.filter((child) => child.rekeying).length;
  }
  const value = {
    esp: total - udpEncapsulated,
    udpEncapsulated,
    total,
    peak: statistics?.peakChildSas ?? total,
    rekeying,
  };
  return { value, text: textOf(value) };
}

function textOf({ esp, udpEncapsulated, total, peak }: CryptoIpsecSaSummary): string {
  const row = (name: string, figure: number, peakName?: string, peakFigure = 0): string => {
    const left = `${name.padEnd(17)}: ${String(figure).padStart(5)}`;
    return peakName === undefined ? left : `${left}         ${peakName.padEnd(20)}: ${String(peakFigure).padStart(5)}`;
  };
  return lines([
    "Current IPSec SA's:              Peak IPSec SA's:",
    row('IPSec', esp, 'Peak Concurrent SA', peak),
    row('IPSec over UDP', 0, 'Peak Concurrent L2L', peak),
    row('IPSec over NAT-T', udpEncapsulated, 'Peak Concurrent RA', 0),
    row('IPSec over TCP', 0),
    row('IPSec VPN LB', 0),
    row('Total', total),
  ]);
}
