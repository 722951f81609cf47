/** `show crypto protocol statistics ikev2|ipsec` in ASA's layout (show-output A10). */
import type { GatewaySnapshot } from '../../gateway/index.ts';
import { count, object, oneOf, publish, type Value } from './schema.ts';
import { lines, type Shown } from './shown.ts';

export const cryptoProtocolStatisticsSchema = publish(
  'show-crypto-protocol-statistics',
  'show crypto protocol statistics ikev2|ipsec',
  object({
    protocol: oneOf(['ikev2', 'ipsec'], 'whose figures these are'),
    encryptions: count('messages or packets sealed'),
    decryptions: count('messages or packets opened, failed ones included'),
    sasCreated: count('SAs made'),
    sasRekeyed: count('SAs made in the place of others'),
    sasDeleted: count('SAs that ended'),
    failures: count('messages or packets that could not be opened'),
  }),
);
export type CryptoProtocolStatistics = Value<typeof cryptoProtocolStatisticsSchema.schema>;

const TITLES = { ikev2: 'IKEv2', ipsec: 'IPsec' } as const;

export function showCryptoProtocolStatistics(
  snapshot: GatewaySnapshot,
  protocol: 'ikev2' | 'ipsec',
): Shown<CryptoProtocolStatistics> {
  const value = protocol === 'ikev2' ? ikev2(snapshot) : ipsec(snapshot);
  return { value, text: textOf(value) };
}

function ikev2({ ike }: GatewaySnapshot): CryptoProtocolStatistics {
  const { statistics: s, counters } = ike;
  const failures = counters['integrity-failed'] ?? 0;
  const [sealed, opened] = [s?.sealed ?? 0, s?.opened ?? 0];
  const rekeyed = (s?.ikeRekeysInitiated ?? 0) + (s?.ikeRekeysResponded ?? 0);
  const made = (s?.sessionsInitiated ?? 0) + (s?.sessionsResponded ?? 0);
  return {
    protocol: 'ikev2',
    encryptions: sealed,
    decryptions: opened + failures,
    sasCreated: made + rekeyed,
    sasRekeyed: rekeyed,
    sasDeleted: made + rekeyed - (s?.sessions ?? 0),
    failures,
  };
}

function ipsec({ ike, plane }: GatewaySnapshot): CryptoProtocolStatistics {
  const { statistics: s } = ike;
  const totals = plane.childSaTotals;
  const failures = totals?.integrityFailed ?? 0;
  const [sealed, opened] = [totals?.outboundPackets ?? 0, totals?.inboundPackets ?? 0];
  return {
    protocol: 'ipsec',
    encryptions: sealed,
    decryptions: opened + failures,
    sasCreated: s?.childSasMade ?? 0,
    sasRekeyed: (s?.childRekeysInitiated ?? 0) + (s?.childRekeysResponded ?? 0),
    sasDeleted: s?.childSasDeleted ?? 0,
    failures,
  };
}

function textOf(v: CryptoProtocolStatistics): string {
  return lines([
    `[${TITLES[v.protocol]} statistics]`,
    `   Encrypt packet requests: ${v.encryptions}`,
    `   Encapsulate packet requests: ${v.encryptions}`,
    `   Decrypt packet requests: ${v.decryptions}`,
    `   Decapsulate packet requests: ${v.decryptions}`,
    `   SA creation requests: ${v.sasCreated}`,
    `   SA rekey requests: ${v.sasRekeyed}`,
    `   SA deletion requests: ${v.sasDeleted}`,
    `   Failed requests: ${v.failures}`,
  ]);
}
