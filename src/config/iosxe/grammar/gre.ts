/** Lines of tunnel interfaces that are about GRE: RFC 2784, RFC 2890. */
import type { Draft } from '../../draft.ts';
import type { GreModel, InterfaceModel } from '../../model.ts';
import { choice, number, optional } from '../../parameters.ts';
import type { Place } from '../../place.ts';
import { type IosxeRow, used } from '../row.ts';

const TUNNEL = { within: ['interface Tunnel10'] } as const;
const DEFAULT_KEEPALIVE_SECONDS = 10;
const DEFAULT_KEEPALIVE_RETRIES = 3;
const MINUTE_MS = 60_000;

/** What the lines change; refuses them where there is no tunnel. */
function greOf(target: Draft<InterfaceModel>, place: Place): Draft<GreModel> | undefined {
  const { tunnel } = target;
  if (tunnel === undefined) return place.error('not-a-tunnel', `${target.name} is not a tunnel interface`);
  tunnel.gre ??= {};
  return tunnel.gre;
}

/** Takes back one setting. */
function forget(target: Draft<InterfaceModel>, field: keyof GreModel): void {
  const { tunnel } = target;
  if (tunnel?.gre === undefined) return;
  delete tunnel.gre[field];
  if (Object.keys(tunnel.gre).length === 0) delete tunnel.gre;
}

