/** BGP with a neighbour on the machine's own network: the kernel's TCP on both sides, FRR on the other. */
import assert from 'node:assert/strict';
import { createInterface } from 'node:readline';
import { after, before, test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { withEvidence } from './evidence.ts';
import { Frr } from './frr.ts';
import type { LanOrder, LanView } from './lan-gateway.ts';
import { type Namespace, Namespaces } from './namespaces.ts';
import type { Running } from './process.ts';
import { until } from './until.ts';

const MANY = 10_000;
const PROGRAM = fileURLToPath(new URL('lan-gateway.ts', import.meta.url));
const PEERS = { 4: '192.0.2.2', 6: '2001:db8::2' } as const;
const OURS = { 4: '192.0.2.1', 6: '2001:db8::1' } as const;

type Neighbor = LanView['neighbors'][number];

/** Our gateway in its namespace. */
class LanGateway {
  readonly #running: Running;
  readonly #waiting = new Map<number, (answer: LanView | null) => void>();
  #ids = 0;

  constructor(namespace: Namespace) {
    this.#running = namespace.spawn(process.execPath, ['--import', 'tsx', PROGRAM]);
    createInterface({ input: this.#running.child.stdout }).on('line', (line) => {
      const { id, answer } = JSON.parse(line) as Readonly<{ id: number; answer: LanView | null }>;
      this.#waiting.get(id)?.(answer);
      this.#waiting.delete(id);
    });
  }

  async view(): Promise<LanView> {
    const view = await this.ask({ kind: 'view' });
    assert.ok(view !== null);
    return view;
  }

  async neighbor(address: string): Promise<Neighbor> {
    const found = (await this.view()).neighbors.find((one) => one.address === address);
    assert.ok(found, address);
    return found;
  }

  ask(order: LanOrder): Promise<LanView | null> {
    this.#running.runs();
    const id = ++this.#ids;
    this.#running.child.stdin.write(`${JSON.stringify({ id, order })}\n`);
    return new Promise((resolve, reject) => {
      const fail = (): void => reject(new Error(`no answer to ${order.kind}: ${this.log()}`));
      this.#running.child.once('exit', fail);
      this.#waiting.set(id, (answer) => {
        this.#running.child.off('exit', fail);
        resolve(answer);
      });
    });
  }

  log(): string {
    return this.#running.output.replace(/^\{"id".*\n/gm, '');
  }
}

let namespaces: Namespaces;
let peer: Namespace;
let ours: LanGateway;
let frr: Frr;

before(async () => {
  namespaces = new Namespaces('lan');
  const here = await namespaces.add('gw');
  peer = await namespaces.add('frr');
  await namespaces.cable(
    { at: here, name: 'eth0', addresses: ['192.0.2.1/24', '2001:db8::1/64'] },
    { at: peer, name: 'eth0', addresses: ['192.0.2.2/24', '2001:db8::2/64'] },
  );
  frr = await Frr.start(peer, frrText());
  ours = new LanGateway(here);
});

after(() => namespaces.close());

type Terms = Readonly<{ ours?: readonly string[]; theirs?: readonly string[] }>;

/** FRR with its neighbours as a whole: what differs from test to test is told by vtysh. */
function frrText(): string {
  const many = Array.from({ length: MANY }, (_, i) => `  network ${numbered(20, i)}/24`);
  return `router bgp 65002
 bgp router-id 10.255.0.2
 no bgp ebgp-requires-policy
 no bgp network import-check
 timers bgp 1 3
 address-family ipv4 unicast
${many.join('\n')}
 exit-address-family
 address-family ipv6 unicast
  network 2001:db8:20::/48
 exit-address-family
`;
}

function numbered(first: number, i: number): string {
  return `${first}.${i >> 8}.${i & 255}.0`;
}

