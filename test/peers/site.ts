/** The smallest world: our gateway and strongSwan on one network, brought up with one suite after another. */
import assert from 'node:assert/strict';
import { INSIDE, type SiteOptions, siteConfig } from './asa-config.ts';
import { withEvidence } from './evidence.ts';
import type { CredentialTexts, IkeSaView } from './gateway-orders.ts';
import { GatewayProcess } from './gateway-process.ts';
import { type Namespace, Namespaces } from './namespaces.ts';
import { ProbeStream } from './probe-stream.ts';
import { outcomeOf } from './process.ts';
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

/** Who is behind a NAT; the peer then sees the NAT's address. */
export type Nat = 'before us' | 'before them' | 'none';

/** Outer addresses: an end's own, and where the other one finds it. */
type Ends = Readonly<{ own: string; seen: string }>;
type Outer = Readonly<{ us: Ends; them: Ends; routes?: readonly string[] }>;

const same = (address: string): Ends => ({ own: address, seen: address });
const HIDDEN = '192.168.1.2';
const NAT_INSIDE = '192.168.1.1';
const NAT_OUTSIDE = '192.0.2.254';
const OURS = '192.0.2.1';
const THEIRS = '192.0.2.2';
const BY_NAT: Readonly<Record<Nat, Outer>> = {
  none: { us: same(OURS), them: same(THEIRS) },
  'before us': {
    us: { own: HIDDEN, seen: NAT_OUTSIDE },
    them: same(THEIRS),
    routes: [`route outside 0.0.0.0 0.0.0.0 ${NAT_INSIDE}`],
  },
  'before them': { us: same(OURS), them: { own: HIDDEN, seen: NAT_OUTSIDE } },
};
const OUTER_V6: Outer = { us: same('2001:db8::1'), them: same('2001:db8::2') };

export type Setting = Readonly<{
  initiator: 'us' | 'them';
  family?: 4 | 6;
  ike?: IkeSuite;
  esp?: EspSuite;
  /** What differs from the usual on either side. */
  site?: Partial<SiteOptions>;
  connection?: Partial<ConnectionOptions>;
  /** Our keys and certificates. */
  credentials?: CredentialTexts;
}>;

export type SiteWorldOptions = Readonly<{
  label: string;
  strongSwan?: StrongSwanOptions;
  /** How many times as fast our time passes, and how long our packets take each way. */
  rate?: number;
  delayMs?: number;
  nat?: Nat;
}>;

export class Site {
  readonly namespaces: Namespaces;
  readonly ourNamespace: Namespace;
  readonly theirNamespace: Namespace;
  us: GatewayProcess;
  them: StrongSwan;

  readonly #outer: Outer;
  readonly #options: SiteWorldOptions;
  #last: Setting | undefined;

  private constructor(
    options: SiteWorldOptions,
    namespaces: Namespaces,
    ours: Namespace,
    theirs: Namespace,
    them: StrongSwan,
  ) {
    this.#options = options;
    this.#outer = BY_NAT[options.nat ?? 'none'];
    this.namespaces = namespaces;
    this.ourNamespace = ours;
    this.theirNamespace = theirs;
    this.us = new GatewayProcess(ours, options);
    this.them = them;
  }

  static async open(options: SiteWorldOptions): Promise<Site> {
    const namespaces = new Namespaces(options.label);
    try {
      const ours = await namespaces.add('gateway');
      const theirs = await namespaces.add('peer');
      await connect(namespaces, ours, theirs, options.nat ?? 'none');
      const them = await StrongSwan.start(theirs, options.strongSwan);
      await addInsideAddresses(theirs);
      return new Site(options, namespaces, ours, theirs, them);
    } catch (error) {
      await namespaces.close();
      throw error;
    }
  }