export const greRows: readonly IosxeRow[] = [
  used('interface', {
    pattern: 'tunnel mode gre / <family>',
    help: 'GRE between two ends (RFC 2784), and the family of the outer packets; what a tunnel is without this line',
    attribute: 'mode',
    params: { family: choice('Outer family', { ip: 'IPv4 outside', ipv6: 'IPv6 outside' }) },
    example: [
      { line: 'tunnel mode gre ipv6', ...TUNNEL },
      { line: 'tunnel mode gre ip', ...TUNNEL, prints: '' },
    ],
    set(target, args, place) {
      if (greOf(target, place) === undefined || target.tunnel === undefined) return;
      delete target.tunnel.mode;
      if (args.family === 'ipv6') target.tunnel.greMode = 6;
      else delete target.tunnel.greMode;
      if (Object.keys(target.tunnel.gre ?? {}).length === 0) delete target.tunnel.gre;
    },
    unset(target) {
      delete target.tunnel?.greMode;
    },
    print: ({ tunnel }) => (tunnel?.greMode === 6 ? [{ values: { family: 'ipv6' as const } }] : []),
  }),
  used('interface', {
    pattern: 'tunnel key / <key>',
    help: 'Number that both ends put on their packets, and take no others (RFC 2890)',
    attribute: 'greKey',
    params: { key: number(0, 4294967295, 'Number') },
    example: { line: 'tunnel key 7', ...TUNNEL },
    set(target, args, place) {
      const gre = greOf(target, place);
      if (gre !== undefined) gre.key = args.key;
    },
    unset: (target) => forget(target, 'key'),
    print: ({ tunnel }) => (tunnel?.gre?.key === undefined ? [] : [{ values: { key: tunnel.gre.key } }]),
  }),
  used('interface', {
    pattern: 'tunnel checksum',
    help: 'Guard what is inside by a checksum',
    attribute: 'greChecksum',
    example: { line: 'tunnel checksum', ...TUNNEL },
    set(target, _args, place) {
      const gre = greOf(target, place);
      if (gre !== undefined) gre.checksum = true;
    },
    unset: (target) => forget(target, 'checksum'),
    print: ({ tunnel }) => (tunnel?.gre?.checksum === true ? [{ values: {} }] : []),
  }),
  used('interface', {
    pattern: 'tunnel sequence-datagrams',
    help: 'Number packets, and drop those that come out of order (RFC 2890)',
    attribute: 'greSequence',
    example: { line: 'tunnel sequence-datagrams', ...TUNNEL },
    set(target, _args, place) {
      const gre = greOf(target, place);
      if (gre !== undefined) gre.sequence = true;
    },
    unset: (target) => forget(target, 'sequence'),
    print: ({ tunnel }) => (tunnel?.gre?.sequence === true ? [{ values: {} }] : []),
  }),
  used('interface', {
    pattern: 'tunnel ttl / <ttl>',
    help: 'TTL of the outer packets; 255 by default',
    attribute: 'greTtl',
    params: { ttl: number(1, 255, 'TTL') },
    example: { line: 'tunnel ttl 64', ...TUNNEL },
    set(target, args, place) {
      const gre = greOf(target, place);
      if (gre !== undefined) gre.ttl = args.ttl;
    },
    unset: (target) => forget(target, 'ttl'),
    print: ({ tunnel }) => (tunnel?.gre?.ttl === undefined ? [] : [{ values: { ttl: tunnel.gre.ttl } }]),
  }),
  used('interface', {
    pattern: 'tunnel tos / <tos>',
    help: 'Type of service of the outer packets; by default that of the packets inside',
    attribute: 'greTos',
    params: { tos: number(0, 255, 'Type of service') },
    example: { line: 'tunnel tos 96', ...TUNNEL },
    set(target, args, place) {
      const gre = greOf(target, place);
      if (gre !== undefined) gre.tos = args.tos;
    },
    unset: (target) => forget(target, 'tos'),
    print: ({ tunnel }) => (tunnel?.gre?.tos === undefined ? [] : [{ values: { tos: tunnel.gre.tos } }]),
  }),
  used('interface', {
    pattern: 'tunnel path-mtu-discovery / [age-timer {<minutes>|<never>}] [min-mtu <least>]',
    help: 'Copy DF to the outer packets, and believe ICMP errors about them',
    attribute: 'grePathMtu',
    params: {
      minutes: optional(number(10, 30, 'Minutes that a report is believed; 10 by default')),
      never: optional(choice('Never forgotten', { infinite: 'Until the tunnel is configured anew' })),
      least: optional(number(92, 65535, 'Smallest that is believed')),
    },
    example: [
      { line: 'tunnel path-mtu-discovery', ...TUNNEL },
      { line: 'tunnel path-mtu-discovery age-timer 20 min-mtu 500', ...TUNNEL },
      { line: 'tunnel path-mtu-discovery age-timer infinite', ...TUNNEL },
    ],
    set(target, { minutes, never, least }, place) {
      const gre = greOf(target, place);
      if (gre === undefined) return;
      gre.pathMtuDiscovery = {
        ...(minutes === undefined ? {} : { maxAgeMs: minutes * MINUTE_MS }),
        ...(never === undefined ? {} : { maxAgeMs: 'never' as const }),
        ...(least === undefined ? {} : { leastMtu: least }),
      };
    },
    unset: (target) => forget(target, 'pathMtuDiscovery'),
    print({ tunnel }) {
      const { pathMtuDiscovery } = tunnel?.gre ?? {};
      if (pathMtuDiscovery === undefined) return [];
      const { maxAgeMs, leastMtu: least } = pathMtuDiscovery;
      const minutes = typeof maxAgeMs === 'number' ? maxAgeMs / MINUTE_MS : undefined;
      return [{ values: { minutes, never: maxAgeMs === 'never' ? ('infinite' as const) : undefined, least } }];
    },
  }),
  used('interface', {
    pattern: 'keepalive / [<seconds> [<retries>]]',
    help: 'Packets that the other end of GRE sends back; the line is down when several in a row do not come',
    attribute: 'greKeepalive',
    params: {
      seconds: optional(number(0, 32767, 'Seconds between two; 10 by default, 0: none')),
      retries: optional(number(1, 255, 'How many may be missing; 3 by default')),
    },
    example: [
      { line: 'keepalive 5 4', ...TUNNEL },
      { line: 'keepalive', ...TUNNEL, prints: 'keepalive 10 3' },
    ],
    set(target, { seconds = DEFAULT_KEEPALIVE_SECONDS, retries = DEFAULT_KEEPALIVE_RETRIES }, place) {
      if (target.tunnel === undefined) return; // of a port, where it is about the cable
      const gre = greOf(target, place);
      if (gre === undefined) return;
      if (seconds === 0) forget(target, 'keepalive');
      else gre.keepalive = { periodMs: seconds * 1000, retries };
    },
    unset: (target) => forget(target, 'keepalive'),
    print({ tunnel }) {
      const { keepalive } = tunnel?.gre ?? {};
      if (keepalive === undefined) return [];
      return [{ values: { seconds: keepalive.periodMs / 1000, retries: keepalive.retries } }];
    },
  }),
];