function ourText({ ours: lines = [] }: Terms, routes = 1): string {
  const statics = Array.from({ length: routes }, (_, i) => `route inside ${numbered(10, i)} 255.255.255.0 Null0 1`);
  const neighbor = (family: 4 | 6): string =>
    ['remote-as 65002', ...lines, 'activate'].map((line) => `  neighbor ${PEERS[family]} ${line}\n`).join('');
  return `hostname gateway
!
interface GigabitEthernet0/0
 nameif inside
 security-level 100
 ip address 192.0.2.1 255.255.255.0
 ipv6 address 2001:db8::1/64
 no shutdown
!
${statics.join('\n')}
router bgp 65001
 bgp router-id 10.255.0.1
 timers bgp 1 3 0
 address-family ipv4 unicast
${neighbor(4)}  redistribute static
 exit-address-family
 address-family ipv6 unicast
${neighbor(6)}  redistribute connected
 exit-address-family
!
`;
}

/** Both sides under these terms, from nothing. */
async function begin(terms: Terms, routes?: number): Promise<void> {
  const text = ourText(terms, routes);
  await ours.ask({ kind: 'configure', text: text.slice(0, text.indexOf('router bgp')) });
  const neighbors = [4, 6] as const;
  await frr.configure(
    'router bgp 65002',
    ...neighbors.flatMap((family) => [
      `no neighbor ${OURS[family]} remote-as 65001`,
      `neighbor ${OURS[family]} remote-as 65001`,
      `neighbor ${OURS[family]} timers connect 1`,
      ...(terms.theirs ?? []).map((line) => `neighbor ${OURS[family]} ${line}`),
    ]),
    'address-family ipv6 unicast',
    `no neighbor ${OURS[4]} activate`,
    `neighbor ${OURS[6]} activate`,
    'exit-address-family',
    'address-family ipv4 unicast',
    `no neighbor ${OURS[6]} activate`,
    'exit-address-family',
  );
  await ours.ask({ kind: 'configure', text });
}

async function untilUp(): Promise<void> {
  for (const family of [4, 6] as const) {
    await frr.untilEstablished(OURS[family]);
    const isUp = async () => (await ours.neighbor(PEERS[family])).state === 'Established';
    await until(`our session with ${PEERS[family]}`, isUp, 30_000);
  }
}

const evidence = (step: () => Promise<void>): Promise<void> => withEvidence({ ours, frr }, step);

async function accepted(family: 4 | 6): Promise<number | undefined> {
  const info = (await frr.neighbor(OURS[family]))?.addressFamilyInfo;
  return info?.[family === 4 ? 'ipv4Unicast' : 'ipv6Unicast']?.acceptedPrefixCounter;
}

const PROVEN: Readonly<Record<string, Terms>> = {
  'plain, both open': {},
  'FRR opens': { ours: ['transport connection-mode passive'] },
  'we open': { ours: ['transport connection-mode active'], theirs: ['passive'] },
  'MD5, FRR opens': { ours: ['password secret', 'transport connection-mode passive'], theirs: ['password secret'] },
  'MD5, we open': { ours: ['password secret'], theirs: ['password secret', 'passive'] },
  'GTSM, FRR opens': {
    ours: ['ttl-security hops 1', 'transport connection-mode passive'],
    theirs: ['ttl-security hops 1'],
  },
  'GTSM and MD5, we open': {
    ours: ['ttl-security hops 1', 'password secret'],
    theirs: ['ttl-security hops 1', 'password secret', 'passive'],
  },
  'multihop with an update source': {
    ours: ['ebgp-multihop 3', 'update-source inside'],
    theirs: ['ebgp-multihop 3'],
  },
};

for (const [name, terms] of Object.entries(PROVEN)) {
  test(`${name}: over IPv4 and IPv6`, { timeout: 90_000 }, () =>
    evidence(async () => {
      await begin(terms);
      await untilUp();
      await until('routes both ways', async () => (await accepted(4)) === 1 && ((await accepted(6)) ?? 0) > 0);
      await until('all of theirs', async () => (await ours.neighbor(PEERS[4])).received === MANY, 30_000);
      for (const family of [4, 6] as const) {
        await until(`our end, IPv${family}`, async () => (await ours.neighbor(PEERS[family])).local === OURS[family]);
      }
    }),
  );
}

