/** Numbers of the kernel's socket interface (`linux/socket.h`, `linux/in.h`, `linux/in6.h`), by the names they have there. */
export const Domain = { UNIX: 1, INET: 2, INET6: 10, NETLINK: 16 } as const;

export const SocketType = { STREAM: 1, DGRAM: 2, RAW: 3, NONBLOCK: 0x800, CLOEXEC: 0x80000 } as const;

export const Level = { IP: 0, SOCKET: 1, TCP: 6, UDP: 17, IPV6: 41, ICMPV6: 58, RAW: 255, NETLINK: 270 } as const;

export const SocketOption = {
  REUSEADDR: 2,
  ERROR: 4,
  SNDBUF: 7,
  RCVBUF: 8,
  LINGER: 13,
  REUSEPORT: 15,
  RCVTIMEO: 20,
  BINDTODEVICE: 25,
  ATTACH_FILTER: 26,
  SNDBUFFORCE: 32,
  RCVBUFFORCE: 33,
  RXQ_OVFL: 40,
  ATTACH_REUSEPORT_CBPF: 51,
} as const;

export const IpOption = {
  TOS: 1,
  TTL: 2,
  HDRINCL: 3,
  PKTINFO: 8,
  MTU_DISCOVER: 10,
  RECVTTL: 12,
  RECVTOS: 13,
  FREEBIND: 15,
  MINTTL: 21,
} as const;

export const Ipv6Option = {
  CHECKSUM: 7,
  UNICAST_HOPS: 16,
  MTU_DISCOVER: 23,
  V6ONLY: 26,
  HDRINCL: 36,
  RECVPKTINFO: 49,
  PKTINFO: 50,
  RECVHOPLIMIT: 51,
  HOPLIMIT: 52,
  RECVTCLASS: 66,
  TCLASS: 67,
  MINHOPCOUNT: 73,
  FREEBIND: 78,
} as const;

/** For `MTU_DISCOVER`: the don't-fragment bit as the packet has it, path MTUs that the kernel knows left aside. */
export const PMTUDISC_PROBE = 3;
/** The same, with the don't-fragment bit clear. */
export const PMTUDISC_DONT = 0;

/** At `Level.RAW` (IPv4) and `Level.ICMPV6`: which types a raw ICMP socket is not given. */
export const ICMP_FILTER = 1;

/** `SEGMENT`: what is sent is cut into datagrams of this length. `GRO`: datagrams of a sender may come together. */
export const UdpOption = { SEGMENT: 103, GRO: 104 } as const;

export const TcpOption = { NODELAY: 1, MD5SIG: 14 } as const;

export const MessageFlag = { DONTWAIT: 0x40, TRUNC: 0x20, NOSIGNAL: 0x4000 } as const;

export const PollEvent = { IN: 1, OUT: 4, ERR: 8, HUP: 16, NVAL: 32 } as const;

export const FileFlag = { RDWR: 2, NONBLOCK: 0x800, CLOEXEC: 0x80000 } as const;

/** For `eventfd`. */
export const EventFlag = { NONBLOCK: 0x800, CLOEXEC: 0x80000 } as const;
