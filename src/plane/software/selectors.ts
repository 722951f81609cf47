/** Traffic selectors made ready for packets: RFC 4301 section 4.4.1.1, RFC 7296 section 3.13.1. */
import type { IpAddress } from '../../base/index.ts';
import type { IpHeader } from '../../ip/index.ts';
import type { PlaneSelector } from '../contract.ts';
import { NO_PORTS, portsOf } from './flow.ts';

/** The two ends of a child SA; inner packets must fit a selector of each. */
export class SelectorPair {
  readonly #local: readonly PlaneSelector[];
  readonly #remote: readonly PlaneSelector[];
  readonly #any4: boolean;
  readonly #any6: boolean;

  constructor(local: readonly PlaneSelector[], remote: readonly PlaneSelector[]) {
    this.#local = local;
    this.#remote = remote;
    this.#any4 = coversAll(local, 4) && coversAll(remote, 4);
    this.#any6 = coversAll(local, 6) && coversAll(remote, 6);
  }

  /** Whether ports have a say in it. */
  usesPorts(family: 4 | 6): boolean {
    return !(family === 4 ? this.#any4 : this.#any6);
  }

  /** Whether a packet may leave by the SA. */
  fitsOutbound(header: IpHeader, packet: Uint8Array): boolean {
    if (header.family === 4 ? this.#any4 : this.#any6) return true;
    const ports = portsOf(header, packet);
    return (
      fits(this.#local, header.source, header.protocol, upper(ports)) &&
      fits(this.#remote, header.destination, header.protocol, lower(ports))
    );
  }

  /** Whether a packet may have come by the SA. */
  fitsInbound(header: IpHeader, packet: Uint8Array): boolean {
    if (header.family === 4 ? this.#any4 : this.#any6) return true;
    const ports = portsOf(header, packet);
    return (
      fits(this.#remote, header.source, header.protocol, upper(ports)) &&
      fits(this.#local, header.destination, header.protocol, lower(ports))
    );
  }
}

function upper(ports: number): number {
  return ports === NO_PORTS ? NO_PORTS : Math.floor(ports / 0x1_0000);
}

function lower(ports: number): number {
  return ports === NO_PORTS ? NO_PORTS : ports % 0x1_0000;
}

function fits(selectors: readonly PlaneSelector[], address: IpAddress, protocol: number, port: number): boolean {
  for (const selector of selectors) {
    if (selector.start.family !== address.family) continue;
    if (selector.protocol !== 0 && selector.protocol !== protocol) continue;
    if (selector.start.compare(address) > 0 || selector.end.compare(address) < 0) continue;
    if (isAnyPort(selector)) return true;
    // RFC 4301 section 7: a fragment without ports passes only where all ports may.
    if (port !== NO_PORTS && selector.startPort <= port && port <= selector.endPort) return true;
  }
  return false;
}

/** All ports, or OPAQUE (start above end, RFC 7296 section 3.13.1): ports do not matter. */
function isAnyPort(selector: PlaneSelector): boolean {
  return (selector.startPort === 0 && selector.endPort === 0xffff) || selector.startPort > selector.endPort;
}

function coversAll(selectors: readonly PlaneSelector[], family: 4 | 6): boolean {
  return selectors.some(
    ({ start, end, protocol, ...ports }) =>
      start.family === family &&
      protocol === 0 &&
      isAnyPort({ start, end, protocol, ...ports }) &&
      start.isUnspecified &&
      end.equals(start.filled(0)),
  );
}
