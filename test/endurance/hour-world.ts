/**
 * The machines of the long run: our gateway with a LAN; strongSwan with FRR; another gateway of ours with a LAN. All
 * outsides are on one network.
 *
 *   lan1 10.1.1.10 - gw1 10.0.0.1 - internet - 10.0.0.2 strongSwan, FRR: 172.16.9.2 (static route), 10.2.0.0/24 (BGP)
 *                                      |
 *                                   10.0.0.3 gw3 - lan3 10.1.3.10 (BGP)
 */
import { readdirSync } from 'node:fs';
import { setPriority } from 'node:os';
import { gatewayText } from '../../src/gateway/model.fixture.ts';
import { Frr } from '../peers/frr.ts';
import { type Namespace, Namespaces } from '../peers/namespaces.ts';
import { run } from '../peers/process.ts';
import { StrongSwan } from '../peers/strongswan.ts';
import { connectionConfig } from '../peers/swanctl-config.ts';
import { type BuiltCommand, installCommand, Wheelwright } from '../peers/wheelwright.ts';
import { Traffic } from './traffic-process.ts';

/** Of what strongSwan's FRR announces: enough that a flap is work. */
const PREFIXES = 1_000;
/** What waits to be collected would hide what lives, or look like it. */
const COLLECTING = { nodeOptions: ['--expose-gc', '--import', new URL('collecting.mjs', import.meta.url).href] };
const LINKS = { 'GigabitEthernet0/0': 'eth0', 'GigabitEthernet0/1': 'eth1' };
const LAN1 = '10.1.1.10';
const LAN3 = '10.1.3.10';
/** Behind strongSwan: found by a static route, and by BGP alone. */
const STEADY = '172.16.9.2';
const FLAPPING = '10.2.0.1';
/** What FRR calls us. */
const NEIGHBOR = '172.16.12.1';
const PROBE_HZ = 1_000;
const FLAPPING_HZ = 50;
const TCP_MBIT = 20;
const PRIORITY = -12;

/** The gateway under test; `withAbsentPeer`: with a third tunnel whose peer is nowhere. */
export function firstGateway(withAbsentPeer: boolean): string {
  const text = shortLived(gatewayText(1, withAbsentPeer ? [2, 3, 4] : [2, 3]));
  return text.replace('router bgp', `route to2 ${STEADY} 255.255.255.255 172.16.12.2\nrouter bgp`);
}

/** The shortest lifetimes an ASA has: both ends replace IKE and child SAs every 60 to 90 seconds. */
function shortLived(text: string): string {
  return text
    .replace(' prf sha256\n', ' prf sha256\n lifetime seconds 120\n')
    .replace(
      ' set ikev2 ipsec-proposal P\n',
      ' set ikev2 ipsec-proposal P\n set security-association lifetime seconds 120\n',
    );
}

function bgpd(): string {
  const networks = Array.from({ length: PREFIXES }, (_, i) => `network 20.${i >> 8}.${i & 255}.0/24`);
  return `router bgp 65002
    bgp router-id 10.255.0.2
    no bgp ebgp-requires-policy
    no bgp network import-check
    neighbor ${NEIGHBOR} remote-as 65001
    neighbor ${NEIGHBOR} disable-connected-check
    neighbor ${NEIGHBOR} update-source 172.16.12.2
    neighbor ${NEIGHBOR} timers 5 15
    neighbor ${NEIGHBOR} timers connect 1
    address-family ipv4 unicast
      network 10.2.0.0/24
      ${networks.join('\n      ')}
    exit-address-family`;
}

