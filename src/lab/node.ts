/**
 * What stands at the ends of links. The lab has no ARP and no neighbour discovery: a frame carries the next hop's
 * address beside the packet, and a segment delivers it to the port whose node says that it owns that address.
 */
import type { Instant, IpAddress } from '../base/index.ts';

/** Everything that a link can be plugged into. */
export type LabNode = {
  readonly name: string;
  /** A frame arrives. `nextHop` matters to transparent nodes alone. The node may keep and change `packet`. */
  receive(port: string, packet: Uint8Array, now: Instant, nextHop: IpAddress): void;
  /** Whether a frame for this next hop may be delivered to the port: what ARP would answer. */
  owns(port: string, address: IpAddress): boolean;
  wakeAt(): Instant | undefined;
  tick(now: Instant): void;
  /** A link was plugged in or went away. */
  carrier(port: string, up: boolean, now: Instant): void;
  /** Power comes (the first time too): forget everything and begin. Carrier is told afterwards. */
  start?(now: Instant): void;
  /** Transparent nodes: by which port a frame for this next hop leaves when it came in by `from`. */
  egress?(from: string, nextHop: IpAddress): string | undefined;
  /** Another one in the state of this moment, for packet walks: what it does is not seen by this one. */
  twin?(outlet: Outlet): LabNode;
};

/** What the lab does for one node. */
export type Outlet = Readonly<{
  /** Puts a frame on the link at a port. The array is handed over: whoever receives it may change it. */
  transmit: (port: string, nextHop: IpAddress, packet: Uint8Array) => void;
  /** Whether anybody at a port's segment owns an address: stands in for address resolution that fails. */
  resolves: (port: string, address: IpAddress) => boolean;
  /** The node's next deadline may have changed by a call from outside. */
  changed: () => void;
}>;

/** Key of an address for maps: no text is made for IPv4. */
export function addressKey(address: IpAddress): number | string {
  return address.family === 4 ? address.a : address.toString();
}
