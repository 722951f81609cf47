import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { type Endpoint, IpAddress, SecretKey } from '../base/index.ts';
import type { ChildSa } from '../ike/index.ts';
import { type TunnelBinding, Tunnels } from './tunnels.ts';

const end = (last: number): Endpoint => ({ address: IpAddress.v4(0x0a000000 + last), port: 500 });
const secret = new SecretKey(new Uint8Array(20));

function childSa(peer: string, session: number, inboundSpi: number, replaces?: number): ChildSa {
  return {
    peer,
    session,
    inboundSpi,
    outboundSpi: inboundSpi + 1,
    encr: 20,
    keyBits: 128,
    integ: 0,
    group: 0,
    esn: false,
    mode: 'tunnel',
    inboundKey: secret,
    outboundKey: secret,
    localSelectors: [],
    remoteSelectors: [],
    path: { local: end(1), remote: end(2) },
    udpEncapsulation: false,
    replayWindow: 64,
    lifetimeMs: 1000,
    startOutbound: 'now',
    role: 'initiator',
    ...(replaces === undefined ? {} : { replaces }),
  };
}

const STATIC: TunnelBinding = { kind: 'static', peer: 'a', tunnel: 'Tunnel1' };
const ACCESS: TunnelBinding = { kind: 'access', peer: 'hub', template: 'Virtual-Template1' };

function tunnels(...bindings: readonly TunnelBinding[]): Tunnels {
  const all = new Tunnels();
  all.configure(bindings);
  return all;
}

test('a static tunnel is there by configuration, and has SAs while there are some', () => {
  const all = tunnels(STATIC);
  assert.equal(all.byName('Tunnel1')?.spis.size, 0);
  const installed = all.install(childSa('a', 1, 10));
  assert.deepEqual([installed?.tunnel.name, installed?.created], ['Tunnel1', false]);
  assert.equal(all.bySpi(10), all.byName('Tunnel1'));
  assert.equal(all.remove(10)?.spis.size, 0);
  assert.equal(all.byName('Tunnel1')?.newest, undefined);
  assert.equal(all.remove(10), undefined, 'twice');
});

test('a child SA of a peer that nothing is bound to has no interface', () => {
  assert.equal(tunnels(STATIC).install(childSa('stranger', 1, 10)), undefined);
});

test('a rekey overlaps: up all the time, the newest gives the path, and an older one that stays gives it again', () => {
  const all = tunnels(STATIC);
  all.install(childSa('a', 1, 10));
  all.install(childSa('a', 1, 20, 10));
  const tunnel = all.byName('Tunnel1');
  assert.deepEqual([...(tunnel?.spis ?? [])], [10, 20]);
  assert.equal(tunnel?.newest?.inboundSpi, 20);
  all.remove(10);
  assert.equal(tunnel?.newest?.inboundSpi, 20);
  all.install(childSa('a', 1, 30, 20));
  all.remove(30);
  assert.equal(tunnel?.newest?.inboundSpi, 20, 'the rekeying was given up');
  assert.deepEqual([...(tunnel?.spis ?? [])], [20]);
});

test('two sessions at once: the tunnel stays with the one that remains', () => {
  const all = tunnels(STATIC);
  all.install(childSa('a', 1, 10));
  all.install(childSa('a', 2, 20));
  const tunnel = all.byName('Tunnel1');
  assert.equal(tunnel?.session, 2);
  all.remove(20);
  all.endSession(2);
  assert.deepEqual([tunnel?.session, tunnel?.newest?.inboundSpi], [1, 10]);
  all.remove(10);
  assert.equal(all.endSession(1), undefined, 'a static tunnel does not go');
  assert.equal(tunnel?.session, undefined);
});

