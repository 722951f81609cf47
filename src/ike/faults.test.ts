import assert from 'node:assert/strict';
import { test } from 'node:test';
import { answerTo, FAULTS, type FaultAnswer, faultOf } from './faults.ts';
import { NotifyType } from './wire/message.ts';

const rows = [
  { kind: 'short', authentic: false, fault: 'malformed-message' },
  { kind: 'bad-payload', authentic: true, fault: 'malformed-protected-message' },
  { kind: 'bad-padding', authentic: true, fault: 'malformed-protected-message' },
  { kind: 'bad-version', authentic: false, fault: 'wrong-major-version' },
  { kind: 'integrity-failed', authentic: false, fault: 'integrity-failed' },
  { kind: 'unexpected-encrypted', authentic: false, fault: 'unexpected-encrypted' },
  { kind: 'unexpected-encrypted', authentic: true, fault: 'malformed-protected-message' },
  { kind: 'unsupported-critical-payload', authentic: false, fault: 'unknown-critical-payload-in-clear' },
  { kind: 'unsupported-critical-payload', authentic: true, fault: 'unknown-critical-payload' },
] as const;

for (const row of rows) {
  test(`${row.authentic ? 'authentic' : 'clear'} ${row.kind} counts as ${row.fault}`, () => {
    assert.equal(faultOf({ kind: row.kind, payload: 33, authentic: row.authentic }), row.fault);
  });
}

test('INVALID_SYNTAX answers authentic messages alone (RFC 7296 section 3.10.1)', () => {
  assert.equal(answerTo('malformed-message').notify, undefined);
  assert.equal(answerTo('malformed-protected-message').notify, NotifyType.INVALID_SYNTAX);
});

test('no fault that anybody could forge costs an IKE SA (RFC 7296 section 2.21)', () => {
  const forgeable = ['malformed-message', 'integrity-failed', 'not-encrypted', 'unknown-ike-spi'] as const;
  for (const fault of forgeable) assert.equal(answerTo(fault).ends, 'nothing');
});

test('every row names its section, and errors that are sent are error types (RFC 7296 section 3.10.1)', () => {
  for (const [name, answer] of Object.entries<FaultAnswer>(FAULTS)) {
    assert.match(answer.section, /\d\.\d|section \d/, name);
    if (answer.notify !== undefined && answer.notify !== NotifyType.COOKIE) assert.ok(answer.notify < 16384, name);
  }
});
