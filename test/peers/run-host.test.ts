/**
 * Two gateways as machines of their own, with hosts behind them: kernel to kernel through our tunnels, over IPv4 and IPv6,
 * raw ESP and UDP behind a NAT, the fast plane with itself and with the software plane.
 */
import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { after, describe, test } from 'node:test';
import { HostProcess } from './host-process.ts';
import { type Namespace, Namespaces } from './namespaces.ts';
import { until } from './until.ts';

type Outer = Readonly<{ family: 4 | 6; nat: boolean; planes: readonly ['fast' | 'software', 'fast' | 'software'] }>;

const LISTEN = `
const { createHash } = require('node:crypto');
require('node:net').createServer((socket) => {
  const hash = createHash('sha256');
  socket.on('data', (data) => hash.update(data)).on('end', () => socket.end(hash.digest('hex')));
}).listen(7777, '::', () => console.log('listens'));`;
const SEND = `
const [host, file] = process.argv.slice(1);
const socket = require('node:net').connect(7777, host);
socket.on('data', (data) => process.stdout.write(data)).on('error', (error) => { throw error; });
require('node:fs').createReadStream(file).pipe(socket);`;

/** Gateway `n` of two, behind a NAT if the first is. */
function text(n: 1 | 2, { family, nat }: Outer): string {
  const m = n === 1 ? 2 : 1;
  const remote = family === 6 ? `2001:db8::${m}` : nat && n === 2 ? '192.0.2.254' : `192.0.2.${m}`;
  const own =
    family === 6
      ? `ipv6 address 2001:db8::${n}/64`
      : `ip address ${nat && n === 1 ? '192.168.1.2' : `192.0.2.${n}`} 255.255.255.0`;
  return `hostname gw${n}
interface GigabitEthernet0/0
 nameif outside
 security-level 0
 ${own}
 no shutdown
interface GigabitEthernet0/1
 nameif inside
 security-level 100
 ip address 10.${n}.0.1 255.255.255.0
 ipv6 address 2001:db8:${n}::1/64
 no shutdown
interface Tunnel1
 nameif VTI
 ip address 172.16.1.${n} 255.255.255.252
 ipv6 address 2001:db8:172::${n}/64
 tunnel source interface outside
 tunnel destination ${remote}
 tunnel mode ipsec ipv${family}
 tunnel protection ipsec profile VTI
crypto ikev2 policy 10
 encryption aes-gcm-256
 integrity null
 group 31
 prf sha256
crypto ipsec ikev2 ipsec-proposal P
 protocol esp encryption aes-gcm
crypto ipsec profile VTI
 set ikev2 ipsec-proposal P
crypto ikev2 enable outside
tunnel-group ${remote} type ipsec-l2l
tunnel-group ${remote} ipsec-attributes
 peer-id-validate nocheck
 ikev2 local-authentication pre-shared-key key
 ikev2 remote-authentication pre-shared-key key
${nat && n === 1 ? 'route outside 0.0.0.0 0.0.0.0 192.168.1.1 1\n' : ''}ipv6 route VTI 2001:db8:${m}::/64 2001:db8:172::${m}
router bgp 6500${n}
 bgp router-id 10.255.0.${n}
 timers bgp 3 9 0
 address-family ipv4 unicast
  neighbor 172.16.1.${m} remote-as 6500${m}
  neighbor 172.16.1.${m} activate
  network 10.${n}.0.0 mask 255.255.255.0
 exit-address-family
`;
}

class World {
  readonly namespaces: Namespaces;
  readonly gateways: Namespace[] = [];
  readonly lans: Namespace[] = [];
  readonly hosts: HostProcess[] = [];

  private constructor(namespaces: Namespaces) {
    this.namespaces = namespaces;
  }

