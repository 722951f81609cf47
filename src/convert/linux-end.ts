/**
 * One end of a link as a Linux machine: strongSwan for IKE and ESP, FRR for BGP, and a script for the tunnel's device,
 * addresses and routes. ESP is the kernel's, by an XFRM interface, or strongSwan's own (kernel-libipsec, a TUN device)
 * where the kernel has none.
 */
import { fromUtf8, type SecretKey, toHex } from '../base/index.ts';
import { cipherName } from '../config/index.ts';
import type { Report } from './fault.ts';
import { frrConf } from './frr.ts';
import type { Cipher, EspOffer, Identity, IkeOffer, Link } from './link.ts';
import { HIDDEN, oneLine, type Secrets } from './linux-text.ts';
import { loopbackAddresses, routesOf } from './underlay.ts';

export type LinuxEsp = 'kernel' | 'user';
export type LinuxFile = Readonly<{ name: string; text: string }>;

/** The TUN device that kernel-libipsec makes. */
const USER_DEVICE = 'ipsec0';
/** Renewal begins at this share of a life, as the other end does it by itself. */
const RENEW_AT = 0.9;

export function linuxEnd(
  link: Link,
  esp: LinuxEsp,
  secrets: Secrets,
  report: Report,
): readonly LinuxFile[] | undefined {
  if (link.gre !== undefined) {
    const suggestion = 'let both ends say `tunnel mode ipsec ipv4`';
    return report.fail('not-expressible', 'GRE inside IPsec is not made for a Linux peer', { suggestion });
  }
  const id = ifId(link);
  const device = esp === 'kernel' ? `ipsec-${id}` : USER_DEVICE;
  const { routing } = link;
  return [
    { name: 'swanctl.conf', text: swanctlConf(link, esp, secrets) },
    { name: 'charon.conf', text: charonConf(esp) },
    ...(routing === undefined ? [] : [{ name: 'frr.conf', text: frrConf(link, routing, secrets) }]),
    { name: 'up.sh', text: upScript(link, esp, device) },
  ];
}

/** Of the XFRM interface; 0 is none. */
function ifId({ tunnel }: Link): number {
  return Number(tunnel.replace(/^\D+/, '')) + 1;
}

function swanctlConf(link: Link, esp: LinuxEsp, secrets: Secrets): string {
  const { own, peer, dpd, ikeLifetimeMs } = link;
  const name = label(peer.name);
  const life = link.childLifetimeMs / 1000;
  const groups = link.pfsGroup === undefined ? [] : [link.pfsGroup];
  const bytes = link.childLifetimeBytes;
  const id = ifId(link);
  const lines = (depth: number, all: readonly string[]): string =>
    all.map((one) => `${'  '.repeat(depth)}${one}\n`).join('');
  return `# ${oneLine(own.name)}: IKE and ESP with ${oneLine(peer.name)}
connections {
  ${name} {
${lines(2, [
  'version = 2',
  `local_addrs = ${own.outer}`,
  `remote_addrs = ${peer.seen}`,
  `proposals = ${link.ike.map(ikeWords).join(', ')}`,
  'mobike = no',
  ...(esp === 'user' ? ['# ESP of user space is always in UDP', 'encap = yes'] : []),
  ...(dpd === undefined ? [] : [`dpd_delay = ${dpd.idleMs / 1000}s`]),
  ...(ikeLifetimeMs === undefined ? [] : [`rekey_time = ${Math.floor((ikeLifetimeMs / 1000) * RENEW_AT)}s`]),
  'keyingtries = 0',
])}    local {
${lines(3, ['auth = psk', `id = ${identityWord(own.identity)}`])}    }
    remote {
${lines(3, ['auth = psk', `id = ${identityWord(peer.identity)}`])}    }
    children {
      ${name} {
${lines(4, [
  '# what goes in is decided by routes, not here',
  'local_ts = 0.0.0.0/0, ::/0',
  'remote_ts = 0.0.0.0/0, ::/0',
  `esp_proposals = ${link.esp.map((one) => espWords(one, groups)).join(', ')}`,
  `mode = ${link.transport ? 'transport' : 'tunnel'}`,
  ...(esp === 'kernel' ? [`if_id_in = ${id}`, `if_id_out = ${id}`] : []),
  `life_time = ${life}s`,
  `rekey_time = ${Math.floor(life * RENEW_AT)}s`,
  ...(bytes === 'unlimited' ? [] : [`life_bytes = ${bytes}`, `rekey_bytes = ${Math.floor(bytes * RENEW_AT)}`]),
  `replay_window = ${link.replayWindow}`,
  'start_action = start',
  'dpd_action = restart',
  'close_action = start',
])}      }
    }
  }
}
secrets {
  # the key that fits both identities is shown, the one that fits the peer's is expected
  ike-own {
${lines(2, [`id-local = ${identityWord(own.identity)}`, `id-remote = ${identityWord(peer.identity)}`, `secret = ${secretWord(own.key, secrets)}`])}  }
  ike-peer {
${lines(2, [`id = ${identityWord(peer.identity)}`, `secret = ${secretWord(peer.key, secrets)}`])}  }
}
`;
}

/** Traffic selectors are all there is: routes of charon's own would send everything into the tunnel. */
function charonConf(esp: LinuxEsp): string {
  const user = `  # ESP in user space; its own packets bear a mark, so that no route leads them into the tunnel again
  plugins {
    kernel-libipsec {
      load = yes
      allow_peer_ts = yes
    }
    kernel-netlink {
      fwmark = !0x42
    }
    socket-default {
      fwmark = 0x42
    }
  }
`;
  return `# for strongswan.d: into the section charon, or charon-systemd
charon {
  install_routes = no
${esp === 'user' ? user : ''}}
`;
}

