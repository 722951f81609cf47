/** A recorded session of a real peer: all that the gateway was given, so that it can be done again, byte for byte. */
import { at, fromHex, type Instant, seededRandom } from '../base/index.ts';
import { GatewayNode } from '../lab/gateway-node.ts';
import { modelOf } from './model.fixture.ts';

/** Of the gateway's randomness, when it was recorded and when it is done again. */
export const SESSION_SEED = 7296;

/** `configure` stands first; `carrier`: of an interface, up; `packet`: hexadecimal, at the interface `port`; else a tick. */
export type RecordedEvent = Readonly<{
  at: number;
  configure?: string;
  carrier?: string;
  port?: string;
  packet?: string;
}>;

/** The session goes as it went; the gateway is given as it stands at its end. */
export class Replay {
  readonly node: GatewayNode;
  /** What came from the peer, in its order. */
  readonly packets: readonly Uint8Array[];
  readonly port: string;
  now: Instant = at(0);
  sent = 0;

  constructor(events: readonly RecordedEvent[], packetsLimit = Number.POSITIVE_INFINITY) {
    const model = modelOf(events[0]?.configure ?? '');
    this.packets = events.flatMap(({ packet }) => (packet === undefined ? [] : [fromHex(packet) ?? new Uint8Array()]));
    this.port = events.find(({ port }) => port !== undefined)?.port ?? '';
    const transmit = (): void => {
      this.sent++;
    };
    const outlet = { transmit, resolves: () => true, changed: () => undefined };
    this.node = new GatewayNode(model.hostname, { model, outlet, random: seededRandom(SESSION_SEED, 'gateway') });
    let taken = 0;
    for (const event of events) {
      if (event.packet !== undefined && taken++ >= packetsLimit) break;
      this.#give(event);
    }
  }

  receive(packet: Uint8Array): void {
    this.node.receive(this.port, packet, this.now);
  }

  /** Time passes: whatever is due happens at its moment. */
  run(ms: number): void {
    const end = this.now + ms;
    for (;;) {
      const due = this.node.wakeAt();
      if (due === undefined || due > end) break;
      this.now = at(Math.max(this.now, due));
      this.node.tick(this.now);
    }
    this.now = at(end);
  }

  #give({ at: when, configure, carrier, packet, port }: RecordedEvent): void {
    this.now = at(when);
    if (configure !== undefined) this.node.start(this.now);
    else if (carrier !== undefined) this.node.carrier(carrier, true, this.now);
    else if (packet !== undefined && port !== undefined) {
      this.node.receive(port, fromHex(packet) ?? new Uint8Array(), this.now);
    } else this.node.tick(this.now);
  }
}