  static async make(label: string, outer: Outer): Promise<World> {
    const world = new World(new Namespaces(label));
    const { namespaces, gateways, lans } = world;
    for (const n of [1, 2]) {
      const gateway = await namespaces.add(`gw${n}`);
      const lan = await namespaces.add(`lan${n}`);
      await gateway.forward();
      gateways.push(gateway);
      lans.push(lan);
      await namespaces.cable(
        { at: lan, name: 'eth0', addresses: [`10.${n}.0.10/24`, `2001:db8:${n}::10/64`] },
        { at: gateway, name: 'eth1', addresses: [`10.${n}.0.1/24`, `2001:db8:${n}::1/64`] },
      );
      await lan.ip(`route add default via 10.${n}.0.1`);
      await lan.ip(`-6 route add default via 2001:db8:${n}::1`);
    }
    const [one, two] = gateways as [Namespace, Namespace];
    if (outer.nat) {
      const nat = await namespaces.add('nat');
      const hidden = { at: one, name: 'eth0', addresses: ['192.168.1.2/24'] };
      await namespaces.cable(hidden, { at: nat, name: 'in', addresses: ['192.168.1.1/24'] });
      const seen = { at: nat, name: 'out', addresses: ['192.0.2.254/24'] };
      await namespaces.cable(seen, { at: two, name: 'eth0', addresses: ['192.0.2.2/24'] });
      await nat.masquerade('out');
    } else {
      const address = (n: number): string => (outer.family === 6 ? `2001:db8::${n}/64` : `192.0.2.${n}/24`);
      await namespaces.cable(
        { at: one, name: 'eth0', addresses: [address(1)] },
        { at: two, name: 'eth0', addresses: [address(2)] },
      );
    }
    const [first, second] = outer.planes;
    world.hosts.push(new HostProcess(one, text(1, outer), { plane: first }));
    world.hosts.push(new HostProcess(two, text(2, outer), { plane: second }));
    for (const host of world.hosts) assert.deepEqual(await host.started(), { ok: true });
    for (const host of world.hosts) await host.untilUp();
    return world;
  }

  /** What went wrong is in what they printed. */
  async close(): Promise<void> {
    await this.namespaces.close();
  }

  log(): string {
    return this.hosts.map((host, i) => `gw${i + 1}:\n${host.process.output.slice(-4000)}`).join('\n');
  }
}

async function transfers(world: World, from: Namespace, to: Namespace, address: string): Promise<void> {
  const server = to.spawn(process.execPath, ['-e', LISTEN]);
  await until('a listener', () => server.output.includes('listens') || (server.runs() && undefined));
  const file = join(from.folder, 'data');
  const data = Buffer.alloc(3_000_000, 'numbered 0123456789');
  writeFileSync(file, data);
  const heard = await from.outcomeOf(process.execPath, ['-e', SEND, address, file], { limitMs: 20_000 });
  assert.equal(heard.stdout, createHash('sha256').update(data).digest('hex'), `${heard.stderr}${world.log()}`);
  await server.stop();
}

const outers: Readonly<Record<string, Outer>> = {
  'IPv4, ESP': { family: 4, nat: false, planes: ['fast', 'software'] },
  'IPv6, ESP': { family: 6, nat: false, planes: ['fast', 'fast'] },
  'IPv4, UDP through a NAT': { family: 4, nat: true, planes: ['fast', 'fast'] },
};

