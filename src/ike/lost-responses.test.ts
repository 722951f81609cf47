/** What becomes of both ends when the response to IKE_AUTH is lost again and again. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { assertAgree, connect, live, pair } from './pair.fixture.ts';
import { ExchangeType } from './wire/message.ts';

const liveness = { idleMs: 10_000, retryMs: 2_000, tries: 3, mode: 'periodic' } as const;

test('a responder is patient with an initiator whose IKE_AUTH response was lost (RFC 7296 section 2.4)', () => {
  const both = pair(1, { both: { liveness } });
  const { lab, a, b } = both;
  lab.pass = ({ header }) => !(header.exchange === ExchangeType.IKE_AUTH && header.isResponse) || lab.now > 18_000;
  connect(both);
  lab.run(30_000);
  assertAgree(both, { ikeSas: 1, children: 1 });
  assert.equal(b.of('ike-sa-down').length, 0, 'the first IKE SA lived on');
  assert.equal(a.of('ike-failed').length, 0);
});

test('a responder that declared the peer dead repeats no response: the initiator must not take the SA for alive', () => {
  const both = pair(1, { both: { liveness }, b: { liveness: { ...liveness, idleMs: 60_000 } } });
  const { lab, a, b } = both;
  connect(both);
  lab.run(1_000);
  assertAgree(both, { ikeSas: 1, children: 1 });
  const [request] = lab.sent.filter(({ header }) => header.exchange === ExchangeType.IKE_AUTH && !header.isResponse);
  assert.ok(request);
  lab.pass = () => false;
  lab.run(120_000);
  assert.equal(b.of('ike-sa-down')[0]?.cause.code, 'peer-dead');
  const before = lab.sent.length;
  const { local, remote } = request.path;
  lab.inject(b, { local: remote, remote: local }, request.message);
  assert.equal(lab.sent.length, before, 'silence');
  lab.pass = () => true;
  lab.run(60_000);
  assert.equal(live(a, lab.now).length, 1);
  assertAgree(both, { ikeSas: 1, children: 1 });
});
