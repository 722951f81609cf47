/**
 * Where a subject is measured: the load runs on two machines of its own, and what is measured on the two gateways
 * between them, as gateways are used. Every subject has such four namespaces for itself, joined by veth pairs.
 *
 *   lan1 10.1.0.10 -- 10.1.0.1 gw1 192.0.2.1 == tunnel == 192.0.2.2 gw2 10.2.0.1 -- 10.2.0.10 lan2
 */
import { type Namespace, Namespaces } from '../../test/peers/namespaces.ts';

export const HOSTS = ['10.1.0.10', '10.2.0.10'] as const;
export const OUTER = ['192.0.2.1', '192.0.2.2'] as const;
/** The kernel interfaces of a gateway. */
export const OUTSIDE = 'eth0';
export const INSIDE = 'eth1';

export type Pair<T> = readonly [T, T];

export class Network {
  readonly lans: Pair<Namespace>;
  readonly gateways: Pair<Namespace>;
  readonly #namespaces: Namespaces;

  private constructor(namespaces: Namespaces, lans: Pair<Namespace>, gateways: Pair<Namespace>) {
    this.#namespaces = namespaces;
    this.lans = lans;
    this.gateways = gateways;
  }

  static async open(label: string): Promise<Network> {
    const namespaces = new Namespaces(label);
    try {
      const lans = [await namespaces.add('lan1'), await namespaces.add('lan2')] as const;
      const gateways = [await namespaces.add('gw1'), await namespaces.add('gw2')] as const;
      await namespaces.cable(
        { at: gateways[0], name: OUTSIDE, addresses: [`${OUTER[0]}/24`] },
        { at: gateways[1], name: OUTSIDE, addresses: [`${OUTER[1]}/24`] },
      );
      for (const i of [0, 1] as const) {
        const net = `10.${i + 1}.0`;
        await namespaces.cable(
          { at: lans[i], name: 'eth0', addresses: [`${net}.10/24`] },
          { at: gateways[i], name: INSIDE, addresses: [`${net}.1/24`] },
        );
        await lans[i].ip(`route add default via ${net}.1`);
        await gateways[i].forward();
        await gateways[i].sysctl('net.ipv4.conf.all.rp_filter=0', `net.ipv4.conf.${OUTSIDE}.rp_filter=0`);
      }
      return new Network(namespaces, lans, gateways);
    } catch (error) {
      await namespaces.close();
      throw error;
    }
  }

  close(): Promise<void> {
    return this.#namespaces.close();
  }
}
