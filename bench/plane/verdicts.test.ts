/** What the fast plane is held to. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Sample } from './statistics.ts';
import { verdictsOf, verdictText } from './verdicts.ts';

const GCM = 'aes-256-gcm';

function samples(measure: string, value: string, bySubject: Readonly<Record<string, readonly number[]>>): Sample[] {
  return Object.entries(bySubject).flatMap(([subject, numbers]) =>
    numbers.map((number, i) => ({ suite: GCM, measure, subject, round: i + 1, values: { [value]: number } })),
  );
}

function said(all: readonly Sample[], words: string, node = 20): string {
  const found = verdictsOf(all, node).find(({ claim }) => claim.includes(words));
  return found === undefined ? '' : verdictText(found);
}

test('TCP is held to more where Node has a faster OpenSSL', () => {
  const all = samples('tcp-1-forward', 'mbps', { fast: [1500, 1400, 1600], 'wireguard-go': [1000, 1000, 1000] });
  const claim = (least: number) =>
    `AES-256-GCM, TCP: at least ${least} times wireguard-go: 1.50 (1.40 to 1.60, 3 runs)`;
  assert.equal(said(all, 'times wireguard-go'), `${claim(1.3)} held`);
  assert.equal(said(all, 'times wireguard-go', 24), `${claim(1.8)} NOT held`);
});

test('what was not measured is neither held nor not', () => {
  assert.equal(said([], 'times libipsec'), 'AES-256-GCM, TCP: at least 4 times libipsec: not measured');
});

test('small packets are compared with the better one, at the load that suits each best', () => {
  const all = [
    ...samples('udp-64-x1', 'goodput', { fast: [90], 'wireguard-go': [100], libipsec: [40] }),
    ...samples('udp-64-x2', 'goodput', { fast: [110], 'wireguard-go': [20], libipsec: [44] }),
  ];
  assert.match(said(all, '64-byte UDP:'), /: 1\.10 .* held$/);
});

test('overload is judged by what arrives at three times capacity', () => {
  const at = (three: number) => [
    ...samples('udp-512-x1', 'goodput', { fast: [100] }),
    ...samples('udp-512-x3', 'goodput', { fast: [three] }),
  ];
  assert.match(said(at(95), 'UDP of 512 bytes'), /: 0\.95 \(0\.95 to 0\.95, 1 run\) held$/);
  assert.match(said(at(80), 'UDP of 512 bytes'), /: 0\.80 .* NOT held$/);
  assert.match(said(at(120), 'UDP of 512 bytes'), /: 1\.00 .* held$/);
});

test('a cost is held when it is small', () => {
  const costs = (ours: number) => samples('tcp-4-reverse', 'cpu', { fast: [ours], 'wireguard-go': [1] });
  assert.match(said(costs(0.4), 'processor time'), /0\.40 .* held$/);
  assert.match(said(costs(0.6), 'processor time'), /0\.60 .* NOT held$/);
});

test('each flood has a verdict of its own', () => {
  const all = samples('hostile-bad-icv', 'share', { fast: [0.9, 0.7, 0.85] });
  assert.match(said(all, 'ICV wrong'), /0\.85 \(0\.70 to 0\.90, 3 runs\) held$/);
  assert.match(said(all, 'sent again'), /not measured$/);
});