  /** strongSwan dies without a word, and another one begins in its place; it has the same connections. */
  async replaceThem(setting: Setting): Promise<void> {
    await this.them.stop('SIGKILL');
    this.them = await StrongSwan.start(this.theirNamespace, this.#options.strongSwan);
    await addInsideRoute(this.theirNamespace);
    await this.them.load(this.#connectionConfig(setting));
  }

  /** The same with our gateway. */
  async replaceUs(setting: Setting): Promise<void> {
    await this.us.stop('SIGKILL');
    this.us = new GatewayProcess(this.ourNamespace, this.#options);
    await this.us.configure(this.#siteConfig(setting));
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
    // Shut as it is, for an address that is gone can not say goodbye.
    const last = this.#last ?? setting;
    await this.us.configure(this.#siteConfig({ ...last, site: { ...last.site, tunnel: ['shutdown'] } }));
    this.#last = setting;
    await until('no SA is left', async () => {
      const theirs = (await this.them.sas()).filter(({ state }) => state !== 'CONNECTING');
      return (await this.us.view()).sas.length + theirs.length === 0;
    });
    await this.them.load(this.#connectionConfig(setting));
    await this.us.configure(this.#siteConfig(setting), setting.credentials);
    if (setting.initiator === 'them') await this.theyInitiate();
  }

  async theyInitiate(): Promise<void> {
    const { status, stdout } = await this.them.initiate('net');
    assert.equal(status, 0, stdout);
  }

  #siteConfig({ initiator, family = 4, ike = USUAL_IKE, esp = USUAL_ESP, site }: Setting): string {
    const { us, them, routes = [] } = family === 6 ? OUTER_V6 : this.#outer;
    const role = initiator === 'us' ? [] : ['responder-only'];
    return siteConfig({
      ...{ local: us.own, remote: them.seen, policy: policyLines(ike), proposal: proposalLines(esp) },
      ...site,
      profile: [...profileLines(esp), ...role, ...(site?.profile ?? [])],
      device: [...routes, ...(site?.device ?? [])],
    });
  }

  #connectionConfig({ family = 4, ike = USUAL_IKE, esp = USUAL_ESP, connection }: Setting): string {
    const { us, them } = family === 6 ? OUTER_V6 : this.#outer;
    return connectionConfig({
      ...{ local: them.own, remote: us.seen, remoteId: us.own },
      ...{ proposals: ikeProposal(ike), espProposals: espProposal(esp) },
      ...connection,
    });
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

  /**
   * Numbered probes of strongSwan pass all the while that something is done: none is lost, none comes twice, and their
   * order stays. Gives how many there were.
   */
  async probeDuring(act: () => Promise<void>, intervalMs = 5): Promise<number> {
    const stream = new ProbeStream(this.theirNamespace, INSIDE.ours, INSIDE.theirs, intervalMs);
    await stream.begin();
    await act();
    return stream.end();
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

async function connect(namespaces: Namespaces, ours: Namespace, theirs: Namespace, nat: Nat): Promise<void> {
  if (nat === 'none') {
    const { us, them } = BY_NAT.none;
    await namespaces.cable(
      { at: ours, name: 'eth0', addresses: [`${us.own}/24`, `${OUTER_V6.us.own}/64`] },
      { at: theirs, name: 'eth0', addresses: [`${them.own}/24`, `${OUTER_V6.them.own}/64`] },
    );
    return;
  }
  const [hidden, open, address] = nat === 'before us' ? [ours, theirs, THEIRS] : [theirs, ours, OURS];
  const middle = await namespaces.add('nat');
  await namespaces.cable(
    { at: hidden, name: 'eth0', addresses: [`${HIDDEN}/24`] },
    { at: middle, name: 'lan', addresses: [`${NAT_INSIDE}/24`] },
  );
  await namespaces.cable(
    { at: middle, name: 'wan', addresses: [`${NAT_OUTSIDE}/24`] },
    { at: open, name: 'eth0', addresses: [`${address}/24`] },
  );
  await hidden.ip(`route add default via ${NAT_INSIDE}`);
  await middle.masquerade('wan');
}

/** strongSwan has no interface for a tunnel: its end's addresses stand on the loopback. */
async function addInsideAddresses(namespace: Namespace): Promise<void> {
  await namespace.ip(`address add ${INSIDE.theirs}/32 dev lo`);
  await namespace.ip(`address add ${INSIDE.theirs6}/128 dev lo nodad`);
  await addInsideRoute(namespace);
}

/** It makes no route of its own for ::/0. The kernel may take a moment until it knows the address as a source. */
async function addInsideRoute({ name }: Namespace): Promise<void> {
  const words = ['-n', name, '-6', 'route', 'replace', `${INSIDE.ours6}/128`, 'dev', 'ipsec0', 'src', INSIDE.theirs6];
  await until('the route into the tunnel', async () => (await outcomeOf('ip', words)).status === 0);
}
