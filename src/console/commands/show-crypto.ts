/** `show crypto …`, `show vpn-sessiondb …`. */
import {
  cryptoCaCertificatesSchema,
  cryptoCaTrustpointsSchema,
  showCryptoCaCertificates,
  showCryptoCaTrustpoints,
} from '../show/crypto-ca.ts';
import { cryptoIkev2SaSchema, showCryptoIkev2Sa } from '../show/crypto-ikev2-sa.ts';
import { cryptoIkev2StatsSchema, showCryptoIkev2Stats } from '../show/crypto-ikev2-stats.ts';
import { cryptoIpsecSaSchema, showCryptoIpsecSa } from '../show/crypto-ipsec-sa.ts';
import { cryptoIpsecSaSummarySchema, showCryptoIpsecSaSummary } from '../show/crypto-ipsec-sa-summary.ts';
import { cryptoIpsecStatsSchema, showCryptoIpsecStats } from '../show/crypto-ipsec-stats.ts';
import { showCryptoIsakmpSa } from '../show/crypto-isakmp-sa.ts';
import { cryptoProtocolStatisticsSchema, showCryptoProtocolStatistics } from '../show/crypto-protocol-statistics.ts';
import { showVpnSessiondbL2l, vpnSessiondbL2lSchema } from '../show/vpn-sessiondb.ts';
import { showVpnSessiondbSummary, vpnSessiondbSummarySchema } from '../show/vpn-sessiondb-summary.ts';
import { withAddress } from './arguments.ts';
import { type Row, shown } from './row.ts';

const ikeSas: readonly Row[] = (
  [
    ['show crypto ikev2 sa', false, showCryptoIkev2Sa, 'IKE SAs and their child SAs'],
    ['show crypto ikev2 sa detail', true, showCryptoIkev2Sa, 'with identities, message ids and liveness'],
    ['show crypto isakmp sa', false, showCryptoIsakmpSa, 'IKE SAs of both versions'],
    ['show crypto isakmp sa detail', true, showCryptoIsakmpSa, 'the same in detail'],
  ] as const
).map(([pattern, detail, show, help]) => ({
  pattern,
  help,
  schema: cryptoIkev2SaSchema,
  run: (device) => shown(show(device.snapshot(), detail)),
}));

const ipsecSas: readonly Row[] = [false, true].flatMap((detail): Row[] => {
  const end = detail ? ' detail' : '';
  const schema = cryptoIpsecSaSchema;
  return [
    {
      pattern: `show crypto ipsec sa${end}`,
      help: detail ? 'with every counter' : 'IPsec SAs with their counters',
      schema,
      run: (device) => shown(showCryptoIpsecSa(device.snapshot(), undefined, detail)),
    },
    {
      pattern: `show crypto ipsec sa peer <address>${end}`,
      help: detail ? 'those with one peer, with every counter' : 'those with one peer',
      schema,
      run: (device, { arguments: given }) =>
        withAddress(given['address'], (peer) => shown(showCryptoIpsecSa(device.snapshot(), peer, detail))),
    },
  ];
});

export const showCrypto: readonly Row[] = [
  {
    pattern: 'show crypto ca certificates',
    help: 'our certificates and those of the authorities we trust',
    schema: cryptoCaCertificatesSchema,
    run: (device) => shown(showCryptoCaCertificates(device.snapshot())),
  },
  {
    pattern: 'show crypto ca trustpoints',
    help: 'trustpoints with what they have and lack',
    schema: cryptoCaTrustpointsSchema,
    run: (device) => shown(showCryptoCaTrustpoints(device.snapshot())),
  },
  ...ikeSas,
  {
    pattern: 'show crypto ikev2 stats',
    help: 'figures over all IKE SAs since the start',
    schema: cryptoIkev2StatsSchema,
    run: (device) => shown(showCryptoIkev2Stats(device.snapshot())),
  },
  ...ipsecSas,
  {
    pattern: 'show crypto ipsec sa summary',
    help: 'how many there are',
    schema: cryptoIpsecSaSummarySchema,
    run: (device) => shown(showCryptoIpsecSaSummary(device.snapshot())),
  },
  {
    pattern: 'show crypto ipsec stats',
    help: 'figures over all IPsec SAs since the start',
    schema: cryptoIpsecStatsSchema,
    run: (device) => shown(showCryptoIpsecStats(device.snapshot())),
  },
  ...(['ikev2', 'ipsec'] as const).map(
    (protocol): Row => ({
      pattern: `show crypto protocol statistics ${protocol}`,
      help: `cryptography done for ${protocol === 'ikev2' ? 'IKEv2' : 'IPsec'}`,
      schema: cryptoProtocolStatisticsSchema,
      run: (device) => shown(showCryptoProtocolStatistics(device.snapshot(), protocol)),
    }),
  ),
  ...[false, true].map(
    (detail): Row => ({
      pattern: `show vpn-sessiondb ${detail ? 'detail l2l' : 'l2l'}`,
      help: detail ? 'sessions between sites, in detail' : 'sessions between sites',
      schema: vpnSessiondbL2lSchema,
      run: (device) => shown(showVpnSessiondbL2l(device.snapshot(), device.epochMs ?? 0, detail)),
    }),
  ),
  ...['', ' summary'].map(
    (end): Row => ({
      pattern: `show vpn-sessiondb${end}`,
      help: 'how many sessions there are and were',
      schema: vpnSessiondbSummarySchema,
      run: (device) => shown(showVpnSessiondbSummary(device.snapshot())),
    }),
  ),
];
