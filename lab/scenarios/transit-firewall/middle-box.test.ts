/** The lab's own middle box does the same in short: a signed session through it does not come up, another one does. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { after } from '../../../src/base/index.ts';
import { loadConfiguration } from '../../../src/config/index.ts';
import {
  FirewallNode,
  GatewayNode,
  gatewayDevices,
  isConverged,
  Lab,
  loadTopology,
  resolvePorts,
} from '../../../src/lab/index.ts';

/** Two routers on one network with a box between them. */
function open(normalise: string, password: string): Lab {
  const router = (name: string, own: string, other: string, asn: number, otherAsn: number): string =>
    `hostname ${name}\ninterface GigabitEthernet1\n ip address ${own} 255.255.255.0\nrouter bgp ${asn}\n` +
    ` timers bgp 5 15\n neighbor ${other} remote-as ${otherAsn}\n${password === '' ? '' : ` neighbor ${other} password ${password}\n`}`;
  const texts = new Map([
    [
      'topology.yaml',
      `name: box\ntopology:\n  nodes:\n    a: { kind: iosxe, startup-config: a.cfg }\n    b: { kind: iosxe, startup-config: b.cfg }\n` +
        `    box: { kind: firewall${normalise} }\n  links:\n    - { endpoints: ["a:GigabitEthernet1", "box:x"] }\n    - { endpoints: ["b:GigabitEthernet1", "box:y"] }\n`,
    ],
    ['a.cfg', router('a', '10.0.0.1', '10.0.0.2', 65001, 65002)],
    ['b.cfg', router('b', '10.0.0.2', '10.0.0.1', 65002, 65001)],
  ]);
  const topology = loadTopology('topology.yaml', (path) => texts.get(path));
  assert.ok(topology.ok, JSON.stringify(topology));
  const models = new Map(
    ['a', 'b'].map((name) => [name, loadConfiguration(texts.get(`${name}.cfg`) ?? '', `${name}.cfg`, 'iosxe').model]),
  );
  const ports = resolvePorts(topology.value, models);
  assert.deepEqual(ports.diagnostics, []);
  return new Lab(ports.topology, { seed: 1, device: gatewayDevices(models) });
}

const comesUp = (lab: Lab): boolean =>
  lab.run({ until: () => isConverged(lab.nodes(GatewayNode), lab.now), limit: after(lab.now, 20_000) });

for (const [normalise, password, isUp] of [
  ['', 'secret', true],
  [', normalise: tcp', '', true],
  [', normalise: tcp', 'secret', false],
] as const) {
  test(`a session ${password === '' ? 'without' : 'with'} a password, a box that ${normalise === '' ? 'looks on' : 'normalises'}`, () => {
    const lab = open(normalise, password);
    assert.equal(comesUp(lab), isUp);
    assert.equal(lab.node('box', FirewallNode).dropped, 0);
    if (isUp) return;
    const log = lab.node('a', GatewayNode).snapshot(lab.now)?.log ?? [];
    assert.ok(
      log.some(({ code }) => code === 'md5-missing'),
      'segments come without a signature',
    );
  });
}
