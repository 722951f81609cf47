import assert from 'node:assert/strict';
import { test } from 'node:test';
import { ask, assertPings, converge, openScenario, snapshot } from '../scenario.ts';

test("the document's spoke text, damage included, is read, reported and runs", () => {
  const scenario = openScenario('examples/hub-and-spoke-as-printed/topology.yaml');
  const said = scenario.said.join('\n');
  assert.match(said, /spoke\.cfg:\d+:1: warning/);
  assert.match(said, /route VTI 172\.16\.1\.253 255\.255\.255\.255 172\.16\.1\.253 1/);
  assert.match(said, /route VTI2 172\.16\.1\.254 255\.255\.255\.255 172\.16\.1\.254 1/);
  assert.doesNotMatch(said, /pre-shared-key cisco/);
  converge(scenario);
  assertPings(scenario);
  assert.equal(snapshot(scenario, 'spoke').bgp?.neighbors[0]?.remoteAsn, 65_000);
  assert.match(ask(scenario, 'spoke', 'show route'), /^B +10\.250\.0\.0 255\.255\.255\.0 \[200\/0\]/m);
  assert.match(ask(scenario, 'spoke', 'show bgpsummary'), /show bgp summary/);
});
