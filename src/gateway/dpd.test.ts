/** Dead peer detection of a router, RFC 7296 section 2.4: all the time, or only when there is something to send. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { after } from '../base/index.ts';
import { HostNode } from '../lab/index.ts';
import { Fabric } from './fabric.fixture.ts';
import { mixedTopology } from './interworking.fixture.ts';
import { routerText } from './iosxe.fixture.ts';
import { ip } from './model.fixture.ts';

function pair(dpd: string): Fabric {
  const texts = [routerText(1, [2], { profile: ` dpd ${dpd}\n` }), routerText(2, [1])];
  const fabric = new Fabric({ texts, topology: mixedTopology(['iosxe', 'iosxe']) });
  fabric.run(100);
  fabric.until('the tunnel is up', () => fabric.isUp('gw1', 'Tunnel2'));
  fabric.run(5_000);
  return fabric;
}

/** A host behind router 1 sends a packet every second, whatever comes back. */
function traffic(fabric: Fabric, seconds: number): void {
  const request = {
    destination: ip('10.1.2.10'),
    count: seconds,
    size: 100,
    df: false,
    timeoutMs: 500,
    intervalMs: 1000,
  };
  fabric.lab.node('lan1', HostNode).ping(request, fabric.lab.now, () => undefined);
}

function timeToDown(fabric: Fabric): number {
  const { now } = fabric.lab;
  fabric.until('the peer counts as dead', () => !fabric.isUp('gw1', 'Tunnel2'), 120_000);
  return fabric.lab.now - now;
}

test('periodic: silence of ten seconds, five questions two seconds apart', () => {
  const fabric = pair('10 2 periodic');
  fabric.lab.powerOff('gw2');
  const took = timeToDown(fabric);
  // Five of the ten seconds had passed.
  assert.ok(took > 14_000 && took <= 15_500, `${took} ms`);
});

test('on demand: a silent peer is left alone while there is nothing to send to it', () => {
  const fabric = pair('10 2 on-demand');
  const asked = (): number => fabric.frames('outside1');
  fabric.lab.powerOff('gw2');
  const before = asked();
  fabric.run(600_000);
  assert.ok(fabric.isUp('gw1', 'Tunnel2'));
  assert.equal(asked(), before, 'nothing at all was sent');
  traffic(fabric, 60);
  const took = timeToDown(fabric);
  assert.ok(took > 9_000 && took <= 13_500, `${took} ms`);
});

test('on demand: traffic that is answered asks nothing', () => {
  const fabric = pair('10 2 on-demand');
  traffic(fabric, 100);
  const messages = (): number => fabric.snapshot('gw1').ike.counters['sent'] ?? 0;
  const before = messages();
  fabric.lab.run({ until: after(fabric.lab.now, 100_000) });
  assert.equal(messages(), before);
  assert.ok(fabric.isUp('gw1', 'Tunnel2'));
});
