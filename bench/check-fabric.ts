/**
 * Fabrics to check: clean ones of any size in both dialects, and faults to put into them, each a change of one line with
 * the line that must be named.
 */

import type { Source } from '../src/check/index.ts';
import { generateHubSpoke } from '../src/lab/index.ts';

/** `line` 0: the line is gone, so that any line of the file may be named. */
export type Injected = Readonly<{ kind: string; file: string; line: number }>;

/** Lines of a device that has more to do than tunnels: an access list that its outer interface obeys. */
const FILLING = 210;

/** Pairs of IOS-XE routers and a hub with ASA spokes; about 300 lines a device. */
export function cleanFabric(devices: number, filling = FILLING): readonly Source[] {
  const routers = Math.floor(devices / 4) * 2;
  const { files } = generateHubSpoke({ hubs: 2, spokes: devices - routers - 2, hosts: 2 });
  const asas = [...files]
    .filter(([name]) => name.endsWith('.cfg'))
    .map(([file, text]) => ({ file, text: filled(text, filling) }));
  const pairs = Array.from({ length: routers / 2 }, (_, i) => [router(i, 0, filling), router(i, 1, filling)]).flat();
  return [...asas, ...pairs];
}

function filled(text: string, filling: number): string {
  const entries = Array.from(
    { length: filling },
    (_, i) => `access-list OUTSIDE_IN extended permit tcp any host 198.51.${100 + (i >> 8)}.${i & 255} eq 443`,
  );
  return `${text}\n${entries.join('\n')}\naccess-group OUTSIDE_IN in interface outside\n`;
}

/** One of two routers with a static VTI between them and BGP over it. */
function router(pair: number, side: 0 | 1, filling: number): Source {
  const outer = (which: number): string => `100.${64 + (pair >> 8)}.${pair & 255}.${1 + which}`;
  const inner = (which: number): string => `10.${128 + (pair >> 8)}.${pair & 255}.${1 + which}`;
  const [own, peer] = [side, 1 - side];
  const name = `rtr${pair}${side === 0 ? 'a' : 'b'}`;
  const lan = `172.${20 + side}.${pair & 255}`;
  const entries = Array.from(
    { length: filling },
    (_, i) => ` permit tcp any host 198.51.${100 + (i >> 8)}.${i & 255} eq 443`,
  );
  const text = `hostname ${name}
!
crypto ikev2 proposal PROP
 encryption aes-gcm-256
 prf sha384
 group 20
!
crypto ikev2 policy POL
 proposal PROP
!
crypto ikev2 keyring RING
 peer FAR
  address ${outer(peer)}
  pre-shared-key local Long-and-random-${pair}-${own === 0 ? 'east' : 'west'}
  pre-shared-key remote Long-and-random-${pair}-${own === 0 ? 'west' : 'east'}
!
crypto ikev2 profile PROF
 match identity remote address ${outer(peer)} 255.255.255.255
 identity local address ${outer(own)}
 authentication local pre-share
 authentication remote pre-share
 keyring local RING
 dpd 10 3 periodic
!
crypto ipsec transform-set TS esp-gcm 256
 mode tunnel
!
crypto ipsec profile IPSEC
 set transform-set TS
 set pfs group20
 set ikev2-profile PROF
!
interface Loopback0
 ip address ${lan}.1 255.255.255.0
!
interface Tunnel0
 ip address ${inner(own)} 255.255.255.252
 ip mtu 1400
 tunnel source GigabitEthernet1
 tunnel mode ipsec ipv4
 tunnel destination ${outer(peer)}
 tunnel protection ipsec profile IPSEC
!
interface GigabitEthernet1
 ip address ${outer(own)} 255.255.255.248
 no shutdown
!
router bgp ${64_512 + side}
 bgp router-id ${outer(own)}
 neighbor ${inner(peer)} remote-as ${64_512 + peer}
 neighbor ${inner(peer)} timers 10 30
 !
 address-family ipv4
  network ${lan}.0 mask 255.255.255.0
  neighbor ${inner(peer)} activate
 exit-address-family
!
ip access-list extended OUTSIDE_IN
${entries.join('\n')}
!
end
`;
  return { file: `${name}.cfg`, text };
}

/** Kinds of faults: what a line is, and what stands there instead; `then` tells which line must be named. */
type Kind = Readonly<{ kind: string; of: 'asa' | 'iosxe' | 'spoke'; line: RegExp; to: string }>;

