/**
 * A gateway on the machine that it runs on, as `run-host.test.ts` starts it in a namespace: `GatewayHost` over the real
 * Linux. Arguments: the configuration, and host settings as JSON. Each line that comes in is answered with a view, as one
 * line of JSON; SIGTERM stops it cleanly.
 */
import { randomBytes } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { createInterface } from 'node:readline';
import { loadAsa } from '../../src/config/index.ts';
import { DEFAULT_SETTINGS, GatewayHost, realClock, wallClock } from '../../src/host/index.ts';
import { openLinux } from '../../src/host/linux/index.ts';

const [path = '', given = '{}'] = process.argv.slice(2);
const loaded = (): ReturnType<typeof loadAsa> => loadAsa(readFileSync(path, 'utf8'), path);
const print = (value: unknown): void => void process.stdout.write(`${JSON.stringify(value)}\n`);

const { model, diagnostics } = loaded();
const errors = diagnostics.filter(({ severity }) => severity === 'error');
if (errors.length > 0) throw new Error(JSON.stringify(errors));

const host = new GatewayHost({
  name: model.hostname,
  model,
  open: openLinux,
  settings: { ...DEFAULT_SETTINGS, ...JSON.parse(given) },
  random: (length) => new Uint8Array(randomBytes(length)),
  clock: realClock,
  wallClock,
  onLog: ({ code, text }) => void process.stderr.write(`${code}: ${text}\n`),
  onFault: ({ call, code, text, remedy }) => void process.stderr.write(`FAULT ${call} ${code} ${text} (${remedy})\n`),
});

const started = host.start();
print(started);
if (!started.ok) process.exit(1);

process.once('SIGTERM', () => {
  void host.stop().then(() => {
    print({ stopped: true });
    process.exit(0);
  });
});

for await (const line of createInterface({ input: process.stdin })) {
  if (line === 'reload') host.configure(loaded().model);
  const { device } = host;
  print({
    status: device.status(),
    childSas: device.counters().childSas,
    drops: device.counters().drops,
    counters: host.counters(),
    ports: device.snapshot()?.ike.sas.map(({ path }) => path.local.port),
  });
}