for (const [i, [name, outer]] of Object.entries(outers).entries()) {
  describe(`gateways as machines: ${name}`, { timeout: 120_000 }, () => {
    let world: World;
    after(() => world?.close());

    test('tunnels come up, BGP gives the kernels routes, hosts reach one another', async () => {
      world = await World.make(`run${i}`, outer);
      const [one, two] = world.gateways as [Namespace, Namespace];
      const [lan1, lan2] = world.lans as [Namespace, Namespace];
      await until('routes by BGP', async () =>
        (await one.ip('route show proto 119')).includes('10.2.0.0/24 dev Tunnel1'),
      );
      await until('routes by BGP', async () =>
        (await two.ip('route show proto 119')).includes('10.1.0.0/24 dev Tunnel1'),
      );
      assert.ok(await lan1.pings('10.2.0.10', undefined, 20), world.log());
      assert.ok(await lan2.pings('2001:db8:1::10', undefined, 20), world.log());
      assert.ok(await one.pings('172.16.1.2'), 'the machine pings the tunnel');
      assert.ok(await one.pings('10.2.0.10', '10.1.0.1'), 'and a host, from its inside address');
      assert.ok(await lan1.pings('10.2.0.1'), 'a host pings the inside of the other gateway');
      const view = await (world.hosts[0] as HostProcess).view();
      const [sa] = view.childSas;
      assert.ok(sa !== undefined && sa.inboundPackets > 20 && sa.outboundPackets > 20);
      // Both may have begun at once: then there are two IKE SAs for a moment.
      assert.deepEqual([...new Set(view.ports)], [outer.nat ? 4500 : 500], 'UDP where there is a NAT, and only there');
    });

    test('TCP goes through unharmed, between hosts and to a service of a gateway', async () => {
      const [lan1, lan2] = world.lans as [Namespace, Namespace];
      await transfers(world, lan1, lan2, '10.2.0.10');
      await transfers(world, lan2, lan1, '2001:db8:1::10');
      await transfers(world, lan1, world.gateways[1] as Namespace, '10.2.0.1');
      await transfers(world, world.gateways[0] as Namespace, world.gateways[1] as Namespace, '172.16.1.2');
      for (const [n, plane] of outer.planes.entries()) {
        const { counters, childSas, drops } = await (world.hosts[n] as HostProcess).view();
        const { 'fast-outer-sent': sent = 0, 'fast-outer-received': received = 0 } = counters;
        if (plane === 'software') assert.equal(sent + received, 0, 'nothing goes by a plane that was not asked for');
        else assert.ok(sent > 2000 && received > 2000, `the fast path carries most: ${JSON.stringify(counters)}`);
        assert.ok((childSas[0]?.outboundPackets ?? 0) >= sent, 'what it carries is counted');
        assert.deepEqual(
          [drops['replayed'], drops['integrity-failed'], drops['malformed']],
          [undefined, undefined, undefined],
        );
      }
    });

    test('what does not fit is told to the host that sent it', async () => {
      const [lan1] = world.lans as [Namespace];
      const ping = ['-n', '-c', '1', '-W', '1', '-M', 'do', '-s', '1450', '10.2.0.10'];
      const told = await until('an ICMP error', async () => {
        const { stdout, stderr } = await lan1.outcomeOf('ping', ping);
        return /mtu ?= ?(\d+)/.exec(stdout + stderr)?.[1];
      });
      const fits = Number(told) - 28;
      assert.ok(fits > 1300 && fits < 1450, told);
      const { status } = await lan1.outcomeOf('ping', [
        '-n',
        '-c',
        '1',
        '-W',
        '2',
        '-M',
        'do',
        '-s',
        `${fits}`,
        '10.2.0.10',
      ]);
      assert.equal(status, 0);
    });

    test('a link that goes down and comes back, a device that somebody deletes: both are mended', async () => {
      const [one] = world.gateways as [Namespace];
      const [lan1] = world.lans as [Namespace];
      await one.ip('link del Tunnel1');
      await until('the device is back', () => lan1.pings('10.2.0.10'));
      await one.ip('link set eth1 down');
      await until('its line is down', () => world.log().includes('link-lost: GigabitEthernet0/1'));
      await one.ip('link set eth1 up');
      await until('what the kernel took', () => world.log().includes('eth1 has not 2001:db8:1::1/64'));
      await one.ip('address add 2001:db8:1::1/64 dev eth1 nodad');
      await until('the hosts reach one another again', () => lan1.pings('10.2.0.10'));
    });

    test('killed and started again: it takes over what was left; stopped: nothing is left', async () => {
      const [one] = world.gateways as [Namespace];
      await (world.hosts[0] as HostProcess).process.stop('SIGKILL');
      assert.ok(!(await one.ip('link show')).includes('Tunnel1'), 'the kernel took the device');
      const again = new HostProcess(one, text(1, outer));
      assert.deepEqual(await again.started(), { ok: true });
      await again.untilUp();
      const [lan1] = world.lans as [Namespace];
      await until('the hosts reach one another again', () => lan1.pings('10.2.0.10'));
      await again.process.stop('SIGTERM');
      assert.match(again.process.output, /"stopped":true/);
      assert.ok(!(await one.ip('link show')).includes('Tunnel1'));
      assert.equal((await one.ip('route show table all proto 119')).trim(), '');
      assert.equal((await one.ip('-6 route show table all proto 119')).trim(), '');
      const peer = world.hosts[1] as HostProcess;
      await until('the peer knows', async () => (await peer.view()).status.tunnelsUp === 0);
    });
  });
}
