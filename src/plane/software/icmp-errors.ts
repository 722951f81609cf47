/** What the source of a dropped packet is told, and how often: RFC 1812 section 4.3.2, RFC 4443 section 2.4. */
import type { Instant, IpAddress } from '../../base/index.ts';
import { buildIcmpError, type IpHeader } from '../../ip/index.ts';
import { addressLike, type ErrorKind, type PlaneState, type Port, type Vrf } from './plane-state.ts';
import { TokenBucket } from './token-bucket.ts';

/** RFC 1812 section 4.3.2.8, RFC 4443 section 2.4 (f): errors are limited, here for the plane as a whole. */
const ERRORS_PER_SECOND = 200;
const ERROR_BURST = 100;

export class IcmpErrors {
  readonly #state: PlaneState;
  readonly #rate = new TokenBucket(ERRORS_PER_SECOND, ERROR_BURST);

  constructor(state: PlaneState) {
    this.#state = state;
  }

  /**
   * The message to the source of a packet; undefined: nothing may be said of it, or not now. It comes from the address
   * of the interface where the packet came in (RFC 1812 section 4.3.2.4); about a packet of our own, from ourselves.
   */
  message(
    from: Port | undefined,
    vrf: Vrf,
    kind: ErrorKind,
    code: number,
    mtu: number,
    header: IpHeader,
    packet: Uint8Array,
    now: Instant,
  ): Uint8Array | undefined {
    const source = this.#source(from, vrf, header);
    if (source === undefined || !this.#rate.take(now)) return undefined;
    return buildIcmpError({ source, kind, code, mtu, offending: packet });
  }

  /**
   * Tells the machine around about a packet that it routed into a device of ours. It believes no packet from outside
   * that bears one of its own addresses, and ours are its own. The destination's is one that its routes expect there.
   */
  toHost(
    device: string,
    kind: ErrorKind,
    code: number,
    mtu: number,
    header: IpHeader,
    packet: Uint8Array,
    now: Instant,
  ): boolean {
    const { toHost } = this.#state.sink;
    if (toHost === undefined || !this.#rate.take(now)) return false;
    const message = buildIcmpError({ source: header.destination, kind, code, mtu, offending: packet });
    if (message === undefined) return false;
    toHost(device, message);
    return true;
  }

  #source(from: Port | undefined, vrf: Vrf, header: IpHeader): IpAddress | undefined {
    if (from === undefined) return vrf.ownerOf(header.source)?.kind === 'local' ? header.source : undefined;
    return addressLike(from, header.source) ?? vrf.anyAddress(this.#state.ports.values(), header.source);
  }
}
