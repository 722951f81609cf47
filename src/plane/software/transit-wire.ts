/** The treatment of TCP in transit as a bump in the wire, for a box that forwards by no addresses of its own. */
import type { Instant, Random } from '../../base/index.ts';
import { parseIp } from '../../ip/index.ts';
import type { DropReason, PlaneTransitPolicy } from '../contract.ts';
import { PlaneState, type Port } from './plane-state.ts';
import { Security } from './security.ts';
import { Transit } from './transit.ts';

export class TransitWire {
  readonly #transit: Transit;
  readonly #security: Security;
  readonly #state: PlaneState;

  constructor(policy: PlaneTransitPolicy, random: Random) {
    this.#state = new PlaneState({ transmit: () => undefined, event: () => undefined });
    this.#transit = new Transit(() => undefined, random);
    this.#transit.setPolicy(policy);
    this.#security = new Security(this.#transit);
  }

  /** What goes on of a packet that came in by one port and leaves by another, or why nothing does. */
  pass(from: string, to: string, packet: Uint8Array, now: Instant): Uint8Array | DropReason {
    const parsed = parseIp(packet);
    if (!parsed.ok) return 'malformed';
    const header = parsed.value;
    const [one, other] = [this.#port(from), this.#port(to)];
    if (!this.#security.permits(one, other, header, packet, now)) return this.#security.refusal;
    const copy = packet.slice();
    return this.#transit.normalise(one, other, header, copy, now) ?? copy;
  }

  #port(name: string): Port {
    const known = this.#state.ports.get(name);
    if (known !== undefined) return known;
    const common = { vrf: '', kind: 'ethernet', up: true, mtu: 65_535, addresses: [], clampMss: 0 } as const;
    this.#state.setInterface({ ...common, name });
    return this.#port(name);
  }
}
