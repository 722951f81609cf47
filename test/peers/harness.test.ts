/**
 * The bench itself, before anything of ours stands on it: strongSwan with strongSwan through a NAT, with ping and FRR's BGP
 * through the tunnel. A peer test that fails where this one passes has found something.
 */
import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { withEvidence } from './evidence.ts';
import { Frr } from './frr.ts';
import { FRR, STRONGSWAN } from './matrix.ts';
import { type Namespace, Namespaces } from './namespaces.ts';
import { StrongSwan } from './strongswan.ts';
import { until } from './until.ts';

const connection = (local: string, remote: string, ids: readonly [string, string], selectors: string): string => `
connections {
  site {
    version = 2
    local_addrs = ${local}
    remote_addrs = ${remote}
    encap = yes
    proposals = aes256-sha384-ecp256
    local {
      auth = psk
      id = ${ids[0]}
    }
    remote {
      auth = psk
      id = ${ids[1]}
    }
    children {
      net {
        ${selectors}
        esp_proposals = aes128-sha1
      }
    }
  }
}
secrets {
  ike-one {
    secret = "cisco"
  }
}`;

describe('the bench', { timeout: 60_000 }, () => {
  let namespaces: Namespaces;
  let inside: Namespace;
  let hub: Namespace;
  let initiator: StrongSwan;
  let responder: StrongSwan;

  before(async () => {
    namespaces = new Namespaces('bench');
    inside = await namespaces.add('inside');
    const nat = await namespaces.add('nat');
    hub = await namespaces.add('hub');
    await namespaces.cable(
      { at: inside, name: 'eth0', addresses: ['192.168.1.2/24', '10.1.0.1/32'] },
      { at: nat, name: 'lan', addresses: ['192.168.1.1/24'] },
    );
    await namespaces.cable(
      { at: nat, name: 'wan', addresses: ['203.0.113.1/24'] },
      { at: hub, name: 'eth0', addresses: ['203.0.113.2/24', '10.2.0.1/32'] },
    );
    await inside.ip('route add default via 192.168.1.1');
    await nat.masquerade('wan');
    initiator = await StrongSwan.start(inside);
    responder = await StrongSwan.start(hub);
  });

  after(() => namespaces?.close());

  test('the peers are those that the documents name', async () => {
    // It looks for a daemon first, and says what it is all the same.
    const { stdout, stderr } = await inside.outcomeOf('swanctl', ['--version']);
    assert.match(stdout + stderr, new RegExp(`^${STRONGSWAN} `, 'm'));
    assert.match(
      await inside.run('/usr/lib/frr/bgpd', ['--version']),
      new RegExp(`^bgpd version ${FRR.split(' ')[1]}`),
    );
  });

  test('strongSwan meets strongSwan through a NAT', async () => {
    await withEvidence({ initiator, responder }, async () => {
      const all = '0.0.0.0/0';
      await initiator.load(
        connection('192.168.1.2', '203.0.113.2', ['spoke', 'hub'], `local_ts = 10.1.0.1/32\n remote_ts = ${all}`),
      );
      await responder.load(
        connection('203.0.113.2', '%any', ['hub', 'spoke'], `local_ts = ${all}\n remote_ts = 10.1.0.1/32`),
      );
      const { status, stdout } = await initiator.initiate('net');
      assert.equal(status, 0, stdout);
      const [sa] = await responder.sas();
      assert.equal(sa?.state, 'ESTABLISHED');
      assert.equal(sa?.remoteAddress, '203.0.113.1');
      assert.notEqual(sa?.remotePort, 0);
      assert.equal(sa?.suite, 'AES_CBC-256/HMAC_SHA2_384_192/PRF_HMAC_SHA2_384/ECP_256');
      assert.deepEqual(
        sa?.children.map(({ state, encapsulated, suite }) => ({ state, encapsulated, suite })),
        [{ state: 'INSTALLED', encapsulated: true, suite: 'AES_CBC-128/HMAC_SHA1_96' }],
      );
      assert.ok(await inside.pings('10.2.0.1', '10.1.0.1', 5));
      assert.equal((await responder.sas())[0]?.children[0]?.packetsIn, 5);
    });
  });

  test('FRR speaks BGP through the tunnel', async () => {
    const bgpd = (as: number, own: string, neighbor: string, neighborAs: number, network: string): string => `
      router bgp ${as}
        bgp router-id ${own}
        no bgp ebgp-requires-policy
        no bgp network import-check
        neighbor ${neighbor} remote-as ${neighborAs}
        neighbor ${neighbor} ebgp-multihop 2
        neighbor ${neighbor} update-source ${own}
        neighbor ${neighbor} timers connect 1
        address-family ipv4 unicast
          network ${network}`;
    // The tunnel's own routes stand in a table of their own, where zebra does not look for next hops.
    await inside.ip('route add 10.2.0.1/32 dev ipsec0');
    await hub.ip('route add 10.1.0.1/32 dev ipsec0');
    const one = await Frr.start(inside, bgpd(65001, '10.1.0.1', '10.2.0.1', 65000, '10.1.1.0/24'));
    const other = await Frr.start(hub, bgpd(65000, '10.2.0.1', '10.1.0.1', 65001, '10.250.0.0/24'));
    await withEvidence({ one, other }, async () => {
      await one.untilEstablished('10.2.0.1');
      await other.untilEstablished('10.1.0.1');
      const isTold = async () => /10\.250\.0\.0\/24 +10\.2\.0\.1/.test(await one.show('show bgp ipv4 unicast'));
      await until('the route arrives', isTold);
    });
  });
});
