/** What is counted over all IKE SAs agrees between the two ends of a pair. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { CHILD, established, HOUR, type Node, type Pair } from './pair.fixture.ts';
import type { IkeStatistics } from './statistics.ts';

function statistics({ lab }: Pair, node: Node): IkeStatistics {
  const found = node.ike.snapshot(lab.now).statistics;
  assert.ok(found);
  return found;
}

test('both ends count the same exchanges', () => {
  const both = established(1, { a: { child: { ...CHILD, lifetimeMs: HOUR }, ikeLifetimeMs: 3 * HOUR } });
  const { lab, a, b } = both;
  lab.run(4 * HOUR);
  for (const node of [a, b]) {
    const sa = node.ike.snapshot(lab.now).sas.find(({ status }) => status === 'established');
    assert.ok(sa?.sessionSince !== undefined && sa.since > sa.sessionSince && sa.sessionSince < 1_000);
  }
  lab.do(a, { kind: 'clear', what: 'child' });
  lab.run(1_000);
  const [ours, theirs] = [statistics(both, a), statistics(both, b)];

  assert.deepEqual([ours.sessionsInitiated, ours.sessionsResponded, ours.sessions, ours.peakSessions], [1, 0, 1, 1]);
  assert.deepEqual([theirs.sessionsInitiated, theirs.sessionsResponded], [0, 1]);
  assert.ok(ours.childRekeysInitiated >= 3 && ours.ikeRekeysInitiated >= 1);
  assert.equal(ours.childRekeysInitiated, theirs.childRekeysResponded);
  assert.equal(ours.ikeRekeysInitiated, theirs.ikeRekeysResponded);
  assert.equal(ours.childSasMade, theirs.childSasMade);
  assert.equal(ours.childSasMade - ours.childSasDeleted, a.plane.size);
  assert.equal(ours.peakChildSas, 1);

  assert.equal(ours.bytesSent, theirs.bytesReceived);
  assert.equal(ours.bytesReceived, theirs.bytesSent);
  assert.equal(ours.sealed, theirs.opened);
  assert.equal(ours.notifiesSent, theirs.notifiesReceived);
  assert.equal(ours.childDeletesSent, theirs.childDeletesReceived);
  assert.ok(ours.childDeletesSent > 0);
  assert.equal(ours.ikeDeletesSent, theirs.ikeDeletesReceived);
  assert.equal(ours.livenessSent, theirs.livenessReceived);
});