function upScript(link: Link, esp: LinuxEsp, device: string): string {
  const { own, mode, clampMss, mtu } = link;
  const names = { outside: 'outside', inside: '', loopback: 'lo', tunnel: device };
  const lent = loopbackAddresses(link);
  const routes = routesOf(link, names);
  const inner = own.inner.filter(({ address, length }) => length < address.bits);
  const outside = `outside=$(ip -o -${mode} address show to ${own.outer} | awk '{ print $2; exit }')`;
  const lines = [
    '#!/bin/sh',
    `# ${oneLine(own.name)}: the device of the tunnel, its addresses and routes. It may be run again.`,
    'set -eu',
    outside,
    `[ -n "$outside" ] || { echo 'no interface has ${own.outer}' >&2; exit 1; }`,
    ...(esp === 'kernel'
      ? [`ip link show ${device} >/dev/null 2>&1 || ip link add ${device} type xfrm dev "$outside" if_id ${ifId(link)}`]
      : [
          `ip link show ${device} >/dev/null 2>&1 || { echo 'charon does not run, or not with kernel-libipsec' >&2; exit 1; }`,
        ]),
    ...(mtu === undefined ? [] : [`ip link set ${device} mtu ${mtu}`]),
    `ip link set ${device} up`,
    ...inner.map(
      ({ address, length }) => `ip address replace ${address}/${length} dev ${device}${nodad(address.family)}`,
    ),
    ...lent.map(({ address, length }) => `ip address replace ${address}/${length} dev lo`),
    ...routes.map(({ prefix, gateway, interface: by }) =>
      by === 'outside'
        ? `ip route replace ${prefix} via ${gateway} dev "$outside"`
        : `ip route replace ${prefix} dev ${device}`,
    ),
    ...[4, 6].filter((family) => own.inner.some(({ address }) => address.family === family)).map(forwarding),
    ...(clampMss === undefined ? [] : clamp(device, clampMss)),
  ];
  return `${lines.join('\n')}\n`;
}

function nodad(family: number): string {
  return family === 6 ? ' nodad' : '';
}

function forwarding(family: number): string {
  return family === 4 ? 'sysctl -q -w net.ipv4.ip_forward=1' : 'sysctl -q -w net.ipv6.conf.all.forwarding=1';
}

/** Segments of what passes the tunnel fit, whichever way the session is opened. */
function clamp(device: string, size: number): readonly string[] {
  const rule = (way: string): string =>
    `  ${way} "${device}" tcp flags & (syn | rst) == syn tcp option maxseg size > ${size} tcp option maxseg size set ${size}`;
  return [
    "nft -f - <<'END'",
    'table inet tunnel-mss',
    'delete table inet tunnel-mss',
    'table inet tunnel-mss {',
    ' chain forward {',
    '  type filter hook forward priority mangle; policy accept;',
    rule('iifname'),
    rule('oifname'),
    ' }',
    '}',
    'END',
  ];
}

const GROUPS: Readonly<Record<number, string>> = {
  14: 'modp2048',
  15: 'modp3072',
  16: 'modp4096',
  19: 'ecp256',
  20: 'ecp384',
  21: 'ecp521',
  31: 'curve25519',
};
const HASHES: Readonly<Record<number, string>> = { 2: 'sha1', 12: 'sha256', 13: 'sha384', 14: 'sha512' };
const PRFS: Readonly<Record<number, string>> = { 2: 'prfsha1', 5: 'prfsha256', 6: 'prfsha384', 7: 'prfsha512' };

function ikeWords({ encryption, integrity, prf, groups }: IkeOffer): string {
  return words([encryption.map(cipherWord), from(HASHES, integrity), from(PRFS, prf), from(GROUPS, groups)]);
}

function espWords({ encryption, integrity, esn }: EspOffer, groups: readonly number[]): string {
  return words([encryption.map(cipherWord), from(HASHES, integrity), from(GROUPS, groups), esn ? ['esn'] : []]);
}

function words(parts: readonly (readonly string[])[]): string {
  return parts.flat().join('-');
}

function from(table: Readonly<Record<number, string>>, ids: readonly number[]): readonly string[] {
  return ids.flatMap((id) => table[id] ?? []);
}

function cipherWord(cipher: Cipher): string {
  return cipherName(cipher).startsWith('aes-gcm') ? `aes${cipher.keyBits}gcm16` : `aes${cipher.keyBits}`;
}

function identityWord(identity: Identity): string {
  if (identity.kind === 'address') return identity.address.toString();
  return quoted(`${identity.kind === 'key-id' ? 'keyid' : identity.kind}:${identity.text}`);
}

/** As hexadecimal digits where the text would need care. */
function secretWord(key: SecretKey, secrets: Secrets): string {
  if (secrets === 'mask') return HIDDEN;
  const text = fromUtf8(key.reveal());
  return /^[!#-[\]-~]+$/.test(text) && !/^0[xs]/i.test(text) ? `"${text}"` : `0x${toHex(key.reveal())}`;
}

function quoted(text: string): string {
  return `"${oneLine(text).replaceAll(/["\\]/g, (one) => `\\${one}`)}"`;
}

/** The name of a section. */
function label(text: string): string {
  const plain = text.replaceAll(/[^\w-]/g, '-');
  return plain === '' ? 'peer' : plain;
}
