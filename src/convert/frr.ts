/** BGP of one end as FRR reads it. */
import { fromUtf8, Prefix } from '../base/index.ts';
import type { Link, Routing, Session } from './link.ts';
import { HIDDEN, oneLine, type Secrets } from './linux-text.ts';

export function frrConf(link: Link, routing: Routing, secrets: Secrets): string {
  const { timers, sessions, asn } = routing;
  const { own } = link;
  const families = ([4, 6] as const).flatMap((family) => [
    ` address-family ipv${family} unicast`,
    ...sessions.map((one) => `  ${one.families.includes(family) ? '' : 'no '}neighbor ${one.peer} activate`),
    ...(own.lans ?? [])
      .filter(({ address }) => address.family === family)
      .map(({ address, length }) => `  network ${new Prefix(address, length)}`),
    ' exit-address-family',
  ]);
  const lines = [
    'frr defaults traditional',
    `hostname ${oneLine(own.name).replaceAll(/\s/g, '-')}`,
    `router bgp ${asn}`,
    // Without it FRR neither takes nor tells anything over eBGP until there are route-maps (RFC 8212).
    ' no bgp ebgp-requires-policy',
    ` timers bgp ${timers.keepaliveMs / 1000} ${timers.holdMs / 1000}`,
    ...sessions.flatMap((session) => sessionLines(link, routing, session, secrets)),
    ...families,
  ];
  return `${lines.join('\n')}\n`;
}

function sessionLines({ own, peer }: Link, routing: Routing, session: Session, secrets: Secrets): readonly string[] {
  const { password, timers, ebgpMultihop, ttlSecurityHops } = session;
  const say = (words: string): string => ` neighbor ${session.peer} ${words}`;
  const isTunnels = own.inner.some(({ address, length }) => length < address.bits && address.equals(session.own));
  const word = password === undefined || secrets === 'mask' ? HIDDEN : fromUtf8(password.reveal());
  return [
    say(`remote-as ${routing.peerAsn}`),
    say(`description ${oneLine(peer.name)}`),
    ...(password === undefined ? [] : [say(`password ${oneLine(word)}`)]),
    ...(timers === undefined ? [] : [say(`timers ${timers.keepaliveMs / 1000} ${timers.holdMs / 1000}`)]),
    ...(ebgpMultihop === undefined ? [] : [say(`ebgp-multihop ${ebgpMultihop}`)]),
    ...(ttlSecurityHops === undefined ? [] : [say(`ttl-security hops ${ttlSecurityHops}`)]),
    ...(session.disableConnectedCheck ? [say('disable-connected-check')] : []),
    ...(isTunnels ? [] : [say(`update-source ${session.own}`)]),
  ];
}
