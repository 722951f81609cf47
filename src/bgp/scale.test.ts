import assert from 'node:assert/strict';
import { test } from 'node:test';
import { hubsAndSpokes } from './fabric.ts';

test('two hubs and fifty spokes converge within seconds, with few messages', () => {
  const fabric = hubsAndSpokes(2, 50, { prefixesEach: 2 });
  fabric.run(5000);
  const [hub, , ...spokes] = fabric.nodes;
  assert.ok(hub !== undefined);
  assert.equal(hub.bgp.snapshot(fabric.now).paths, 100);
  for (const spoke of spokes) {
    const snapshot = spoke.bgp.snapshot(fabric.now);
    assert.equal(spoke.routes.size, 98);
    assert.equal(snapshot.prefixes, 100);
    assert.equal(snapshot.paths, 98 * 2 + 2);
    assert.ok(
      snapshot.neighbors.every((neighbor) => neighbor.state === 'Established' && neighbor.establishedCount === 1),
    );
  }
  // A spoke's prefixes share attributes, so each crosses a hub in one UPDATE, and the attributes are kept once.
  const sent = hub.bgp.snapshot(fabric.now).neighbors.map((neighbor) => neighbor.updatesSent);
  assert.ok(
    sent.every((count) => count < 70),
    String(sent),
  );
  assert.ok(hub.bgp.snapshot(fabric.now).attributeSets <= 50);
});

test('a hub that goes is forgotten by all in one hold time', () => {
  const fabric = hubsAndSpokes(2, 20);
  fabric.run(5000);
  const [hub0, hub1, ...spokes] = fabric.nodes;
  assert.ok(hub0 !== undefined && hub1 !== undefined);
  for (const spoke of spokes) fabric.cut(spoke, hub0);
  fabric.run(16_000);
  for (const spoke of spokes) {
    assert.equal(spoke.routes.size, 19);
    assert.ok([...spoke.routes.values()].every((route) => route.from.equals(hub1.address)));
  }
});

test('two runs give the same bytes', () => {
  const run = (): readonly unknown[] => {
    const fabric = hubsAndSpokes(2, 8, { keepsLog: true });
    fabric.run(3000);
    return fabric.nodes.map((node) => JSON.stringify(node.log));
  };
  assert.deepEqual(run(), run());
});
