/** A TCP transfer between two namespaces, compared byte for byte by its hash. */
import assert from 'node:assert/strict';
import type { Namespace } from './namespaces.ts';
import { until } from './until.ts';

const PORT = 5001;

const SERVER = `
const { createServer } = require('node:net');
const { createHash, randomBytes } = require('node:crypto');
const [address, port, bytes] = process.argv.slice(1);
const data = randomBytes(Number(bytes));
createServer((socket) => socket.end(data)).listen(Number(port), address, () => {
  console.log('sha256 ' + createHash('sha256').update(data).digest('hex'));
});`;

const CLIENT = `
const { connect } = require('node:net');
const { createHash } = require('node:crypto');
const [source, address, port] = process.argv.slice(1);
const hash = createHash('sha256');
connect({ host: address, port: Number(port), localAddress: source })
  .on('data', (data) => hash.update(data))
  .on('end', () => console.log('sha256 ' + hash.digest('hex')))
  .on('error', (error) => { console.log(error.message); process.exitCode = 1; });`;

type Place = Readonly<{ at: Namespace; address: string }>;

/** Sends `bytes` from one place to the other; whatever arrives must be what was sent. */
export async function transfer(from: Place, to: Place, bytes: number): Promise<void> {
  const server = from.at.spawn(process.execPath, ['-e', SERVER, from.address, String(PORT), String(bytes)]);
  try {
    const sent = await until('the server listens', () => server.runs() && /^sha256 .*/.exec(server.output)?.[0]);
    const received = await to.at.run(process.execPath, ['-e', CLIENT, to.address, from.address, String(PORT)]);
    assert.equal(received.trim(), sent);
  } finally {
    await server.stop('SIGKILL');
  }
}
