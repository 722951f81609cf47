/** Flows that hold for as long as what they were judged by, and packets that never overtake others of theirs. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { FastMemory, MOST_FLOWS } from './fast-memory.ts';
import { handled } from './fast-path.ts';
import { Direction, Flow, FlowKey, FlowTable, flowKind } from './flow-table.ts';
import { OrderKeeper } from './order-keeper.ts';

function keyOf(number: number, hasPorts = false): FlowKey {
  const key = new FlowKey();
  key.from = 1;
  key.kind = flowKind(4, Direction.OUT, 17, hasPorts);
  key.ports = hasPorts ? number : 0;
  key.words[0] = number;
  key.words[4] = ~number;
  return key;
}

function flowOf(slot: number): Flow {
  const flow = new Flow();
  flow.slot = slot;
  flow.limit = 1400;
  return flow;
}

test('a flow is found by its key alone, until the generation or the stamp of its SA is another', () => {
  const memory = new FastMemory();
  const flows = new FlowTable(memory);
  const found = new Flow();
  for (let i = 0; i < 100; i++) flows.set(keyOf(i), flowOf(i));
  for (let i = 0; i < 100; i++) {
    assert.ok(flows.find(keyOf(i), found), `flow ${i}`);
    assert.deepEqual([found.slot, found.limit], [i, 1400]);
  }
  assert.ok(!flows.find(keyOf(100), found) && !flows.find(keyOf(5, true), found), 'others are not found');
  memory.restamp(7);
  assert.deepEqual([flows.find(keyOf(7), found), flows.find(keyOf(8), found)], [false, true]);
  memory.forgetFlows();
  assert.equal(flows.find(keyOf(8), found), false);
  flows.set(keyOf(8), flowOf(3));
  assert.ok(flows.find(keyOf(8), found), 'it was judged anew');
  assert.equal(found.slot, 3);
});

test('more flows than there is room for push others out, and say so to whoever asked', () => {
  const memory = new FastMemory();
  const flows = new FlowTable(memory);
  const found = new Flow();
  let lost = 0;
  const count = 2 * MOST_FLOWS;
  for (let i = 0; i < count; i++) flows.set(keyOf(i, true), flowOf(1), () => void lost++);
  let left = 0;
  for (let i = 0; i < count; i++) if (flows.find(keyOf(i, true), found)) left++;
  assert.equal(left + lost, count);
  assert.ok(left > MOST_FLOWS * 0.8, `${left} of ${MOST_FLOWS} places are used`);
});

test('what was carried of a flow is told once, and none is lost between two who ask', () => {
  const memory = new FastMemory();
  const main = new FlowTable(memory);
  const other = new FlowTable(new FastMemory(memory.buffer));
  const place = main.set(keyOf(1, true), flowOf(1));
  const found = new Flow();
  assert.equal(main.take(place), undefined);
  assert.ok(other.find(keyOf(1, true), found), 'by the other thread, too');
  other.note(found, 500, 100, 77, false);
  other.note(found, 501, 200, 78, true);
  assert.deepEqual(main.take(place), { at: 501, bytes: 300, acknowledged: 78, hasData: true });
  assert.equal(main.take(place), undefined);
  main.forget(place);
  assert.equal(other.find(keyOf(1, true), found), false);
});

test('packets wait for those of their flow that the main thread has, and for no others', () => {
  const memory = new FastMemory();
  const asked: number[] = [];
  const order = new OrderKeeper(memory, (until) => void asked.push(until));
  assert.ok(order.mayPass(keyOf(1)), 'nothing is under way');
  order.note(keyOf(1), 2);
  order.handed += 2;
  order.note(keyOf(2));
  order.handed++;
  assert.deepEqual([order.mayPass(keyOf(1)), order.mayPass(keyOf(2)), order.mayPass(keyOf(3))], [false, false, true]);
  assert.deepEqual(asked, [2, 3]);
  handled(memory, 2);
  assert.deepEqual([order.mayPass(keyOf(1)), order.mayPass(keyOf(2))], [true, false]);
  handled(memory, 1);
  assert.ok(order.mayPass(keyOf(2)), 'all is handled');
});
