/** `show crypto ikev2 stats` in IOS-XE's layout (show-output B6). */
import type { GatewaySnapshot } from '../../../gateway/index.ts';
import { type CryptoIkev2Stats, cryptoIkev2Stats } from '../crypto-ikev2-stats.ts';
import { lines, type Shown } from '../shown.ts';

const RULE = '-'.repeat(80);

export function showIosIkev2Stats(snapshot: GatewaySnapshot): Shown<CryptoIkev2Stats> {
  const value = cryptoIkev2Stats(snapshot);
  const own = snapshot.ike.sas.filter(({ role }) => role === 'initiator');
  const others = snapshot.ike.sas.filter(({ role }) => role === 'responder');
  const standing = (sas: typeof own, isNegotiating: boolean): number =>
    sas.filter(({ status }) => (status === 'negotiating') === isNegotiating).length;
  const v = value;
  const title = 'Crypto IKEv2 SA Statistics';
  const requests = (what: string, all: number, refused: number): string =>
    `${what} IKEv2 Requests: ${pad(all)}accepted:      ${pad(all - refused)}rejected:    ${refused}`;
  const count = (what: string, sas: typeof own): string =>
    `Total ${what} IKEv2 SA Count:    ${pad(sas.length)}active:        ${pad(standing(sas, false))}negotiating: ${standing(sas, true)}`;
  return {
    value,
    text: lines([
      RULE,
      `${' '.repeat(Math.floor((80 - title.length) / 2))}${title}`,
      RULE,
      `System Resource Limit:   0        Max IKEv2 SAs: ${pad(v.maxSessions ?? 0)}Max in nego(in/out): ${v.maxNegotiating}/400`,
      count('incoming', others),
      count('outgoing', own),
      requests('Incoming', v.incomingRequests, v.incomingRejected + v.cookieChallenges),
      requests('Outgoing', v.outgoingRequests, 0),
      `Rejected IKEv2 Requests: ${pad(v.incomingRejected)}rsrc low:      ${pad(0)}SA limit:    ${v.incomingRejected}`,
      `IKEv2 packets dropped at dispatch: ${v.messagesDropped}`,
      'Incoming Requests dropped as LOW Q limit reached : 0',
      `Incoming IKEV2 Cookie Challenged Requests: ${v.cookieChallenges}`,
      `    accepted: ${pad(v.cookiesAccepted)}rejected: ${pad(v.cookiesRefused)}rejected no cookie: ${Math.max(0, v.cookieChallenges - v.cookiesAccepted - v.cookiesRefused)}`,
    ]),
  };
}

function pad(figure: number): string {
  return String(figure).padEnd(9);
}
