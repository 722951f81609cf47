/** `show crypto ikev2 stats` in ASA's layout (show-output A10): figures over all IKE SAs since the start. */
import type { GatewaySnapshot } from '../../gateway/index.ts';
import type { IkeStatistics } from '../../ike/index.ts';
import { count, counts, object, publish, type Value } from './schema.ts';
import { lines, type Shown } from './shown.ts';

export const cryptoIkev2StatsSchema = publish(
  'show-crypto-ikev2-stats',
  'show crypto ikev2 stats',
  object({
    activeTunnels: count('established sessions'),
    previousTunnels: count('sessions that ended'),
    peakTunnels: count('most sessions at one time'),
    bytesReceived: count('bytes of IKE messages'),
    messagesReceived: count('IKE messages, repetitions included'),
    messagesDropped: count('IKE messages that were not used, whatever the reason'),
    bytesSent: count('bytes of IKE messages'),
    messagesSent: count('IKE messages, repetitions included'),
    messagesResent: count('of these, repetitions of requests'),
    notifiesReceived: count('notifications in encrypted messages'),
    notifiesSent: count('notifications in encrypted messages'),
    childExchangesReceived: count('CREATE_CHILD_SA requests answered'),
    childExchangesSent: count('CREATE_CHILD_SA requests'),
    childDeletesReceived: count('Delete payloads for child SAs'),
    childDeletesSent: count('Delete payloads for child SAs'),
    ikeDeletesReceived: count('Delete payloads for IKE SAs'),
    ikeDeletesSent: count('Delete payloads for IKE SAs'),
    configurationsReceived: count('Configuration payloads'),
    configurationsSent: count('Configuration payloads'),
    initiated: count('sessions that we began'),
    initiatedFailed: count('attempts of ours that came to nothing'),
    responded: count('sessions that the peer began'),
    respondedFailed: count("peers' attempts that we refused"),
    authenticationFailures: count('wrong keys, unknown or refused identities'),
    decryptFailures: count('messages that could not be read once decrypted'),
    integrityFailures: count('messages whose checksum was wrong'),
    unknownSpi: count('messages for no IKE SA of ours'),
    livenessReceived: count("peers' checks whether we live"),
    livenessSent: count('checks of ours'),
    natKeepalivesSent: count('NAT keepalives'),
    ikeRekeysInitiated: count('IKE SAs rekeyed by us'),
    ikeRekeysResponded: count('IKE SAs rekeyed by the peer'),
    childRekeysInitiated: count('child SAs rekeyed by us'),
    childRekeysResponded: count('child SAs rekeyed by the peer'),
    negotiating: count('IKE SAs being negotiated'),
    maxNegotiating: count('half-open IKE SAs at most'),
    cookieThreshold: count('half-open IKE SAs past which cookies are asked for'),
    incomingRequests: count('IKE_SA_INIT requests that came, repetitions left out'),
    incomingRejected: count('of these, refused for too many half-open IKE SAs'),
    outgoingRequests: count('IKE_SA_INIT requests of ours'),
    cookieChallenges: count('cookies asked for'),
    cookiesAccepted: count('good cookies that came'),
    cookiesRefused: count('bad cookies that came'),
    faults: counts('every fault and event that is counted, by name'),
  }),
);
export type CryptoIkev2Stats = Value<typeof cryptoIkev2StatsSchema.schema>;

/** Faults for which a message was not used. */
const DROPPED = [
  'malformed-message',
  'wrong-major-version',
  'integrity-failed',
  'not-encrypted',
  'unexpected-encrypted',
  'unknown-ike-spi',
  'message-id-outside-window',
  'unexpected-response',
  'half-open-limit',
  'cookie-required',
  'unknown-address',
] as const;

export function showCryptoIkev2Stats(snapshot: GatewaySnapshot): Shown<CryptoIkev2Stats> {
  const value = cryptoIkev2Stats(snapshot);
  return { value, text: textOf(value) };
}

