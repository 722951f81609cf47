import assert from 'node:assert/strict';
import { test } from 'node:test';
import { at, IpAddress } from '../base/index.ts';
import { causeText, Journal } from './journal.ts';

test('the journal keeps the newest events, in order, with their numbers and causes', () => {
  const journal = new Journal();
  for (let i = 0; i < 5000; i++) journal.add(at(i), 6, 'code', `event ${i}`);
  const events = journal.events();
  assert.equal(events.length, 512);
  assert.deepEqual([events[0]?.text, events.at(-1)?.text], ['event 4488', 'event 4999']);
  const cause = { code: 'a', text: 'first' };
  assert.deepEqual(journal.add(at(1), 3, 'c', 't', { subject: 's', cause }), {
    at: 1,
    severity: 3,
    code: 'c',
    text: 't',
    number: 5001,
    subject: 's',
    cause,
  });
});

test('what passes between others does not drive out what happened to ourselves', () => {
  const journal = new Journal();
  journal.add(at(0), 5, 'ike-up', 'ours');
  const from = { interface: 'a', securityLevel: 0, endpoint: { address: IpAddress.v4(1), port: 1 } };
  const details = { kind: 'connection', number: 1, initiator: from, responder: from } as const;
  for (let i = 0; i < 5000; i++) journal.add(at(i), 6, 'connection-built', 'theirs', { details });
  journal.add(at(6000), 5, 'ike-down', 'ours again');
  const events = journal.events();
  assert.equal(events.length, 130);
  assert.deepEqual([events[0]?.text, events.at(-1)?.text, events.at(-1)?.number], ['ours', 'ours again', 5002]);
});

test('a chain of causes reads as one sentence', () => {
  const because = { code: 'c', text: 'no answer', because: { code: 'd', text: 'the link is down' } };
  assert.equal(
    causeText({ code: 'a', text: 'the SA is gone', because }),
    'the SA is gone, because no answer, because the link is down',
  );
});
