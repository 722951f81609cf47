/** The smallest world: our gateway and strongSwan on one network, brought up with one suite after another. */
import assert from 'node:assert/strict';
import { INSIDE, type SiteOptions, siteConfig } from './asa-config.ts';
import { withEvidence } from './evidence.ts';
import type { IkeSaView } from './gateway-orders.ts';
import { GatewayProcess } from './gateway-process.ts';
import { type Namespace, Namespaces } from './namespaces.ts';
import { StrongSwan, type StrongSwanIkeSa, type StrongSwanOptions } from './strongswan.ts';
import {
  type EspSuite,
  espProposal,
  type IkeSuite,
  ikeProposal,
  policyLines,
  profileLines,
  proposalLines,
  USUAL_ESP,
  USUAL_IKE,
} from './suites.ts';
import { type ConnectionOptions, connectionConfig } from './swanctl-config.ts';
import { until } from './until.ts';

export const OURS = { 4: '192.0.2.1', 6: '2001:db8::1' } as const;
export const THEIRS = { 4: '192.0.2.2', 6: '2001:db8::2' } as const;

export type Setting = Readonly<{
  initiator: 'us' | 'them';
  family?: 4 | 6;
  ike?: IkeSuite;
  esp?: EspSuite;
  /** What differs from the usual on either side. */
  site?: Partial<SiteOptions>;
  connection?: Partial<ConnectionOptions>;
}>;

export type SiteWorldOptions = Readonly<{
  label: string;
  strongSwan?: StrongSwanOptions;
  /** How many times as fast our time passes, and how long our packets take each way. */
  rate?: number;
  delayMs?: number;
}>;

export class Site {
  readonly namespaces: Namespaces;
  readonly ourNamespace: Namespace;
  readonly theirNamespace: Namespace;
  readonly us: GatewayProcess;
  readonly them: StrongSwan;

  private constructor(
    namespaces: Namespaces,
    ours: Namespace,
    theirs: Namespace,
    us: GatewayProcess,
    them: StrongSwan,
  ) {
    this.namespaces = namespaces;
    this.ourNamespace = ours;
    this.theirNamespace = theirs;
    this.us = us;
    this.them = them;
  }

  static async open(options: SiteWorldOptions): Promise<Site> {
    const namespaces = new Namespaces(options.label);
    try {
      const ours = await namespaces.add('gateway');
      const theirs = await namespaces.add('peer');
      await namespaces.cable(
        { at: ours, name: 'eth0', addresses: [`${OURS[4]}/24`, `${OURS[6]}/64`] },
        { at: theirs, name: 'eth0', addresses: [`${THEIRS[4]}/24`, `${THEIRS[6]}/64`] },
      );
      const us = new GatewayProcess(ours, { rate: options.rate ?? 1, delayMs: options.delayMs ?? 0 });
      const them = await StrongSwan.start(theirs, options.strongSwan);
      await addInsideAddresses(theirs);
      return new Site(namespaces, ours, theirs, us, them);
    } catch (error) {
      await namespaces.close();
      throw error;
    }
  }

  close(): Promise<void> {
    return this.namespaces.close();
  }

  /** Runs a step of a test with both logs as evidence. */
  step(act: () => Promise<void>): Promise<void> {
    return withEvidence({ gateway: this.us, strongSwan: this.them }, act);
  }

  /** Whatever was there is gone; then both run what is given, and whoever shall initiate does. */
  async configure(setting: Setting): Promise<void> {
    const { initiator, ike = USUAL_IKE, esp = USUAL_ESP, family = 4 } = setting;
    const common = { local: OURS[family], remote: THEIRS[family] };
    const lines = { policy: policyLines(ike), proposal: proposalLines(esp) };
    await this.us.configure(siteConfig({ ...common, ...lines, tunnel: ['shutdown'] }));
    await until('no SA is left', async () => (await this.us.view()).sas.length + (await this.them.sas()).length === 0);
    await this.them.load(
      connectionConfig({
        local: THEIRS[family],
        remote: OURS[family],
        proposals: ikeProposal(ike),
        espProposals: espProposal(esp),
        ...setting.connection,
      }),
    );
    const role = initiator === 'us' ? [] : ['responder-only'];
    const profile = [...profileLines(esp), ...role, ...(setting.site?.profile ?? [])];
    await this.us.configure(siteConfig({ ...common, ...lines, ...setting.site, profile }));
    if (initiator === 'us') return;
    const { status, stdout } = await this.them.initiate('net');
    assert.equal(status, 0, stdout);
  }

  /** Configures, waits until it is up on both sides, and gives the IKE SA as each sees it. */
  async bringUp(setting: Setting): Promise<Readonly<{ us: IkeSaView; them: StrongSwanIkeSa }>> {
    await this.configure(setting);
    const us = await this.us.untilUp();
    assert.equal(us.role, setting.initiator === 'us' ? 'initiator' : 'responder');
    const them = (await this.them.sas()).find(({ state }) => state === 'ESTABLISHED');
    assert.ok(them !== undefined, 'strongSwan has no IKE SA');
    assert.equal(us.children.length, 1);
    assert.deepEqual(
      them.children.map(({ state }) => state),
      ['INSTALLED'],
    );
    return { us, them };
  }

  /** Traffic passes both ways, IPv4 and IPv6 inside. */
  async pingBothWays(): Promise<void> {
    for (const destination of [INSIDE.theirs, INSIDE.theirs6]) {
      const { replies, results } = await this.us.ping(destination, { count: 2 });
      assert.equal(replies, 2, `we ping ${destination}: ${results}`);
    }
    assert.ok(await this.theirNamespace.pings(INSIDE.ours, INSIDE.theirs, 2), `strongSwan pings ${INSIDE.ours}`);
    assert.ok(await this.theirNamespace.pings(INSIDE.ours6, INSIDE.theirs6, 2), `strongSwan pings ${INSIDE.ours6}`);
  }
}

/** strongSwan has no interface for a tunnel: its end's addresses stand on the loopback. */
async function addInsideAddresses(namespace: Namespace): Promise<void> {
  await namespace.ip(`address add ${INSIDE.theirs}/32 dev lo`);
  await namespace.ip(`address add ${INSIDE.theirs6}/128 dev lo`);
  // It makes no route of its own for ::/0.
  await namespace.ip(`-6 route add ${INSIDE.ours6}/128 dev ipsec0 src ${INSIDE.theirs6}`);
}
