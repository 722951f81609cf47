/** What a SYN may promise: segments that fit both interfaces it passes, RFC 9293 section 3.7.1. */
import { clampTcpMss, type IpHeader } from '../../ip/index.ts';
import type { PlaneState, Port } from './plane-state.ts';

/** IPv4 and TCP headers without options: what an MSS leaves out of an MTU. */
const HEADERS_V4 = 40;
const EXTRA_HEADERS_V6 = 20;

export class MssClamp {
  readonly #state: PlaneState;
  readonly #tunnelMtu: (port: Port) => number;

  constructor(state: PlaneState, tunnelMtu: (port: Port) => number) {
    this.#state = state;
    this.#tunnelMtu = tunnelMtu;
  }

  /** Lowers the MSS of a SYN, our own to change, to what both interfaces carry. */
  clamp(from: Port, out: Port, header: IpHeader, packet: Uint8Array): void {
    const a = this.#limitOf(from);
    const b = this.#limitOf(out);
    const limit = a === 0 ? b : b === 0 ? a : Math.min(a, b);
    if (limit === 0) return;
    this.#state.watch?.({ kind: 'mss', limit });
    clampTcpMss(packet, Math.max(1, header.family === 4 ? limit : limit - EXTRA_HEADERS_V6), header);
  }

  #limitOf(port: Port): number {
    const { clampMss, kind } = port.config;
    if (clampMss === 0 || kind !== 'tunnel') return clampMss;
    return Math.min(clampMss, this.#tunnelMtu(port) - HEADERS_V4);
  }
}