export class HourWorld {
  readonly namespaces = new Namespaces('hour');
  readonly #command: BuiltCommand = installCommand();
  readonly #machines = new Map<string, Namespace>();
  readonly #parts: {
    first?: Wheelwright;
    other?: Wheelwright;
    strongSwan?: StrongSwan;
    frr?: Frr;
  } = {};

  static async open(): Promise<HourWorld> {
    const world = new HourWorld();
    try {
      await world.#build();
      return world;
    } catch (error) {
      await world.close();
      throw error;
    }
  }

  get first(): Wheelwright {
    return present(this.#parts.first);
  }

  get other(): Wheelwright {
    return present(this.#parts.other);
  }

  get frr(): Frr {
    return present(this.#parts.frr);
  }

  get strongSwan(): StrongSwan {
    return present(this.#parts.strongSwan);
  }

  machine(name: 'gw1' | 'gw3' | 'swan' | 'lan1' | 'lan3'): Namespace {
    return present(this.#machines.get(name));
  }

  /** The streams, not yet begun to be looked at. */
  streams(): Readonly<Record<'out' | 'back' | 'flappingOut' | 'flappingBack' | 'sender' | 'receiver', Traffic>> {
    const [lan1, lan3, swan] = [this.machine('lan1'), this.machine('lan3'), this.machine('swan')];
    const receiver = new Traffic(lan3, 'receive', LAN3, 5001);
    return {
      out: new Traffic(lan1, 'probes', LAN1, STEADY, 5002, PROBE_HZ),
      back: new Traffic(swan, 'probes', STEADY, LAN1, 5002, PROBE_HZ),
      flappingOut: new Traffic(lan1, 'probes', LAN1, FLAPPING, 5003, FLAPPING_HZ),
      flappingBack: new Traffic(swan, 'probes', FLAPPING, LAN1, 5003, FLAPPING_HZ),
      receiver,
      sender: new Traffic(lan1, 'send', LAN3, 5001, TCP_MBIT),
    };
  }

  async close(): Promise<void> {
    await this.namespaces.close();
    this.#command.remove();
  }

  async #build(): Promise<void> {
    const internet = await this.#add('internet');
    await internet.ip('link add bridge type bridge');
    await internet.ip('link set bridge up');
    for (const [name, n] of [
      ['gw1', 1],
      ['swan', 2],
      ['gw3', 3],
    ] as const) {
      const at = await this.#add(name);
      await at.forward();
      await this.namespaces.cable(
        { at, name: 'eth0', addresses: [`10.0.0.${n}/24`] },
        { at: internet, name, addresses: [] },
      );
      await internet.ip(`link set ${name} master bridge`);
      if (n !== 2) await this.#lan(at, n);
    }
    await this.#startStrongSwan(this.machine('swan'));
    this.#parts.other = await Wheelwright.start(
      this.#command,
      this.machine('gw3'),
      shortLived(gatewayText(3, [1])),
      LINKS,
      COLLECTING,
    );
    this.#parts.first = await Wheelwright.start(
      this.#command,
      this.machine('gw1'),
      firstGateway(false),
      LINKS,
      COLLECTING,
    );
    for (const name of ['gw1', 'swan', 'gw3'] as const) await this.#hasten(name);
    await this.frr.untilEstablished(NEIGHBOR, 60_000);
  }

  /** Here the gateways have a machine of their own only in name: they go before what measures and asks. */
  async #hasten(name: 'gw1' | 'swan' | 'gw3'): Promise<void> {
    const pids = await run('ip', ['netns', 'pids', this.machine(name).name]);
    for (const pid of pids.split('\n').filter((line) => line !== '')) {
      for (const thread of readdirSync(`/proc/${pid}/task`)) setPriority(Number(thread), PRIORITY);
    }
  }

  async #add(name: string): Promise<Namespace> {
    const namespace = await this.namespaces.add(name);
    this.#machines.set(name, namespace);
    return namespace;
  }

  async #lan(gateway: Namespace, n: 1 | 3): Promise<void> {
    const lan = await this.#add(`lan${n}`);
    await this.namespaces.cable(
      { at: gateway, name: 'eth1', addresses: [`10.1.${n}.1/24`] },
      { at: lan, name: 'eth0', addresses: [`10.1.${n}.10/24`] },
    );
    await lan.ip(`route add default via 10.1.${n}.1`);
  }

  /** It replaces SAs about as often as we do, so that either end begins, and now and then both. */
  async #startStrongSwan(swan: Namespace): Promise<void> {
    for (const address of ['172.16.12.2', STEADY, FLAPPING]) await swan.ip(`address add ${address}/32 dev lo`);
    const strongSwan = await StrongSwan.start(swan);
    this.#parts.strongSwan = strongSwan;
    await strongSwan.load(
      connectionConfig({
        ...{ local: '10.0.0.2', remote: '10.0.0.1', remoteSelectors: '172.16.12.0/24, 10.1.1.0/24' },
        ...{ proposals: 'aes256-sha256-x25519', espProposals: 'aes128gcm16' },
        connection: ['rekey_time = 85s', 'over_time = 60s', 'rand_time = 20s', 'dpd_delay = 5s'],
        child: ['rekey_time = 85s', 'life_time = 140s', 'rand_time = 20s'],
        keys: ['between-1-2', 'between-1-2'],
      }),
    );
    // Its TUN device holds half a second of the probes, ours more: a pause of the machine is no loss of the gateway.
    await swan.ip('link set ipsec0 txqueuelen 5000');
    await swan.ip('route add 172.16.12.0/24 dev ipsec0 src 172.16.12.2');
    await swan.ip('route add 10.1.1.0/24 dev ipsec0 src 172.16.12.2');
    this.#parts.frr = await Frr.start(swan, bgpd());
  }
}

function present<T>(value: T | undefined): T {
  if (value === undefined) throw new Error('not there yet');
  return value;
}