export function cryptoIkev2Stats({ ike, model }: GatewaySnapshot): CryptoIkev2Stats {
  const { counters } = ike;
  const of = (...names: readonly string[]): number => names.reduce((sum, name) => sum + (counters[name] ?? 0), 0);
  const s: Partial<IkeStatistics> = ike.statistics ?? {};
  const made = (s.sessionsInitiated ?? 0) + (s.sessionsResponded ?? 0);
  const challenges = s.cookieChallenges ?? 0;
  const rejected = of('half-open-limit');
  return {
    activeTunnels: s.sessions ?? 0,
    previousTunnels: made - (s.sessions ?? 0),
    peakTunnels: s.peakSessions ?? 0,
    bytesReceived: s.bytesReceived ?? 0,
    messagesReceived: of('received'),
    messagesDropped: of(...DROPPED),
    bytesSent: s.bytesSent ?? 0,
    messagesSent: of('sent'),
    messagesResent: of('resent'),
    notifiesReceived: s.notifiesReceived ?? 0,
    notifiesSent: s.notifiesSent ?? 0,
    childExchangesReceived: of('request-create-child-sa-answered'),
    childExchangesSent: of('request-create-child-sa-sent'),
    childDeletesReceived: s.childDeletesReceived ?? 0,
    childDeletesSent: s.childDeletesSent ?? 0,
    ikeDeletesReceived: s.ikeDeletesReceived ?? 0,
    ikeDeletesSent: s.ikeDeletesSent ?? 0,
    configurationsReceived: s.configurationsReceived ?? 0,
    configurationsSent: s.configurationsSent ?? 0,
    initiated: s.sessionsInitiated ?? 0,
    initiatedFailed: s.sessionsInitiatedFailed ?? 0,
    responded: s.sessionsResponded ?? 0,
    respondedFailed: s.sessionsRespondedFailed ?? 0,
    authenticationFailures: of(
      'authentication-failed',
      'unknown-peer',
      'unsupported-authentication',
      'identity-refused',
    ),
    decryptFailures: of('malformed-protected-message'),
    integrityFailures: of('integrity-failed'),
    unknownSpi: of('unknown-ike-spi'),
    livenessReceived: s.livenessReceived ?? 0,
    livenessSent: s.livenessSent ?? 0,
    natKeepalivesSent: s.natKeepalivesSent ?? 0,
    ikeRekeysInitiated: s.ikeRekeysInitiated ?? 0,
    ikeRekeysResponded: s.ikeRekeysResponded ?? 0,
    childRekeysInitiated: s.childRekeysInitiated ?? 0,
    childRekeysResponded: s.childRekeysResponded ?? 0,
    negotiating: ike.sas.filter(({ status }) => status === 'negotiating').length,
    maxNegotiating: model.maxHalfOpen,
    cookieThreshold: Math.floor((model.maxHalfOpen * model.cookieChallengePercent) / 100),
    incomingRequests: of('request-ike-sa-init-answered') + rejected + challenges,
    incomingRejected: rejected,
    outgoingRequests: of('request-ike-sa-init-sent'),
    cookieChallenges: challenges,
    cookiesAccepted: s.cookiesAccepted ?? 0,
    cookiesRefused: s.cookiesRefused ?? 0,
    faults: counters,
  };
}

function textOf(v: CryptoIkev2Stats): string {
  const row = (name: string, figure: number | string): string =>
    `  ${`${name}:`.padEnd(34)}${String(figure).padStart(10)}`;
  return lines([
    'Global IKEv2 Statistics',
    row('Active Tunnels', v.activeTunnels),
    row('Previous Tunnels', v.previousTunnels),
    row('In Octets', v.bytesReceived),
    row('In Packets', v.messagesReceived),
    row('In Drop Packets', v.messagesDropped),
    row('In Notifys', v.notifiesReceived),
    row('In P2 Exchange', v.childExchangesReceived),
    row('In IPSEC Delete', v.childDeletesReceived),
    row('In IKE Delete', v.ikeDeletesReceived),
    row('Out Octets', v.bytesSent),
    row('Out Packets', v.messagesSent),
    row('Out Notifys', v.notifiesSent),
    row('Out P2 Exchange', v.childExchangesSent),
    row('Out IPSEC Delete', v.childDeletesSent),
    row('Out IKE Delete', v.ikeDeletesSent),
    row('SAs Locally Initiated', v.initiated),
    row('SAs Locally Initiated Failed', v.initiatedFailed),
    row('SAs Remotely Initiated', v.responded),
    row('SAs Remotely Initiated Failed', v.respondedFailed),
    row('Authentication Failures', v.authenticationFailures),
    row('Decrypt Failures', v.decryptFailures),
    row('Hash Failures', v.integrityFailures),
    row('Invalid SPI', v.unknownSpi),
    row('In Configs', v.configurationsReceived),
    row('Out Configs', v.configurationsSent),
    row('In DPD Messages', v.livenessReceived),
    row('Out DPD Messages', v.livenessSent),
    row('Out NAT Keepalives', v.natKeepalivesSent),
    row('IKE Rekey Locally Initiated', v.ikeRekeysInitiated),
    row('IKE Rekey Remotely Initiated', v.ikeRekeysResponded),
    row('CHILD Rekey Locally Initiated', v.childRekeysInitiated),
    row('CHILD Rekey Remotely Initiated', v.childRekeysResponded),
    '',
    'IKEV2 Call Admission Statistics',
    row('Max Active SAs', 'No Limit'),
    row('Max In-Negotiation SAs', v.maxNegotiating),
    row('Cookie Challenge Threshold', v.cookieThreshold),
    row('Active SAs', v.activeTunnels),
    row('In-Negotiation SAs', v.negotiating),
    row('Incoming Requests', v.incomingRequests),
    row('Incoming Requests Accepted', v.incomingRequests - v.incomingRejected - v.cookieChallenges),
    row('Incoming Requests Rejected', v.incomingRejected + v.cookieChallenges),
    row('Outgoing Requests', v.outgoingRequests),
    row('Rejected Low Resources', v.incomingRejected),
    row('Cookie Challenges', v.cookieChallenges),
    row('Cookie Challenges Passed', v.cookiesAccepted),
    row('Cookie Challenges Failed', v.cookiesRefused),
  ]);
}