const ALTERNATIVES: readonly (readonly [of: Kind['of'], line: string, words: string, others: readonly string[]])[] = [
  ['spoke', '^ encryption aes-256$', ' encryption ', ['aes-192', 'aes', '3des', 'aes-gcm-256']],
  ['spoke', '^ integrity sha384$', ' integrity ', ['sha', 'sha256', 'sha512', 'md5', 'null']],
  ['spoke', '^ prf sha384$', ' prf ', ['sha', 'sha256', 'sha512', 'md5']],
  ['spoke', '^ group 19$', ' group ', ['2', '5', '14', '15', '16', '20', '21', '24']],
  [
    'spoke',
    '^ protocol esp encryption aes$',
    ' protocol esp encryption ',
    ['aes-192', 'aes-256', '3des', 'aes-gcm', 'aes-gcm-256'],
  ],
  [
    'spoke',
    '^ protocol esp integrity sha-1$',
    ' protocol esp integrity ',
    ['sha-256', 'sha-384', 'sha-512', 'md5', 'null'],
  ],
  ['spoke', '^ tunnel source interface outside$', ' tunnel source interface ', ['inside', 'nowhere', 'outsid']],
  ['spoke', '^ tunnel mode ipsec ipv4$', ' ', ['tunnel mode ipsec ipv6', 'description no mode']],
  [
    'spoke',
    '^ tunnel protection ipsec profile VTI$',
    ' ',
    ['tunnel protection ipsec profile OTHER', 'description bare', 'no tunnel protection'],
  ],
  [
    'spoke',
    '^ set ikev2 ipsec-proposal IPSEC_PROP$',
    ' set ikev2 ipsec-proposal ',
    ['OTHER', 'IPSEC_PRO', 'ipsec_prop'],
  ],
  ['spoke', '^crypto ikev2 enable outside$', '', ['crypto ikev2 enable inside', '!', 'crypto ikev2 enable outsid']],
  [
    'spoke',
    '^ ikev2 local-authentication pre-shared-key cisco$',
    ' ikev2 local-authentication pre-shared-key ',
    ['other', 'Cisco', 'cisco1'],
  ],
  [
    'spoke',
    '^ ikev2 remote-authentication pre-shared-key cisco$',
    ' ikev2 remote-authentication pre-shared-key ',
    ['other', 'Cisco', 'cisco1'],
  ],
  ['iosxe', '^ encryption aes-gcm-256$', ' encryption ', ['aes-gcm-128']],
  ['iosxe', '^ prf sha384$', ' prf ', ['sha1', 'sha256', 'sha512', 'md5']],
  ['iosxe', '^ group 20$', ' group ', ['2', '5', '14', '15', '16', '19', '21', '24']],
  [
    'iosxe',
    '^crypto ipsec transform-set TS esp-gcm 256$',
    'crypto ipsec transform-set TS ',
    ['esp-gcm', 'esp-gcm 192', 'esp-aes esp-sha-hmac', 'esp-aes 256 esp-sha256-hmac', 'esp-3des esp-md5-hmac'],
  ],
  ['iosxe', '^ set transform-set TS$', ' set transform-set ', ['OTHER', 'T', 'ts']],
  ['iosxe', '^ set pfs group20$', ' set pfs ', ['group14', 'group19', 'group21', 'group2']],
  ['iosxe', '^ set ikev2-profile PROF$', ' set ikev2-profile ', ['OTHER', 'PRO', 'prof']],
  ['iosxe', '^ keyring local RING$', ' keyring local ', ['OTHER', 'RIN', 'ring']],
  ['iosxe', '^ proposal PROP$', ' proposal ', ['OTHER', 'PRO', 'prop']],
  [
    'iosxe',
    '^ tunnel protection ipsec profile IPSEC$',
    ' ',
    ['tunnel protection ipsec profile OTHER', 'description bare', 'no tunnel protection ipsec profile IPSEC'],
  ],
  ['iosxe', '^ tunnel mode ipsec ipv4$', ' ', ['tunnel mode gre ip', 'description no mode']],
  ['iosxe', '^ ip mtu 1400$', ' ip mtu ', ['1380', '1300', '1436', '576']],
  ['iosxe', '^ tunnel source GigabitEthernet1$', ' tunnel source ', ['GigabitEthernet9', 'Loopback9', 'Loopback0']],
  [
    'iosxe',
    '^  pre-shared-key local .*$',
    '  pre-shared-key local ',
    ['another-key-of-this-peer', 'x', 'Long-and-random'],
  ],
  [
    'iosxe',
    '^  pre-shared-key remote .*$',
    '  pre-shared-key remote ',
    ['another-key-of-this-peer', 'x', 'Long-and-random'],
  ],
  [
    'iosxe',
    '^ match identity remote address .*$',
    ' match identity remote ',
    ['address 192.0.2.1 255.255.255.255', 'fqdn nobody.example', 'key-id nobody'],
  ],
  [
    'iosxe',
    '^ identity local address .*$',
    ' identity local ',
    ['fqdn me.example', 'key-id me', 'email me@example.com'],
  ],
  ['iosxe', '^ tunnel destination .*$', ' tunnel destination ', ['192.0.2.200', '192.0.2.201']],
  ['iosxe', '^router bgp .*$', 'router bgp ', ['64999', '65535', '23456']],
];

