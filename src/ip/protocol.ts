/** IANA "Assigned Internet Protocol Numbers", those the gateway speaks of by name. */
export const Protocol = {
  HOPOPT: 0,
  ICMP: 1,
  IPIP: 4,
  TCP: 6,
  UDP: 17,
  IPV6: 41,
  IPV6_ROUTE: 43,
  IPV6_FRAG: 44,
  GRE: 47,
  ESP: 50,
  AH: 51,
  ICMPV6: 58,
  IPV6_NONXT: 59,
  IPV6_OPTS: 60,
  OSPF: 89,
} as const;

/** Everything that can be wrong with a packet on this floor. */
export type IpFault =
  | 'truncated'
  | 'bad-version'
  | 'bad-header-length'
  | 'bad-length'
  | 'bad-checksum'
  | 'bad-extension-header'
  | 'fragment'
  | 'no-vni'
  | 'bad-gre-flags'
  | 'wrong-protocol';
