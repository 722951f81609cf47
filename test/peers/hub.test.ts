/**
 * The reverse: the first document's hub as `wheelwright run`, its spokes strongSwan with FRR. A spoke that is no Cisco tells
 * no subnets over IKEv2: the hub finds it by its selectors (`reverse-route`).
 */
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { after, before, describe } from 'node:test';
import { root } from '../../src/cli/command-fixture.ts';
import { withEvidence } from './evidence.ts';
import { Frr } from './frr.ts';
import { matrix, Proof } from './matrix.ts';
import { type Namespace, Namespaces } from './namespaces.ts';
import { StrongSwan } from './strongswan.ts';
import { connectionConfig } from './swanctl-config.ts';
import { until } from './until.ts';
import { type BuiltCommand, installCommand, Wheelwright } from './wheelwright.ts';

const MANY = 10_000;
const PASSWORD = 'a key of TCP segments';
const NAT_OUTSIDE = '10.0.0.99';

type SpokePlan = Readonly<{ n: 1 | 2; end: number; password?: string }>;
const SPOKES: readonly SpokePlan[] = [
  { n: 1, end: 5, password: PASSWORD.replaceAll(' ', '-') },
  { n: 2, end: 9 },
];

/** A spoke of strongSwan and FRR, with a LAN behind it. */
class Spoke {
  readonly plan: SpokePlan;
  readonly machine: Namespace;
  readonly lan: Namespace;
  strongSwan: StrongSwan;
  frr: Frr;

  private constructor(plan: SpokePlan, machine: Namespace, lan: Namespace, strongSwan: StrongSwan, frr: Frr) {
    this.plan = plan;
    this.machine = machine;
    this.lan = lan;
    this.strongSwan = strongSwan;
    this.frr = frr;
  }

  static async open(namespaces: Namespaces, plan: SpokePlan, isBehindNat: boolean): Promise<Spoke> {
    const { n, end } = plan;
    const machine = await namespaces.add(`spoke${n}`);
    const lan = await namespaces.add(`lan${n}`);
    await machine.forward();
    const outer = isBehindNat ? `192.168.7.${n}` : `10.0.0.${n}`;
    await namespaces.cable(
      { at: machine, name: 'eth0', addresses: [`${outer}/24`] },
      { at: namespaces.named(isBehindNat ? 'nat' : 'internet'), name: `spoke${n}`, addresses: [] },
    );
    await namespaces.named(isBehindNat ? 'nat' : 'internet').ip(`link set spoke${n} master bridge`);
    if (isBehindNat) await machine.ip('route add default via 192.168.7.254');
    await namespaces.cable(
      { at: machine, name: 'eth1', addresses: [`10.1.${n}.1/24`] },
      { at: lan, name: 'eth0', addresses: [`10.1.${n}.10/24`] },
    );
    await lan.ip(`route add default via 10.1.${n}.1`);
    await machine.ip(`address add 172.16.1.${end}/32 dev lo`);
    const strongSwan = await Spoke.#connect(machine, plan, outer);
    return new Spoke(plan, machine, lan, strongSwan, await Frr.start(machine, Spoke.#bgpd(plan)));
  }

  static async #connect(machine: Namespace, { n, end }: SpokePlan, local: string): Promise<StrongSwan> {
    const strongSwan = await StrongSwan.start(machine);
    await strongSwan.load(
      connectionConfig({
        ...{ local, remote: '10.0.0.253', localId: `10.0.0.${n}` },
        ...{ proposals: 'aes256-sha384-ecp256', espProposals: 'aes128-sha1' },
        localSelectors: `172.16.1.${end}/32, 10.1.${n}.0/24`,
        remoteSelectors: `172.16.1.253/32, 10.250.0.0/24, 10.1.${3 - n}.0/24`,
        keys: [`spoke${n}-to-hub1`, `hub1-to-spoke${n}`],
      }),
    );
    await machine.ip('route add 172.16.1.253/32 dev ipsec0');
    const { status, stdout } = await strongSwan.initiate('net', 30_000);
    assert.equal(status, 0, stdout);
    return strongSwan;
  }

  static #bgpd({ n, end, password }: SpokePlan): string {
    return `router bgp 6500${n}
      bgp router-id 172.16.1.${end}
      no bgp ebgp-requires-policy
      neighbor 172.16.1.253 remote-as 65000
      neighbor 172.16.1.253 ebgp-multihop 2
      neighbor 172.16.1.253 update-source 172.16.1.${end}
      neighbor 172.16.1.253 timers 5 15
      neighbor 172.16.1.253 timers connect 1
      ${password === undefined ? '' : `neighbor 172.16.1.253 password ${password}`}
      address-family ipv4 unicast
        network 10.1.${n}.0/24
        redistribute kernel
      exit-address-family`;
  }

