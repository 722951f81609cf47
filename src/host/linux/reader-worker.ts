/** The reader's thread: a bundle of its own, started by `reader.ts`. It reads until the shared words say that it ends. */
import { parentPort, receiveMessageOnPort, workerData } from 'node:worker_threads';
import { openLibc } from './libc.ts';
import { ReaderLoop } from './reader-loop.ts';
import type { ReaderData, ReaderOrder, ReaderReport } from './reader-protocol.ts';

/** Bounded, so that the thread can be ended from without even if nobody wakes it. */
const LONGEST_WAIT_MS = 1000;

const port = parentPort;
const libc = openLibc();
if (port === null) throw new Error('the reader runs in a thread of its own');
if (!libc.ok) throw new Error(libc.error.text);

const { wakeFd, shared } = workerData as ReaderData;
const loop = new ReaderLoop({
  libc: libc.value,
  wakeFd,
  shared,
  post: (report: ReaderReport) => {
    port.postMessage(report, report.kind === 'packets' ? [report.packets, report.index] : []);
  },
  orders: () => {
    const orders: ReaderOrder[] = [];
    for (let next = receiveMessageOnPort(port); next !== undefined; next = receiveMessageOnPort(port)) {
      orders.push(next.message as ReaderOrder);
    }
    return orders;
  },
});
port.postMessage({ kind: 'ready' } satisfies ReaderReport);
while (!loop.ended) loop.round(LONGEST_WAIT_MS);
