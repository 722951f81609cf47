/** The last step of a packet's way: out by a real interface, whole or in fragments. */
import type { IpAddress } from '../../base/index.ts';
import { fragmentIp } from '../../ip/index.ts';
import type { PlaneState, Port } from './plane-state.ts';

export class Egress {
  readonly #state: PlaneState;

  constructor(state: PlaneState) {
    this.#state = state;
  }

  /** Notes a packet that leaves, for whoever asks for counters or captures. */
  count(out: Port, packet: Uint8Array): void {
    out.outPackets++;
    out.outBytes += packet.length;
    if (this.#state.taps.any) this.#state.taps.see('out', out.config, packet);
  }

  transmit(out: Port, gateway: IpAddress, packet: Uint8Array): void {
    const { trace } = this.#state;
    if (trace !== undefined) {
      trace.left++;
      trace.outer = out;
    }
    this.count(out, packet);
    this.#state.watch?.({ kind: 'transmit', interface: out.config.name, nextHop: gateway, bytes: packet.length });
    this.#state.sink.transmit(out.config.name, gateway, packet);
  }

  /** Cuts a packet to the interface's MTU; where that can not be done it is dropped. */
  fragments(out: Port, gateway: IpAddress, packet: Uint8Array): void {
    const fragments = fragmentIp(packet, out.config.mtu, this.#state.nextIdentification());
    if (fragments.length === 0) {
      this.#state.drop(out, 'too-big');
      return;
    }
    const { name, mtu } = out.config;
    this.#state.watch?.({ kind: 'cut', interface: name, pieces: fragments.length, limit: mtu });
    for (const fragment of fragments) this.transmit(out, gateway, fragment);
  }
}
