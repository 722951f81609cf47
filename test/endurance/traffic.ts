/**
 * One end of a stream, as a program in a namespace: what it counts goes out by stdout, a line of JSON each second. A line
 * that comes in ends what it sends; SIGTERM ends it.
 *
 *   probes OWN PEER PORT HZ    numbered datagrams each way, so many a second
 *   send PEER PORT MBIT        a TCP stream of numbered words at that rate
 *   receive OWN PORT           takes it, and looks whether it is the same
 */
import { createSocket } from 'node:dgram';
import { readFileSync } from 'node:fs';
import { connect, createServer } from 'node:net';
import { performance } from 'node:perf_hooks';
import { createInterface } from 'node:readline';
import { NumberedStream } from './numbered-stream.ts';

const TICK_MS = 1;
/** After a pause of this process what is overdue goes out a few at a time: a burst would prove the queues, not the gateway. */
const BURST = 8;
const TELL_MS = 1000;

let sending = true;
createInterface({ input: process.stdin }).on('line', () => {
  sending = false;
});

const tell = (told: Readonly<Record<string, unknown>>): void => {
  process.stdout.write(`${JSON.stringify({ at: Date.now(), ...told })}\n`);
};

/** Datagrams that the kernel dropped here since this process was slow to take them: no fault of a gateway. */
function droppedHere(): number {
  const lines = readFileSync('/proc/self/net/snmp', 'utf8')
    .split('\n')
    .filter((line) => line.startsWith('Udp:'));
  const [names = [], values = []] = lines.map((line) => line.split(' '));
  return Number(values[names.indexOf('RcvbufErrors')] ?? 0);
}

function probes(own: string, peer: string, port: number, hz: number): void {
  const stream = new NumberedStream();
  const socket = createSocket('udp4');
  let sent = 0;
  let refused = 0;
  let begun = 0;
  socket.on('message', (message) => {
    if (message.length >= 8) stream.arrived(message.readUIntBE(2, 6), Date.now());
  });
  // ICMP errors come this way while a route is away.
  socket.on('error', () => {
    refused++;
  });
  socket.bind(port, own, () => {
    socket.setRecvBufferSize(1 << 20);
    begun = performance.now();
    setInterval(() => {
      const due = Math.floor(((performance.now() - begun) / 1000) * hz);
      for (let i = 0; sending && i < BURST && sent < due; i++) {
        const message = Buffer.alloc(64);
        message.writeUIntBE(sent++, 2, 6);
        socket.send(message, port, peer, (error) => {
          if (error !== null) refused++;
        });
      }
    }, TICK_MS);
    setInterval(() => tell({ sent, refused, droppedHere: droppedHere(), ...stream.told() }), TELL_MS);
  });
}

const CHUNK = 16_384;

/** Words that tell their own place. */
function words(from: number, bytes: number): Buffer {
  const data = Buffer.alloc(bytes);
  for (let i = 0; i < bytes; i += 4) data.writeUInt32BE(((from + i) / 4) >>> 0, i);
  return data;
}

function send(peer: string, port: number, mbit: number): void {
  const socket = connect({ host: peer, port });
  const begun = performance.now();
  let sent = 0;
  socket.on('error', (error) => {
    tell({ error: error.message, sent });
    process.exit(1);
  });
  setInterval(() => {
    const due = ((performance.now() - begun) * mbit * 1000) / 8;
    // What the connection could not take is not owed: the rate is a ceiling.
    for (let i = 0; sending && i < BURST && sent + CHUNK <= due && socket.writableLength < 8 * CHUNK; i++) {
      socket.write(words(sent, CHUNK));
      sent += CHUNK;
    }
    if (!sending && !socket.writableEnded) socket.end();
  }, 2 * TICK_MS);
  setInterval(() => tell({ sent }), TELL_MS);
}

function receive(own: string, port: number): void {
  let received = 0;
  let wrong = 0;
  let longestPauseMs = 0;
  let last = 0;
  let isOver = false;
  const server = createServer((socket) => {
    let rest = Buffer.alloc(0);
    last = performance.now();
    socket.on('data', (data: Buffer) => {
      longestPauseMs = Math.max(longestPauseMs, performance.now() - last);
      last = performance.now();
      const all = rest.length === 0 ? data : Buffer.concat([rest, data]);
      const whole = all.length - (all.length % 4);
      const first = received - rest.length;
      if (!all.subarray(0, whole).equals(words(first, whole))) wrong++;
      received += data.length;
      rest = Buffer.from(all.subarray(whole));
    });
    socket.on('error', () => {
      isOver = true;
    });
    socket.on('end', () => {
      isOver = true;
    });
  });
  server.listen(port, own, () => tell({ listens: true }));
  setInterval(() => tell({ received, wrong, longestPauseMs: Math.round(longestPauseMs), isOver }), TELL_MS);
}

const [role = '', ...given] = process.argv.slice(2);
const text = (i: number): string => given[i] ?? '';
const number = (i: number): number => Number(text(i));
if (role === 'probes') probes(text(0), text(1), number(2), number(3));
else if (role === 'send') send(text(0), number(1), number(2));
else if (role === 'receive') receive(text(0), number(1));
else throw new Error(`no role ${role}`);
