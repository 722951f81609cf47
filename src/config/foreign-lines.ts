/** Lines of one dialect in a file that is read as another's: they are named as such, with the line to write instead. */
import type { Dialect } from './dialect.ts';
import { type Line, readLine } from './lines.ts';
import type { DeviceModel, Diagnostic } from './model.ts';

/** Findings that say that a line was not understood; one that is merely too short began as a line of this dialect. */
const NOT_UNDERSTOOD = new Set(['unknown-command', 'invalid-word', 'ambiguous-command', 'wrong-mode']);
/** A file that is wrong throughout needs no more than this to be told. */
const MOST_LINES = 500;

/** What the words of one dialect are in the other; the longest beginning that fits is taken. */
const COUNTERPARTS: Readonly<Record<DeviceModel['dialect'], readonly (readonly [string, string])[]>> = {
  // Lines of IOS-XE, and what an ASA calls them.
  asa: [
    ['vrf definition', 'none: an ASA has one routing table'],
    ['vrf forwarding', 'none: an ASA has one routing table'],
    ['tunnel vrf', 'none: an ASA has one routing table'],
    ['tunnel source', 'tunnel source interface <nameif>'],
    ['tunnel mode gre', 'tunnel mode ipsec ipv4: an ASA ends no GRE, routes by its VTI or lets GRE of routers through'],
    ['tunnel key', 'none: an ASA ends no GRE, its tunnels are IPsec alone'],
    ['keepalive', 'none: an ASA ends no GRE, its tunnels are IPsec alone'],
    ['tunnel protection ipsec policy', 'tunnel protection ipsec policy <access-list>'],
    ['ip route', 'route <nameif> <network> <mask> <gateway>'],
    ['ipv6 route', 'ipv6 route <nameif> <prefix> <gateway>'],
    ['ip prefix-list', 'prefix-list <name> ...'],
    ['ip as-path access-list', 'as-path access-list <number> ...'],
    ['ip community-list', 'community-list <number> ...'],
    ['ip access-list extended', 'access-list <name> extended ...'],
    ['ip access-list standard', 'access-list <name> standard ...'],
    ['ip mtu', 'mtu <nameif> <bytes>'],
    ['ip tcp adjust-mss', 'sysopt connection tcpmss <bytes>'],
    ['crypto ikev2 proposal', 'crypto ikev2 policy <priority>'],
    ['crypto ikev2 policy', 'crypto ikev2 policy <priority>'],
    ['crypto ikev2 keyring', 'tunnel-group <peer> ipsec-attributes'],
    ['crypto ikev2 profile', 'tunnel-group <peer> ipsec-attributes'],
    ['pre-shared-key local', 'ikev2 local-authentication pre-shared-key <key>'],
    ['pre-shared-key remote', 'ikev2 remote-authentication pre-shared-key <key>'],
    ['crypto ipsec transform-set', 'crypto ipsec ikev2 ipsec-proposal <name>'],
    ['set transform-set', 'set ikev2 ipsec-proposal <name>'],
    ['set ikev2-profile', 'none: the tunnel-group is found by the address of the peer'],
    ['set security-association replay', 'crypto ipsec security-association replay window-size <packets>'],
    ['match fvrf', 'none: an ASA has one routing table'],
    ['dpd', 'isakmp keepalive threshold <seconds> retry <seconds>'],
    ['neighbor', 'neighbor <address> ... under address-family ipv4 unicast'],
  ],
  // Lines of an ASA, and what IOS-XE calls them.
  iosxe: [
    ['nameif', 'none: an interface goes by its own name'],
    ['security-level', 'none: a router has no security levels'],
    ['tunnel source interface', 'tunnel source <interface>'],
    ['route', 'ip route <network> <mask> <gateway>'],
    ['ipv6 route', 'ipv6 route <prefix> <gateway>'],
    ['prefix-list', 'ip prefix-list <name> ...'],
    ['as-path access-list', 'ip as-path access-list <number> ...'],
    ['community-list', 'ip community-list <number> ...'],
    ['access-list', 'ip access-list extended <name>'],
    ['access-group', 'ip access-group <name> in under the interface'],
    ['mtu', 'ip mtu <bytes> under the interface'],
    ['sysopt connection tcpmss', 'ip tcp adjust-mss <bytes> under the interface'],
    ['crypto ikev2 enable', 'none: IKEv2 answers wherever a profile matches'],
    ['crypto ipsec ikev2 ipsec-proposal', 'crypto ipsec transform-set <name> <cipher>'],
    ['protocol esp encryption', 'crypto ipsec transform-set <name> <cipher>'],
    ['protocol esp integrity', 'crypto ipsec transform-set <name> <cipher> <integrity>'],
    ['set ikev2 ipsec-proposal', 'set transform-set <name>'],
    ['tunnel-group', 'crypto ikev2 profile <name> and crypto ikev2 keyring <name>'],
    ['group-policy', 'crypto ikev2 authorization policy <name>'],
    ['ikev2 local-authentication', 'pre-shared-key local <key> under the peer of a keyring'],
    ['ikev2 remote-authentication', 'pre-shared-key remote <key> under the peer of a keyring'],
    ['isakmp keepalive', 'dpd <seconds> <seconds> periodic under the profile'],
    ['encryption', 'encryption ... under crypto ikev2 proposal <name>'],
    ['integrity', 'integrity ... under crypto ikev2 proposal <name>'],
    ['prf', 'prf ... under crypto ikev2 proposal <name>'],
    ['group', 'group ... under crypto ikev2 proposal <name>'],
    ['lifetime seconds', 'lifetime <seconds> under crypto ikev2 profile <name>'],
    ['logging enable', 'logging on'],
    ['logging host', 'logging host <address>'],
    ['logging timestamp', 'service timestamps log datetime msec'],
  ],
};

/** The same findings, where those about lines of the other dialect say so. */
export function nameForeignLines(
  diagnostics: readonly Diagnostic[],
  lines: readonly Line[],
  own: Dialect,
  other: Dialect,
): readonly Diagnostic[] {
  let asked = 0;
  return diagnostics.map((one) => {
    if (one.severity !== 'error' || !NOT_UNDERSTOOD.has(one.code) || ++asked > MOST_LINES) return one;
    const line = lines[one.position.line - 1];
    const words = line === undefined ? undefined : foreignWords(line, other);
    if (words === undefined) return one;
    const { suggestion: _, expected: __, ...rest } = one;
    const counterpart = counterpartOf(words, own);
    return {
      ...rest,
      code: 'foreign-line',
      message: `this is a line of ${other.title}; this file is read as that of ${own.title}`,
      ...(counterpart === undefined ? {} : { expected: counterpart }),
    };
  });
}

/** The line with full keywords when a mode of the other dialect reads it for what it is. */
function foreignWords(line: Line, { grammar }: Dialect): string | undefined {
  for (const mode of grammar.modes) {
    const match = grammar.match(mode, line);
    if (match.ok && match.row.lastResort !== true && match.row.vague !== true && match.row.leaves === undefined)
      return match.canonical.replace(/^no /, '');
  }
  return undefined;
}

function counterpartOf(words: string, { name }: Dialect): string | undefined {
  const asWords = readLine(words)
    .tokens.map(({ text }) => text)
    .join(' ');
  const fitting = COUNTERPARTS[name].filter(([start]) => asWords === start || asWords.startsWith(`${start} `));
  return fitting.sort(([a], [b]) => b.length - a.length)[0]?.[1];
}
