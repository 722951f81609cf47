/** Two threads that seal and open by one SA: no number is given twice, and no packet taken twice. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Worker } from 'node:worker_threads';
import { ReplayWindow, takeSequence } from '../../esp/index.ts';
import { FastMemory } from './fast-memory.ts';

const ROUNDS = 20_000;
const OTHER = `
const { workerData, parentPort } = require('node:worker_threads');
import(workerData.loader).then((loader) => {
  loader.register();
  return Promise.all([import(workerData.memory), import(workerData.esp)]);
}).then(([{ FastMemory }, { takeSequence, ReplayWindow }]) => {
  const memory = new FastMemory(workerData.buffer);
  const slot = memory.slot(3);
  const window = new ReplayWindow(1024, 0, slot.inbound);
  const taken = [], accepted = [];
  Atomics.add(memory.words, 8, 1);
  while (Atomics.load(memory.words, 8) < 2) ;
  for (let i = 0; i < workerData.rounds; i++) {
    taken.push(takeSequence(slot.outbound, 1 + (i % 3), 2 ** 40));
    if (window.check(i + 1) === undefined && window.accept(i + 1) === undefined) accepted.push(i + 1);
  }
  parentPort.postMessage({ taken, accepted });
});`;

test('numbers and packets are shared without a loss', async () => {
  const memory = new FastMemory();
  const slot = memory.slot(3);
  memory.begin(slot);
  const url = (path: string): string => new URL(path, import.meta.url).href;
  const workerData = {
    buffer: memory.buffer,
    rounds: ROUNDS,
    loader: import.meta.resolve('tsx/esm/api'),
    memory: url('./fast-memory.ts'),
    esp: url('../../esp/index.ts'),
  };
  const worker = new Worker(OTHER, { eval: true, workerData });
  const told = new Promise<{ taken: number[]; accepted: number[] }>((resolve, reject) => {
    worker.once('message', resolve).once('error', reject);
  });
  while (Atomics.load(memory.words, 8) < 1) await new Promise((resolve) => setImmediate(resolve));
  const window = new ReplayWindow(1024, 0, slot.inbound);
  const taken: number[] = [];
  const accepted: number[] = [];
  Atomics.add(memory.words, 8, 1);
  for (let i = 0; i < ROUNDS; i++) {
    taken.push(takeSequence(slot.outbound, 1 + (i % 3), 2 ** 40));
    if (window.check(i + 1) === undefined && window.accept(i + 1) === undefined) accepted.push(i + 1);
  }
  const other = await told;
  const ranges = [taken, other.taken].flatMap((list) => list.map((first, i) => ({ first, next: first + 1 + (i % 3) })));
  ranges.sort((a, b) => a.first - b.first);
  assert.equal(ranges[0]?.first, 1);
  for (const [i, { first }] of ranges.entries()) if (i > 0) assert.equal(first, ranges[i - 1]?.next);
  const all = [...accepted, ...other.accepted];
  assert.equal(new Set(all).size, all.length, 'nothing was taken by both');
  assert.equal(window.highest, ROUNDS);
});