/** Words that are damaged the same way wherever they stand: a letter is lost, as in typing or pasting. */
const DAMAGED: readonly (readonly [of: Kind['of'], line: string])[] = [
  ['spoke', '^ nameif VTI$'],
  ['spoke', '^ tunnel destination .*$'],
  ['spoke', '^ tunnel source interface outside$'],
  ['spoke', '^ tunnel mode ipsec ipv4$'],
  ['spoke', '^ tunnel protection ipsec profile VTI$'],
  ['spoke', '^ encryption aes-256$'],
  ['spoke', '^ integrity sha384$'],
  ['spoke', '^ prf sha384$'],
  ['spoke', '^ group 19$'],
  ['spoke', '^ protocol esp encryption aes$'],
  ['spoke', '^ set ikev2 ipsec-proposal IPSEC_PROP$'],
  ['spoke', '^ ikev2 route set interface$'],
  ['spoke', '^ bgp router-id .*$'],
  ['spoke', '^ timers bgp 10 30 0$'],
  ['spoke', '^ ip address .*$'],
  ['spoke', '^crypto ikev2 enable outside$'],
  ['spoke', '^ security-level 0$'],
  ['spoke', '^crypto ipsec profile VTI$'],
  ['spoke', '^crypto ikev2 policy 10$'],
  ['iosxe', '^ encryption aes-gcm-256$'],
  ['iosxe', '^ prf sha384$'],
  ['iosxe', '^ group 20$'],
  ['iosxe', '^ proposal PROP$'],
  ['iosxe', '^  address .*$'],
  ['iosxe', '^ match identity remote address .*$'],
  ['iosxe', '^ authentication local pre-share$'],
  ['iosxe', '^ authentication remote pre-share$'],
  ['iosxe', '^ keyring local RING$'],
  ['iosxe', '^ dpd 10 3 periodic$'],
  ['iosxe', '^ set transform-set TS$'],
  ['iosxe', '^ set pfs group20$'],
  ['iosxe', '^ tunnel source GigabitEthernet1$'],
  ['iosxe', '^ tunnel mode ipsec ipv4$'],
  ['iosxe', '^ tunnel destination .*$'],
  ['iosxe', '^ ip mtu 1400$'],
  ['iosxe', '^ bgp router-id .*$'],
  ['iosxe', '^ neighbor \\S+ remote-as .*$'],
  ['iosxe', '^ address-family ipv4$'],
];

const escaped = (text: string): string => text.replaceAll('$', '$$$$');

/** How a line is damaged. */
const DAMAGES: Readonly<Record<string, (line: string) => string>> = {
  'letter-doubled': (line) => line.replace(/^(\s*\S*?)([a-z])(\S)/, '$1$2q$3'),
  'second-word-lost': (line) => line.replace(/^(\s*\S+) \S+/, '$1'),
};

export const KINDS: readonly Kind[] = [
  ...ALTERNATIVES.flatMap(([of, line, words, others]) =>
    others.map((other) => ({
      kind: `${of} ${line} to ${words}${other}`,
      of,
      line: new RegExp(line),
      to: escaped(`${words}${other}`),
    })),
  ),
  ...DAMAGED.flatMap(([of, line]) =>
    Object.keys(DAMAGES).map((how) => ({ kind: `${of} ${line}: ${how}`, of, line: new RegExp(line), to: `:${how}` })),
  ),
];

/** A fabric with one fault a device, of each kind one or more; devices that take none stay as they are. */
export function inject(
  sources: readonly Source[],
): Readonly<{ sources: readonly Source[]; injected: readonly Injected[] }> {
  const injected: Injected[] = [];
  const next = { spoke: 0, iosxe: 0 };
  const kinds = { spoke: KINDS.filter(({ of }) => of === 'spoke'), iosxe: KINDS.filter(({ of }) => of === 'iosxe') };
  const broken = sources.map((source): Source => {
    // One end of a pair is broken, the other is as it should be.
    const of = /spoke\d+\.cfg$/.test(source.file) ? 'spoke' : /rtr\d+a\.cfg$/.test(source.file) ? 'iosxe' : undefined;
    const kind = of === undefined ? undefined : kinds[of][next[of]++ % kinds[of].length];
    if (kind === undefined) return source;
    const lines = source.text.split('\n');
    const at = lines.findIndex((line) => kind.line.test(line));
    const old = lines[at];
    if (old === undefined) return source;
    const damage = DAMAGES[kind.to.slice(1)];
    lines[at] = damage === undefined ? kind.to : damage(old);
    const isGone = /^!|^ (no |description )/.test(lines[at] ?? '') || /enable inside$/.test(lines[at] ?? '');
    injected.push({ kind: kind.kind, file: source.file, line: isGone ? 0 : at + 1 });
    return { ...source, text: lines.join('\n') };
  });
  return { sources: broken, injected };
}
