/** Numbers of rtnetlink (`linux/netlink.h`, `linux/rtnetlink.h`, `linux/if_link.h`, `linux/if_addr.h`), by their names there. */
export const NetlinkProtocol = { ROUTE: 0 } as const;

export const MessageType = {
  ERROR: 2,
  DONE: 3,
  OVERRUN: 4,
  NEWLINK: 16,
  DELLINK: 17,
  GETLINK: 18,
  NEWADDR: 20,
  DELADDR: 21,
  GETADDR: 22,
  NEWROUTE: 24,
  DELROUTE: 25,
  GETROUTE: 26,
} as const;

export const RequestFlag = {
  REQUEST: 0x1,
  MULTI: 0x2,
  ACK: 0x4,
  DUMP_INTR: 0x10,
  DUMP: 0x300,
  REPLACE: 0x100,
  EXCL: 0x200,
  CREATE: 0x400,
} as const;

/** Groups to subscribe to, as bits of `nl_groups`. */
export const Group = { LINK: 0x1, IPV4_IFADDR: 0x10, IPV6_IFADDR: 0x100 } as const;

export const NetlinkOption = { GET_STRICT_CHK: 12 } as const;

export const LinkAttribute = {
  IFNAME: 3,
  MTU: 4,
  MASTER: 10,
  TXQLEN: 13,
  LINKINFO: 18,
  AF_SPEC: 26,
  GROUP: 27,
  EXT_MASK: 29,
} as const;
export const LinkInfoAttribute = { KIND: 1, DATA: 2 } as const;
export const VrfAttribute = { TABLE: 1 } as const;
/** For `EXT_MASK`: statistics are left out, which are most of what there is to tell of a link. */
export const SKIP_STATISTICS = 8;
export const Inet6Attribute = { ADDR_GEN_MODE: 8 } as const;
/** No link-local address is made up for the device, so it solicits no routers either. */
export const ADDR_GEN_MODE_NONE = 1;
export const LinkFlag = { UP: 0x1, LOOPBACK: 0x8, RUNNING: 0x40 } as const;

export const AddressAttribute = { ADDRESS: 1, LOCAL: 2, FLAGS: 8 } as const;
export const AddressFlag = { NODAD: 0x02, OPTIMISTIC: 0x04, DADFAILED: 0x08, TENTATIVE: 0x40 } as const;

export const RouteAttribute = {
  DST: 1,
  OIF: 4,
  GATEWAY: 5,
  PRIORITY: 6,
  MULTIPATH: 9,
  TABLE: 15,
  VIA: 18,
} as const;
export const RouteType = { UNSPEC: 0, UNICAST: 1, BLACKHOLE: 6, UNREACHABLE: 7 } as const;
export const RouteScope = { UNIVERSE: 0, LINK: 253, NOWHERE: 255 } as const;
export const NextHopFlag = { ONLINK: 4 } as const;
/** Set on copies that the kernel keeps of routes; they are not routes anybody made. */
export const ROUTE_CLONED = 0x200;

/**
 * The protocol number under which our routes stand in the kernel's tables: what we find under it after a crash is ours.
 * The kernel uses those below 5, and daemons have taken some by custom (`/etc/iproute2/rt_protos`: 11 zebra, 12 bird,
 * 186 bgp, 192 eigrp and others); 119 is "w" and in nobody's list.
 */
export const ROUTE_PROTOCOL = 119;