test('each session has a clone, with the lowest free number', () => {
  const all = tunnels(ACCESS);
  const names = [1, 2, 3].map((session) => all.install(childSa('hub', session, 10 * session))?.tunnel.name);
  assert.deepEqual(names, ['Virtual-Access1', 'Virtual-Access2', 'Virtual-Access3']);
  assert.equal(all.install(childSa('hub', 2, 21, 20))?.created, false, 'a rekey stays where it is');
  assert.equal(all.bySession(2, 'hub')?.template, 'Virtual-Template1');
  assert.equal(all.endSession(2)?.name, 'Virtual-Access2');
  assert.equal(all.byName('Virtual-Access2'), undefined);
  assert.deepEqual([all.bySpi(20), all.bySpi(21)], [undefined, undefined]);
  assert.equal(all.install(childSa('hub', 4, 40))?.tunnel.name, 'Virtual-Access2');
  assert.equal(all.install(childSa('hub', 5, 50))?.tunnel.name, 'Virtual-Access4');
});

test('a session without child SA keeps its clone until it ends', () => {
  const all = tunnels(ACCESS);
  all.install(childSa('hub', 1, 10));
  assert.equal(all.remove(10)?.spis.size, 0);
  assert.equal(all.byName('Virtual-Access1')?.session, 1);
  assert.equal(all.install(childSa('hub', 1, 11))?.tunnel.name, 'Virtual-Access1');
  assert.equal(all.endSession(1)?.name, 'Virtual-Access1');
  assert.equal(all.endSession(1), undefined);
});

test('configured anew: static tunnels that stay keep their SAs, those gone disappear, clones live on', () => {
  const other: TunnelBinding = { kind: 'static', peer: 'b', tunnel: 'Tunnel2' };
  const all = tunnels(STATIC, other, ACCESS);
  all.install(childSa('a', 1, 10));
  all.install(childSa('b', 2, 20));
  all.install(childSa('hub', 3, 30));
  all.configure([{ ...STATIC, peer: 'renamed' }]);
  assert.deepEqual([...all.all()].map(({ name }) => name).sort(), ['Tunnel1', 'Virtual-Access1']);
  assert.deepEqual([...(all.byName('Tunnel1')?.spis ?? [])], [10]);
  assert.equal(all.byName('Tunnel1')?.peer, 'renamed');
  assert.equal(all.remove(20)?.name, 'Tunnel2', 'its SA still ends properly');
  assert.equal(all.install(childSa('hub', 3, 31)), undefined, 'no new ones');
  assert.equal(all.endSession(3)?.name, 'Virtual-Access1');
});

test('whatever comes and goes, every SPI known belongs to a tunnel that knows it, and numbers are unique', () => {
  const step = fc.record({
    kind: fc.constantFrom('install', 'remove', 'end'),
    peer: fc.constantFrom('a', 'hub'),
    session: fc.integer({ min: 1, max: 5 }),
    spi: fc.integer({ min: 1, max: 12 }),
  });
  fc.assert(
    fc.property(fc.array(step, { maxLength: 60 }), (steps) => {
      const all = tunnels(STATIC, ACCESS);
      const live = new Set<number>();
      for (const { kind, peer, session, spi } of steps) {
        // SPIs are unique in a gateway, and a session belongs to one peer.
        if (kind === 'install' && !live.has(spi)) {
          all.install(childSa(peer, peer === 'a' ? session : session + 10, spi));
          live.add(spi);
        } else if (kind === 'remove') {
          all.remove(spi);
          live.delete(spi);
        } else if (kind === 'end') {
          const gone = all.endSession(peer === 'a' ? session : session + 10);
          for (const one of gone?.spis ?? []) live.delete(one);
        }
        for (const tunnel of all.all()) {
          for (const one of tunnel.spis) assert.equal(all.bySpi(one), tunnel);
          assert.equal(tunnel.newest !== undefined, tunnel.spis.size > 0);
          if (tunnel.newest !== undefined) assert.ok(tunnel.spis.has(tunnel.newest.inboundSpi));
        }
        for (const one of live) assert.ok(all.bySpi(one)?.spis.has(one));
        const names = [...all.all()].map(({ name }) => name);
        assert.equal(new Set(names).size, names.length);
      }
    }),
    { numRuns: 200 },
  );
});
