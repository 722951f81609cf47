import { type Instant, type IpAddress, type Random, readU16, seededRandom } from '../base/index.ts';
import { ASA_TRANSIT_DEFAULTS } from '../gateway/index.ts';
import { Protocol, parseIp } from '../ip/index.ts';
import { TransitWire } from '../plane/index.ts';
import type { LabNode, Outlet } from './node.ts';
import type { FirewallRule, FirewallSpec } from './topology.ts';

/**
 * A bump in the wire between two ports that drops what its rules name, and treats TCP as an ASA if it is told to. Rules
 * may change while it runs.
 */
export class FirewallNode implements LabNode {
  readonly name: string;
  rules: readonly FirewallRule[];
  /** Frames dropped, by a rule or as no part of a connection. */
  dropped = 0;
  readonly #outlet: Outlet;
  readonly #ports: string[] = [];
  readonly #wire: TransitWire | undefined;
  readonly #random: Random;

  constructor(
    name: string,
    { rules, normalises }: Pick<FirewallSpec, 'rules' | 'normalises'>,
    outlet: Outlet,
    random: Random,
  ) {
    this.name = name;
    this.#random = seededRandom(0, `twin ${name}`);
    this.rules = rules;
    this.#outlet = outlet;
    this.#wire = normalises ? new TransitWire(ASA_TRANSIT_DEFAULTS, random) : undefined;
  }

  receive(port: string, packet: Uint8Array, now: Instant, nextHop: IpAddress): void {
    if (this.rules.some((rule) => matches(rule, packet))) {
      this.dropped++;
      return;
    }
    const egress = this.egress(port);
    if (egress === undefined) return;
    const passed = this.#wire?.pass(port, egress, packet, now) ?? packet;
    if (typeof passed === 'string') this.dropped++;
    else this.#outlet.transmit(egress, nextHop, passed);
  }

  twin(outlet: Outlet): FirewallNode {
    const one = new FirewallNode(
      this.name,
      { rules: this.rules, normalises: this.#wire !== undefined },
      outlet,
      this.#random,
    );
    for (const port of this.#ports) one.carrier(port, true);
    return one;
  }

  owns(port: string, address: IpAddress): boolean {
    const other = this.egress(port);
    return other !== undefined && this.#outlet.resolves(other, address);
  }

  egress(from: string): string | undefined {
    return this.#ports.find((port) => port !== from);
  }

  wakeAt(): undefined {
    return undefined;
  }

  tick(): void {}

  carrier(port: string, up: boolean): void {
    if (up && !this.#ports.includes(port)) this.#ports.push(port);
  }
}

function matches(rule: FirewallRule, packet: Uint8Array): boolean {
  const parsed = parseIp(packet);
  if (!parsed.ok) return true; // a firewall lets nothing through that it cannot read
  const { protocol, payloadOffset, fragmentOffset } = parsed.value;
  if (rule.protocol !== undefined && rule.protocol !== protocol) return false;
  if (rule.port === undefined) return true;
  if ((protocol !== Protocol.UDP && protocol !== Protocol.TCP) || fragmentOffset > 0) return false;
  return readU16(packet, payloadOffset) === rule.port || readU16(packet, payloadOffset + 2) === rule.port;
}
