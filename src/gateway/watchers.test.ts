import assert from 'node:assert/strict';
import { test } from 'node:test';
import { ip } from './model.fixture.ts';
import { Watchers, type WatchKind } from './watchers.ts';

class Case {
  readonly watchers = new Watchers();
  readonly calls: string[] = [];
  readonly tracking = {
    track: (address: { toString: () => string }): void => void this.calls.push(`+${address}`),
    untrack: (address: { toString: () => string }): void => void this.calls.push(`-${address}`),
  };

  add(kind: WatchKind, address: string): void {
    this.watchers.add(kind, address, ip(address), this.tracking);
  }

  remove(kind: WatchKind, address: string): void {
    this.watchers.remove(kind, address, ip(address), this.tracking);
  }

  retain(...addresses: readonly string[]): void {
    const wanted = addresses.map((name) => ({ name, address: ip(name) }));
    this.watchers.retain('bgp-neighbor', wanted, this.tracking);
  }

  kinds(address: string): string[] {
    return [...this.watchers.of(ip(address))].map(({ kind }) => kind);
  }

  took(): string[] {
    return this.calls.splice(0);
  }
}

test('an address is tracked once for all who watch it, until the last goes', () => {
  const one = new Case();
  one.add('bgp-neighbor', '10.0.0.1');
  one.add('bgp-next-hop', '10.0.0.1');
  one.add('bgp-next-hop', '10.0.0.1');
  assert.deepEqual(one.took(), ['+10.0.0.1']);
  assert.deepEqual(one.kinds('10.0.0.1'), ['bgp-neighbor', 'bgp-next-hop']);
  one.remove('bgp-next-hop', '10.0.0.1');
  one.remove('bgp-next-hop', '10.0.0.1');
  assert.deepEqual(one.took(), []);
  one.remove('bgp-neighbor', '10.0.0.1');
  assert.deepEqual(one.took(), ['-10.0.0.1']);
  assert.deepEqual(one.kinds('10.0.0.1'), []);
  one.remove('bgp-neighbor', '10.0.0.9');
  assert.deepEqual(one.took(), [], 'never watched');
});

test('retain tracks what is new, lets go of what is gone, and leaves the rest and other kinds alone', () => {
  const one = new Case();
  one.add('bgp-next-hop', '10.0.0.2');
  one.took();
  one.retain('10.0.0.1', '10.0.0.2');
  assert.deepEqual(one.took(), ['+10.0.0.1']);
  one.retain('10.0.0.2', '2001:db8::3');
  assert.deepEqual(one.took(), ['+2001:db8::3', '-10.0.0.1']);
  one.retain('10.0.0.2', '2001:db8::3');
  assert.deepEqual(one.took(), []);
  one.retain();
  assert.deepEqual(one.took(), ['-2001:db8::3']);
  assert.deepEqual(one.kinds('10.0.0.2'), ['bgp-next-hop']);
});
