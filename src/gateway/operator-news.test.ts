import assert from 'node:assert/strict';
import { test } from 'node:test';
import { at } from '../base/index.ts';
import { loadAsa } from '../config/index.ts';
import { Gateway } from './gateway.ts';

test('a line that an operator entered is told with its key masked; a whole configuration is not', () => {
  const gateway = new Gateway({
    name: 'gw',
    random: (length) => new Uint8Array(length),
    lastInbound: () => undefined,
    counters: () => ({ childSas: [], interfaces: [], drops: {} }),
  });
  const { model } = loadAsa('hostname gw\n', 'gw.cfg');
  gateway.handle({ kind: 'configure', model }, at(0));
  const command = 'ikev2 remote-authentication pre-shared-key Very-Secret-1';
  const effects = gateway.handle({ kind: 'configure', model, by: { user: 'enable_15', command } }, at(1));
  const events = effects.flatMap((effect) => (effect.kind === 'log' ? [effect.event] : []));
  assert.deepEqual(
    events.map(({ code, details }) => [code, details]),
    [
      [
        'configured',
        {
          kind: 'configuration',
          user: 'enable_15',
          command: 'ikev2 remote-authentication pre-shared-key *****',
        },
      ],
    ],
  );
  assert.ok(!JSON.stringify(events).includes('Very-Secret'));
});