const REFUSED: Readonly<Record<string, Terms & { readonly notice: RegExp }>> = {
  'another password': {
    ours: ['password one'],
    theirs: ['password two'],
    notice: /^(md5-invalid|md5-unanswered) .*password/,
  },
  'a password of ours alone': {
    ours: ['password one'],
    notice: /^(md5-missing|md5-unanswered) .*password/,
  },
  'a password of theirs alone': { theirs: ['password two'], notice: /^md5-unexpected .*we have none for it/ },
  'GTSM of ours alone': {
    ours: ['ttl-security hops 1', 'transport connection-mode passive'],
    notice: /^ttl-security .*does not use it/,
  },
};

for (const [name, { notice, ...terms }] of Object.entries(REFUSED)) {
  test(`${name}: never established, and it is said`, { timeout: 90_000 }, () =>
    evidence(async () => {
      const known = (await ours.view()).logs.length;
      await begin(terms);
      const said = async () =>
        (await ours.view()).logs.slice(known).some(({ code, text }) => notice.test(`${code} ${text}`));
      await until('it is said', said, 40_000);
      for (const family of [4, 6] as const) {
        assert.equal((await ours.neighbor(PEERS[family])).establishedCount, 0);
        assert.notEqual((await frr.neighbor(OURS[family]))?.bgpState, 'Established');
      }
      // The way back is to correct it.
      const corrected = terms.ours ?? [];
      await begin({ ours: corrected, theirs: corrected.filter((line) => !line.startsWith('transport')) });
      await untilUp();
    }),
  );
}

test(`${MANY} prefixes each way, a flap, and all of it again`, { timeout: 180_000 }, () =>
  evidence(async () => {
    await begin({ ours: ['password secret'], theirs: ['password secret'] }, MANY);
    await untilUp();
    const exchanged = async () => (await accepted(4)) === MANY && (await ours.neighbor(PEERS[4])).received === MANY;
    await until('all prefixes', exchanged, 60_000);
    assert.ok((await ours.view()).routes >= 2 * MANY);
    await peer.ip('link set eth0 down');
    await until('the session ends', async () => (await ours.neighbor(PEERS[4])).state !== 'Established', 30_000);
    await until('its routes go', async () => (await ours.view()).routes < MANY + 100);
    await peer.ip('link set eth0 up');
    await peer.ip('address replace 2001:db8::2/64 dev eth0 nodad');
    await untilUp();
    await until('all prefixes again', exchanged, 60_000);
    const { establishedCount } = await ours.neighbor(PEERS[4]);
    assert.equal(establishedCount, 2);
  }),
);

test('many returns leave no descriptor behind', { timeout: 120_000 }, () =>
  evidence(async () => {
    await begin({});
    await untilUp();
    const { descriptors } = await ours.view();
    for (let i = 0; i < 10; i++) {
      const { establishedCount } = await ours.neighbor(PEERS[4]);
      await frr.show('clear bgp *');
      const isBack = async () => (await ours.neighbor(PEERS[4])).establishedCount > establishedCount;
      await until('it returns', isBack, 40_000);
    }
    await untilUp();
    await until('sockets are closed', async () => (await ours.view()).descriptors <= descriptors);
  }),
);

test('the clean stop: FRR is told why, and nothing is open any more', { timeout: 60_000 }, () =>
  evidence(async () => {
    await begin({});
    await untilUp();
    await ours.ask({ kind: 'stop' });
    const json = async () => await frr.show('show bgp neighbors json');
    await until('FRR has heard', async () => /Cease.*(Peer De-?configured|Unconfigured)/i.test(await json()));
  }),
);
