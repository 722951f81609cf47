/** `show vpn-sessiondb [summary]` in ASA's layout (show-output A5). */
import type { GatewaySnapshot } from '../../gateway/index.ts';
import { count, object, publish, type Value } from './schema.ts';
import { lines, type Shown } from './shown.ts';

const rowSchema = object({
  active: count('now'),
  cumulative: count('since the start'),
  peak: count('most at one time'),
});

export const vpnSessiondbSummarySchema = publish(
  'show-vpn-sessiondb-summary',
  'show vpn-sessiondb [summary]',
  object({
    siteToSite: rowSchema,
    tunnels: object({
      ikev2: object({ active: count('IKE SAs'), cumulative: count('IKE SAs since the start') }),
      ipsec: object({ active: count('pairs with plain ESP') }),
      ipsecOverNatT: object({ active: count('pairs with ESP in UDP') }),
      allIpsec: rowSchema,
    }),
  }),
);
export type VpnSessiondbSummary = Value<typeof vpnSessiondbSummarySchema.schema>;
type Row = VpnSessiondbSummary['siteToSite'];

export function showVpnSessiondbSummary(snapshot: GatewaySnapshot): Shown<VpnSessiondbSummary> {
  const value = vpnSessiondbSummary(snapshot);
  return { value, text: textOf(value) };
}

export function vpnSessiondbSummary({ ike }: GatewaySnapshot): VpnSessiondbSummary {
  const standing = ike.sas.filter(({ status }) => status === 'established');
  const s = ike.statistics;
  const overNat = standing.filter(({ path }) => path.local.port === 4500);
  const children = (of: typeof standing): number => of.reduce((sum, sa) => sum + sa.children.length, 0);
  const made = (s?.sessionsInitiated ?? 0) + (s?.sessionsResponded ?? 0);
  const active = children(standing);
  return {
    siteToSite: { active: standing.length, cumulative: made, peak: s?.peakSessions ?? standing.length },
    tunnels: {
      ikev2: {
        active: standing.length,
        cumulative: made + (s?.ikeRekeysInitiated ?? 0) + (s?.ikeRekeysResponded ?? 0),
      },
      ipsec: { active: active - children(overNat) },
      ipsecOverNatT: { active: children(overNat) },
      allIpsec: { active, cumulative: s?.childSasMade ?? active, peak: s?.peakChildSas ?? active },
    },
  };
}

const RULE = '-'.repeat(75);
const HEADING = `${' '.repeat(31)}Active : Cumulative : Peak Concur : Inactive`;

function textOf({ siteToSite, tunnels }: VpnSessiondbSummary): string {
  const wide = (name: string, { active, cumulative, peak }: Row): string =>
    `${name.padEnd(29)}: ${String(active).padStart(6)} : ${String(cumulative).padStart(10)} : ${String(peak).padStart(11)}`;
  const ipsec = (name: string, active: number): string => `${name.padEnd(29)}: ${String(active).padStart(6)}`;
  return lines([
    RULE,
    'VPN Session Summary',
    RULE,
    HEADING,
    `${' '.repeat(29)}${'-'.repeat(46)}`,
    wide('Site-to-Site VPN', siteToSite),
    wide('  IKEv2 IPsec', siteToSite),
    RULE,
    `${`Total Active and Inactive    : ${String(siteToSite.active).padStart(6)}`.padEnd(49)}Total Cumulative : ${String(siteToSite.cumulative).padStart(6)}`,
    RULE,
    '',
    RULE,
    'Tunnels Summary',
    RULE,
    `${' '.repeat(31)}Active : Cumulative : Peak Concurrent`,
    `${' '.repeat(29)}${'-'.repeat(46)}`,
    wide('IKEv2', { ...tunnels.ikev2, peak: siteToSite.peak }),
    ipsec('  IPsec', tunnels.ipsec.active),
    ipsec('  IPsecOverNatT', tunnels.ipsecOverNatT.active),
    wide('All IPsec', tunnels.allIpsec),
    RULE,
    `${'Totals'.padEnd(29)}: ${String(tunnels.ikev2.active + tunnels.allIpsec.active).padStart(6)} : ${String(tunnels.ikev2.cumulative + tunnels.allIpsec.cumulative).padStart(10)}`,
    RULE,
  ]);
}
