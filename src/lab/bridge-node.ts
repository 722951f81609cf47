import type { Instant, IpAddress } from '../base/index.ts';
import { addressKey, type LabNode, type Outlet } from './node.ts';

/** How long a bridge remembers that nobody owns an address. */
const NOBODY_MS = 100;

/**
 * A segment with any number of ports. It asks its ports for the owner of a next hop and remembers the answer; a
 * remembered port is asked again each time, so an address that moves is found at once.
 */
export class BridgeNode implements LabNode {
  readonly name: string;
  readonly #outlet: Outlet;
  readonly #ports: string[] = [];
  readonly #owners = new Map<number | string, string>();
  readonly #nobody = new Map<number | string, number>();
  #now = 0;
  /** Frames whose next hop nobody owned. */
  unknown = 0;

  constructor(name: string, outlet: Outlet) {
    this.name = name;
    this.#outlet = outlet;
  }

  receive(port: string, packet: Uint8Array, now: Instant, nextHop: IpAddress): void {
    this.#now = now;
    const egress = this.egress(port, nextHop);
    if (egress === undefined) this.unknown++;
    else this.#outlet.transmit(egress, nextHop, packet);
  }

  twin(outlet: Outlet): BridgeNode {
    const one = new BridgeNode(this.name, outlet);
    one.#now = this.#now;
    one.#ports.push(...this.#ports);
    return one;
  }

  owns(port: string, address: IpAddress): boolean {
    return this.egress(port, address) !== undefined;
  }

  egress(from: string, nextHop: IpAddress): string | undefined {
    const key = addressKey(nextHop);
    const known = this.#owners.get(key);
    if (known !== undefined && known !== from && this.#outlet.resolves(known, nextHop)) return known;
    const nobody = this.#nobody.get(key);
    if (nobody !== undefined && this.#now < nobody) return undefined;
    const found = this.#ports.find((port) => port !== from && this.#outlet.resolves(port, nextHop));
    if (found !== undefined) this.#owners.set(key, found);
    else if (!this.#outlet.resolves(from, nextHop)) {
      if (this.#nobody.size > 4096) this.#nobody.clear();
      this.#nobody.set(key, this.#now + NOBODY_MS);
    }
    return found;
  }

  wakeAt(): undefined {
    return undefined;
  }

  tick(): void {}

  carrier(port: string, up: boolean, now: Instant): void {
    this.#now = now;
    this.#nobody.clear();
    if (up && !this.#ports.includes(port)) this.#ports.push(port);
  }
}
