/** What `peer-of` makes for a Linux machine, started as it is: strongSwan and FRR against `wheelwright run`. */
import assert from 'node:assert/strict';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { IpAddress } from '../../src/base/index.ts';
import { loadConfiguration } from '../../src/config/index.ts';
import { linuxPeerOf, peerOf } from '../../src/convert/index.ts';
import { withEvidence } from './evidence.ts';
import { Frr } from './frr.ts';
import { type Namespace, Namespaces } from './namespaces.ts';
import { StrongSwan } from './strongswan.ts';
import { until } from './until.ts';
import { type BuiltCommand, installCommand, Wheelwright } from './wheelwright.ts';

const ASA = `hostname site
!
interface GigabitEthernet0/0
 nameif outside
 security-level 0
 ip address 10.0.0.1 255.255.255.0
 no shutdown
!
interface GigabitEthernet0/1
 nameif inside
 security-level 100
 ip address 10.1.1.1 255.255.255.0
 no shutdown
!
interface Tunnel1
 nameif VTI
 ip address 172.16.9.1 255.255.255.252
 tunnel source interface outside
 tunnel destination 10.0.0.2
 tunnel mode ipsec ipv4
 tunnel protection ipsec profile VTI
!
crypto ikev2 policy 10
 encryption aes-256
 integrity sha384
 group 19
 prf sha384
crypto ipsec ikev2 ipsec-proposal ESP
 protocol esp encryption aes-gcm-256
 protocol esp integrity null
crypto ipsec profile VTI
 set ikev2 ipsec-proposal ESP
 set pfs group19
crypto ikev2 enable outside
tunnel-group 10.0.0.2 type ipsec-l2l
tunnel-group 10.0.0.2 ipsec-attributes
 ikev2 remote-authentication pre-shared-key linux-shows
 ikev2 local-authentication pre-shared-key site"shows\\it
!
sysopt connection tcpmss 1300
router bgp 65001
 timers bgp 1 3 0
 address-family ipv4 unicast
  neighbor 172.16.9.2 remote-as 65002
  neighbor 172.16.9.2 description linux
  neighbor 172.16.9.2 password word
  neighbor 172.16.9.2 activate
  network 10.1.1.0 mask 255.255.255.0
 exit-address-family
`;

let command: BuiltCommand;
let namespaces: Namespaces;
let site: Namespace;
let linux: Namespace;

before(async () => {
  command = installCommand();
  namespaces = new Namespaces('peerof');
  site = await namespaces.add('site');
  linux = await namespaces.add('linux');
  const lan = await namespaces.add('lan');
  await namespaces.cable(
    { at: site, name: 'out', addresses: ['10.0.0.1/24'] },
    { at: linux, name: 'out', addresses: ['10.0.0.2/24'] },
  );
  await namespaces.cable(
    { at: site, name: 'in', addresses: ['10.1.1.1/24'] },
    { at: lan, name: 'l1', addresses: ['10.1.1.10/24'] },
  );
  await namespaces.cable(
    { at: linux, name: 'in', addresses: ['10.1.2.1/24'] },
    { at: lan, name: 'l2', addresses: ['10.1.2.10/24'] },
  );
});

after(async () => {
  await namespaces?.close();
  command?.remove();
});

const address = IpAddress.parse('10.1.2.1');
assert.ok(address, 'an address');
const LAN = { lans: [{ address, length: 24 }] };

/** The device of the tests as each dialect has it: an IOS-XE router is the peer of its Linux peer's place. */
function siteIn(dialect: 'asa' | 'iosxe'): string {
  if (dialect === 'asa') return ASA;
  const there = peerOf(loadConfiguration(ASA, 'site').model, 'asa', { choices: LAN });
  assert.ok(there.ok, 'the peer');
  const inside = IpAddress.parse('10.1.1.1');
  assert.ok(inside, 'an address');
  const lans = [{ address: inside, length: 24 }];
  const back = peerOf(there.value.model, 'iosxe', { choices: { lans } });
  assert.ok(back.ok, 'the site');
  return back.value.text;
}

for (const dialect of ['asa', 'iosxe'] as const) {
  test(`${dialect}: the Linux peer comes up, BGP tells its network, pings pass`, { timeout: 120_000 }, async () => {
    const text = siteIn(dialect);
    const made = linuxPeerOf(loadConfiguration(text, 'site').model, {
      choices: { ...LAN, name: 'linux' },
      esp: 'user',
    });
    assert.ok(made.ok, made.ok ? '' : JSON.stringify(made.error));
    const files = new Map(made.value.files.map((one) => [one.name, one.text]));
    const links = { 'GigabitEthernet0/0': 'out', 'GigabitEthernet0/1': 'in' };
    const gateway = await Wheelwright.start(command, site, text, links);
    const swan = await StrongSwan.start(linux, { settings: 'install_routes = no' });
    let frr: Frr | undefined;
    const witnesses = { gateway, swan, frr: { log: () => frr?.log() ?? '' } };
    await withEvidence(witnesses, async () => {
      const script = join(linux.folder, 'up.sh');
      writeFileSync(script, files.get('up.sh') ?? '');
      await until(
        "charon's device",
        async () => (await linux.outcomeOf('ip', ['link', 'show', 'ipsec0'])).status === 0,
      );
      for (const time of ['first', 'second']) {
        const { status, stderr } = await linux.outcomeOf('sh', [script]);
        assert.equal(status, 0, `${time}: ${stderr}`);
      }
      await swan.load(files.get('swanctl.conf') ?? '');
      await until('the tunnel', async () => (await swan.sas()).some(({ children }) => children.length > 0), 30_000);
      await until('pings in the tunnel', () => linux.pings('172.16.9.1', '172.16.9.2'), 30_000);
      frr = await Frr.start(linux, files.get('frr.conf') ?? '');
      await frr.untilEstablished('172.16.9.1');
      const learned = async () => (await linux.outcomeOf('ip', ['route', 'get', '10.1.1.1'])).stdout.includes('ipsec0');
      await until('the network behind the site', learned, 30_000);
      await until('pings between networks', () => linux.pings('10.1.1.1', '10.1.2.1', 3), 30_000);
    });
    await frr?.stop();
    await swan.stop();
    await gateway.stop();
    // The next one begins with nothing of this one.
    await linux.outcomeOf('rm', ['-rf', join(linux.folder, 'frr')]);
  });
}

test("strongSwan takes the file for the kernel's ESP as well", { timeout: 60_000 }, async () => {
  const made = linuxPeerOf(loadConfiguration(ASA, 'site').model, { choices: LAN });
  assert.ok(made.ok, 'made');
  const swan = await StrongSwan.start(linux, { settings: 'install_routes = no' });
  await withEvidence({ swan }, async () => {
    await swan.load(made.value.files.find(({ name }) => name === 'swanctl.conf')?.text ?? '');
  });
  await swan.stop();
});
