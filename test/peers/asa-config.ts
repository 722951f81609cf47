/** Configurations of our side in tests with real peers: one static tunnel of an ASA, with the parts that a test is about. */
export type SiteOptions = Readonly<{
  /** Outer addresses with prefix length or mask as the command takes them, and the peer's. */
  local: string;
  remote: string;
  /** Lines of `crypto ikev2 policy 10`. */
  policy: readonly string[];
  policyMore?: readonly string[];
  /** Lines of the proposal for ESP. */
  proposal: readonly string[];
  /** Further lines of the profile, such as `set pfs group19` or `responder-only`. */
  profile?: readonly string[];
  /** Further lines of the tunnel-group's ipsec-attributes. */
  group?: readonly string[];
  /** Further lines of the tunnel interface. */
  tunnel?: readonly string[];
  /** Further lines at the top level. */
  device?: readonly string[];
  /** Keys: ours, and the peer's. */
  keys?: readonly [local: string, remote: string];
}>;

/** Inside addresses of the tunnel: ours and the peer's. */
export const INSIDE = {
  ours: '172.16.1.1',
  theirs: '172.16.1.2',
  ours6: '2001:db8:172::1',
  theirs6: '2001:db8:172::2',
};

export function siteConfig(options: SiteOptions): string {
  const { local, remote, keys = ['one-way', 'other-way'] } = options;
  const isV6 = remote.includes(':');
  const inner = (lines: readonly string[] = []): string => lines.map((line) => ` ${line}\n`).join('');
  return `hostname gateway
interface GigabitEthernet0/0
 nameif outside
 security-level 0
 ${isV6 ? `ipv6 address ${local}/64` : `ip address ${local} 255.255.255.0`}
 no shutdown
interface Tunnel1
 nameif VTI
 ip address ${INSIDE.ours} 255.255.255.252
 ipv6 address ${INSIDE.ours6}/64
 tunnel source interface outside
 tunnel destination ${remote}
 tunnel mode ipsec ${isV6 ? 'ipv6' : 'ipv4'}
 tunnel protection ipsec profile VTI
${inner(options.tunnel)}crypto ikev2 policy 10
${inner(options.policy)}${inner(options.policyMore)}crypto ipsec ikev2 ipsec-proposal P
${inner(options.proposal)}crypto ipsec profile VTI
 set ikev2 ipsec-proposal P
${inner(options.profile)}crypto ikev2 enable outside
tunnel-group ${remote} type ipsec-l2l
tunnel-group ${remote} ipsec-attributes
 ikev2 local-authentication pre-shared-key ${keys[0]}
 ikev2 remote-authentication pre-shared-key ${keys[1]}
${inner(options.group)}${(options.device ?? []).map((line) => `${line}\n`).join('')}`;
}