  /** strongSwan is killed and another begins in its place. */
  async replace(isBehindNat: boolean): Promise<void> {
    await this.strongSwan.stop('SIGKILL');
    const outer = isBehindNat ? `192.168.7.${this.plan.n}` : `10.0.0.${this.plan.n}`;
    this.strongSwan = await Spoke.#connect(this.machine, this.plan, outer);
  }

  /** Kernel routes that FRR tells the hub, as many as asked for, come or go at once. */
  async batch(verb: 'add' | 'del', count: number): Promise<void> {
    const lines = Array.from({ length: count }, (_, i) => {
      const prefix = `10.${64 + (i >> 12)}.${(i >> 4) & 255}.${(i & 15) << 4}/28`;
      return `route ${verb} blackhole ${prefix} proto 99`;
    });
    await this.machine.run('ip', ['-batch', '-'], { input: lines.join('\n') });
  }
}

const proof = new Proof(matrix.reverse);
let command: BuiltCommand;
before(() => {
  command = installCommand();
});
after(() => command?.remove());

for (const [column, isBehindNat] of [
  ['directly', false],
  ['both behind one NAT', true],
] as const) {
  describe(`the first document's hub, ${column}`, { timeout: 240_000 }, () => {
    let namespaces: Namespaces;
    let machine: Namespace;
    let host: Namespace;
    let hub: Wheelwright;
    const spokes: Spoke[] = [];

    const config = (): string => {
      const text = readFileSync(join(root, 'examples/hub-and-spoke/hub1.cfg'), 'utf8');
      const [first] = SPOKES;
      return text
        .replace('crypto ipsec profile VTI\n', 'crypto ipsec profile VTI\n reverse-route\n')
        .replace(
          '  neighbor 172.16.1.5 activate\n',
          `  neighbor 172.16.1.5 password ${first?.password}\n  neighbor 172.16.1.5 activate\n`,
        );
    };
    const step = (act: () => Promise<void>): Promise<void> =>
      withEvidence(
        {
          ...(hub === undefined ? {} : { hub }),
          ...Object.fromEntries(spokes.map((one) => [`spoke${one.plan.n}`, one.strongSwan])),
        },
        act,
      );
    const hubReaches = async (prefix: string): Promise<boolean> =>
      (await machine.ip('route show')).includes(`${prefix} `);
    const hubCount = async (): Promise<number> =>
      (await machine.ip('route show')).split('\n').filter((line) => /^10\.(6[4-9]|7\d)\./.test(line)).length;

    before(async () => {
      namespaces = new Namespaces(isBehindNat ? 'hub-nat' : 'hub');
      const internet = await namespaces.add('internet');
      await internet.ip('link add bridge type bridge');
      await internet.ip('link set bridge up');
      machine = await namespaces.add('hub');
      host = await namespaces.add('dc');
      await machine.forward();
      await namespaces.cable(
        { at: machine, name: 'eth0', addresses: ['10.0.0.253/24'] },
        { at: internet, name: 'hub', addresses: [] },
      );
      await internet.ip('link set hub master bridge');
      await namespaces.cable(
        { at: machine, name: 'eth1', addresses: ['10.250.0.1/24', '2001:db8:250::1/64'] },
        { at: host, name: 'eth0', addresses: ['10.250.0.10/24'] },
      );
      await host.ip('route add default via 10.250.0.1');
      if (!isBehindNat) return;
      const nat = await namespaces.add('nat');
      await nat.ip('link add bridge type bridge');
      await nat.ip('address add 192.168.7.254/24 dev bridge');
      await nat.ip('link set bridge up');
      await namespaces.cable(
        { at: nat, name: 'wan', addresses: [`${NAT_OUTSIDE}/24`] },
        { at: internet, name: 'nat', addresses: [] },
      );
      await internet.ip('link set nat master bridge');
      await nat.masquerade('wan');
    });
    after(() => namespaces?.close());

    proof.cell('both spokes and BGP with each come up, one with MD5', column, () =>
      step(async () => {
        const links = { 'GigabitEthernet0/0': 'eth0', 'GigabitEthernet0/1': 'eth1' };
        hub = await Wheelwright.start(command, machine, config(), links);
        for (const plan of SPOKES) spokes.push(await Spoke.open(namespaces, plan, isBehindNat));
        for (const { frr } of spokes) await frr.untilEstablished('172.16.1.253', 60_000);
        for (const { plan } of spokes) await until(`the hub's route`, () => hubReaches(`10.1.${plan.n}.0/24`));
      }),
    );

    proof.cell('pings from LAN to LAN and from spoke to spoke', column, () =>
      step(async () => {
        assert.equal(spokes.length, SPOKES.length);
        for (const { plan, lan } of spokes) {
          await until('the data centre answers', () => lan.pings('10.250.0.10'));
          assert.ok(await lan.pings('10.250.0.10', undefined, 10));
          assert.ok(await host.pings(`10.1.${plan.n}.10`, undefined, 10));
          assert.ok(await lan.pings(`10.1.${3 - plan.n}.10`, undefined, 10), 'spoke to spoke');
        }
      }),
    );

    proof.cell('10,000 prefixes told and taken back', column, () =>
      step(async () => {
        const [spoke] = spokes;
        await spoke?.batch('add', MANY);
        await until('all are in the kernel', async () => (await hubCount()) === MANY, 60_000);
        await spoke?.batch('del', MANY);
        await until('none is left', async () => (await hubCount()) === 0, 60_000);
      }),
    );

    proof.cell('a BGP session is shut and opened again', column, () =>
      step(async () => {
        const [spoke] = spokes;
        await spoke?.batch('add', 1);
        await until('the hub learns a route', async () => (await hubCount()) === 1);
        await spoke?.frr.configure('router bgp 65001', 'neighbor 172.16.1.253 shutdown');
        await until('the route is gone', async () => (await hubCount()) === 0);
        await spoke?.frr.configure('router bgp 65001', 'no neighbor 172.16.1.253 shutdown');
        await spoke?.frr.untilEstablished('172.16.1.253', 60_000);
        await until('the route is back', async () => (await hubCount()) === 1);
        assert.ok(await spoke?.lan.pings('10.250.0.10', undefined, 5));
      }),
    );

    proof.cell('a spoke dies and returns', column, () =>
      step(async () => {
        const [spoke, other] = spokes;
        await spoke?.replace(isBehindNat);
        await spoke?.frr.untilEstablished('172.16.1.253', 60_000);
        await until('the data centre answers', () => spoke?.lan.pings('10.250.0.10') ?? false, 30_000);
        assert.ok(await other?.lan.pings('10.250.0.10', undefined, 5), 'the other one was disturbed');
        const text = await hub.show('crypto', 'ikev2', 'sa');
        assert.equal(text.match(/READY/g)?.length, SPOKES.length, text);
      }),
    );
  });
}
