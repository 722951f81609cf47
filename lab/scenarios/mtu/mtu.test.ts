import assert from 'node:assert/strict';
import { test } from 'node:test';
import { type Platform, Sizes } from './sizes.ts';

/** AES-GCM without a NAT: what fits, by the exact rule and by the worst case (semantics, MTU arithmetic). */
const FITS = { asa: 1445, iosxe: 1446 } as const;
/** ESP of 1446 and less fills a packet of 1500 exactly. */
const LARGEST_OUTER = 1500;
const OVERHEAD = 54;
const TEN_MINUTES_MS = 600_000;

const dfLine = (platform: Platform, what: 'copy' | 'set' | 'clear') =>
  platform === 'asa'
    ? { device: `crypto ipsec df-bit ${what}-df outside\n` }
    : { outside: ` crypto ipsec df-bit ${what}\n` };
const afterLine = (platform: Platform) =>
  platform === 'asa'
    ? { device: 'crypto ipsec fragmentation after-encryption outside\n' }
    : { outside: ' crypto ipsec fragmentation after-encryption\n' };

for (const platform of ['asa', 'iosxe'] as const) {
  const fits = FITS[platform];

  test(`${platform}: DF is copied; the largest packet passes, one byte more is refused with that size`, () => {
    const sizes = new Sizes(platform);
    const largest = sizes.ping(fits, true);
    assert.deepEqual(largest, { result: 'reply', outer: [{ length: LARGEST_OUTER, df: true, isPart: false }] });
    const refused = sizes.ping(fits + 1, true);
    assert.deepEqual(refused, { result: 'too-big', mtu: fits, outer: [] });
    assert.deepEqual(sizes.ping(1000).outer, [{ length: 1000 + OVERHEAD + 2, df: false, isPart: false }]);
  });

  test(`${platform}: DF set on what had none, and cleared on what had it`, () => {
    const set = new Sizes(platform, { lines: dfLine(platform, 'set') });
    assert.deepEqual(set.ping(1000).outer, [{ length: 1056, df: true, isPart: false }]);
    const cleared = new Sizes(platform, { lines: dfLine(platform, 'clear') });
    assert.deepEqual(cleared.ping(1000, true).outer, [{ length: 1056, df: false, isPart: false }]);
    // What has DF and is too long is cut all the same.
    const long = cleared.ping(1490, true);
    assert.deepEqual([long.result, long.outer.length], ['reply', 2]);
  });

  test(`${platform}: cut before encryption: two packets, each whole; after: one, in two pieces`, () => {
    const before = new Sizes(platform).ping(1490);
    assert.deepEqual([before.result, before.outer.map(({ isPart }) => isPart)], ['reply', [false, false]]);
    const sizes = new Sizes(platform, { lines: afterLine(platform) });
    const after = sizes.ping(fits);
    assert.deepEqual(
      after.outer.map(({ length }) => length),
      [LARGEST_OUTER],
    );
  });

  test(`${platform}: a path of 1300 is learnt from ICMP, and tried anew after ten minutes`, () => {
    const sizes = new Sizes(platform, { providerMtu: 1300 });
    assert.equal(sizes.ping(1400, true).result, 'timeout');
    const refused = sizes.ping(1400, true);
    assert.equal(refused.result, 'too-big');
    const { mtu = 0 } = refused;
    assert.equal(mtu, 1300 - OVERHEAD);
    assert.deepEqual(sizes.ping(mtu, true), { result: 'reply', outer: [{ length: 1300, df: true, isPart: false }] });
    assert.equal(sizes.pathMtu, 1300);
    sizes.fabric.run(TEN_MINUTES_MS);
    assert.equal(sizes.pathMtu, 1500);
  });
}

test('asa: a path MTU that never ages is still known after ten minutes', () => {
  const device = 'crypto ipsec security-association pmtu-aging infinite\n';
  const sizes = new Sizes('asa', { providerMtu: 1300, lines: { device } });
  sizes.ping(1400, true);
  sizes.fabric.run(TEN_MINUTES_MS + 60_000);
  assert.equal(sizes.pathMtu, 1300);
});

test('iosxe: df-bit and fragmentation of the device hold where no interface says otherwise', () => {
  const lines = { device: 'crypto ipsec df-bit clear\n' };
  assert.equal(new Sizes('iosxe', { lines }).ping(1000, true).outer[0]?.df, false);
  const both = { ...lines, outside: ' crypto ipsec df-bit copy\n' };
  assert.equal(new Sizes('iosxe', { lines: both }).ping(1000, true).outer[0]?.df, true);
});

for (const platform of ['asa', 'iosxe'] as const) {
  test(`${platform}: MSS is clamped in SYNs of both directions, and only lowered`, () => {
    const lines =
      platform === 'asa' ? { device: 'sysopt connection tcpmss 1360\n' } : { tunnel: ' ip tcp adjust-mss 1360\n' };
    const sizes = new Sizes(platform, { lines });
    for (const [offered, passed] of [
      [1460, 1360],
      [1200, 1200],
    ] as const) {
      assert.deepEqual([sizes.mssAfter(1, offered), sizes.mssAfter(2, offered)], [passed, passed]);
    }
  });
}

const BRACED = ' ip mtu 1400\n ip tcp adjust-mss 1360\n';

test('GRE with 1400: what is longer is refused with that size, and no outer packet is ever cut', () => {
  const sizes = new Sizes('iosxe', { lines: { gre: true, tunnel: BRACED } });
  assert.deepEqual(sizes.ping(1401, true), { result: 'too-big', mtu: 1400, outer: [] });
  const largest = sizes.ping(1400, true);
  // 1400 and GRE are 1424; in transport mode ESP adds 34, and pads to 1460.
  assert.deepEqual(largest, { result: 'reply', outer: [{ length: 1460, df: false, isPart: false }] });
});

test('GRE with 1476 as without IPsec: no DF outside, so what is too long goes in pieces and nobody is told', () => {
  const sizes = new Sizes('iosxe', { lines: { gre: true, tunnel: ' ip mtu 1476\n' } });
  const cut = sizes.ping(1476, true);
  assert.equal(cut.result, 'reply');
  assert.deepEqual(
    cut.outer.map(({ df, isPart }) => ({ df, isPart })),
    [
      { df: false, isPart: true },
      { df: false, isPart: true },
    ],
  );
});

test('GRE that discovers its path MTU: DF outside, and the ICMP error reaches whoever sends', () => {
  const lines = { gre: true, tunnel: ' tunnel path-mtu-discovery\n' };
  const sizes = new Sizes('iosxe', { lines, providerMtu: 1300 });
  assert.equal(sizes.ping(1400, true).result, 'timeout');
  const refused = sizes.ping(1400, true);
  assert.equal(refused.result, 'too-big');
  assert.equal(sizes.ping(refused.mtu ?? 0, true).result, 'reply');
});
