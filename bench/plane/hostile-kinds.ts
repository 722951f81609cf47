/** What is sent to a gateway that it must throw away, and where it comes from. */

export const HOSTILE_KINDS = {
  short: 'ESP of 1 to 7 bytes',
  'wrong-spi': 'SPIs that nobody has',
  replayed: 'packets of the peer, captured and sent again',
  'bad-icv': 'new sequence numbers, ICV wrong',
  oversized: 'datagrams of 20,000 bytes, in fragments',
  'tiny-datagrams': 'super-packets of 64 datagrams of one byte',
  'one-byte-segments': 'from the LAN: TCP super-packets of 60,000 one-byte segments',
  'offload-lies': 'from the LAN: wrong checksums, and offload headers that lie',
} as const;

export type HostileKind = keyof typeof HOSTILE_KINDS;

/** Those that a host of the LAN sends; the others come from outside. */
export const FROM_LAN: readonly HostileKind[] = ['one-byte-segments', 'offload-lies'];

/** Type of service of all hostile packets: by it, and by nothing else, a firewall tells them from honest ones. */
export const HOSTILE_TOS = 0x48;
