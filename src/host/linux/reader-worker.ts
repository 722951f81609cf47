/** The reader's thread: a bundle of its own, started by `reader.ts`. It reads until the shared words say that it ends. */
import { parentPort, receiveMessageOnPort, workerData } from 'node:worker_threads';
import { SecretKey } from '../../base/index.ts';
import { StatelessCookies } from '../../ike/index.ts';
import { FastMemory } from '../../plane/index.ts';
import { openFastLoop } from './fast-loop.ts';
import { openLibc } from './libc.ts';
import { ReaderLoop } from './reader-loop.ts';
import {
  type ReaderData,
  type ReaderOrder,
  type ReaderReport,
  readerCounters,
  sharedCounters,
} from './reader-protocol.ts';

/** Bounded, so that the thread can be ended from without even if nobody wakes it. */
const LONGEST_WAIT_MS = 1000;
/** How often it tells of strangers at most. */
const TELL_EVERY_MS = 1000;

const port = parentPort;
const libc = openLibc();
if (port === null) throw new Error('the reader runs in a thread of its own');
if (!libc.ok) throw new Error(libc.error.text);

const { wakeFd, shared, fast } = workerData as ReaderData;
const native = libc.value;
/** In milliseconds, as the driver counts them. */
const driverNow = (): number => Number(process.hrtime.bigint()) / 1e6 + (fast?.clockOffset ?? 0);
const cookies = new StatelessCookies();
let isFlood = false;

const loop = new ReaderLoop({
  libc: native,
  wakeFd,
  shared,
  post: (report: ReaderReport) => {
    port.postMessage(report, report.kind === 'packets' ? [report.packets, report.index] : []);
  },
  orders: () => {
    const orders: ReaderOrder[] = [];
    for (let next = receiveMessageOnPort(port); next !== undefined; next = receiveMessageOnPort(port)) {
      const order = next.message as ReaderOrder;
      orders.push(order);
      cookies.use(order.secrets.map(({ version, key }) => ({ version, key: new SecretKey(key) })));
      isFlood = order.secrets.length > 0;
    }
    return orders;
  },
  ...(fast === undefined
    ? {}
    : {
        fast: (listener) => {
          const { memory, takesUdp } = fast;
          return openFastLoop({ libc: native, memory: new FastMemory(memory), takesUdp, now: driverNow, listener });
        },
      }),
  filter: {
    isActive: () => isFlood,
    judge: (datagram, source) => {
      const verdict = cookies.judge(datagram, source);
      if (typeof verdict !== 'string') return verdict;
      return ({ proven: 'pass', other: 'unknown', malformed: 'drop' } as const)[verdict];
    },
  },
});

const counters = sharedCounters(shared);
const LOST = readerCounters.indexOf('kernel-dropped-first');
const told = { at: 0, challenges: 0, refused: 0, lost: 0 };

function tellOfStrangers(): void {
  const { challenges, refused } = cookies;
  const lost = counters[LOST] ?? 0;
  const now = performance.now();
  if ((challenges === told.challenges && lost === told.lost) || now < told.at + TELL_EVERY_MS) return;
  const since = {
    challenges: challenges - told.challenges,
    refused: refused - told.refused,
    lost: lost - told.lost,
  };
  Object.assign(told, { at: now, challenges, refused, lost });
  port?.postMessage({ kind: 'cookies-answered', ...since } satisfies ReaderReport);
}

port.postMessage({ kind: 'ready' } satisfies ReaderReport);
while (!loop.ended) {
  loop.round(LONGEST_WAIT_MS);
  tellOfStrangers();
}
