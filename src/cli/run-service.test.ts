/** A gateway that runs in memory, and its operators: connections of the control protocol without a socket. */
import assert from 'node:assert/strict';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, test } from 'node:test';
import fc from 'fast-check';
import { fromUtf8, seededRandom, utf8 } from '../base/index.ts';
import { control } from '../console/index.ts';
import { gatewayText } from '../gateway/model.fixture.ts';
import { DEFAULT_SETTINGS, GatewayHost } from '../host/index.ts';
import { MemoryMachine, MemoryWorld } from '../host/memory-system.fixture.ts';
import { RunningGateway } from './run-service.ts';
import { StartupConfig } from './startup-config.ts';

const folder = mkdtempSync(join(tmpdir(), 'wheelwright-service-'));
after(() => rmSync(folder, { recursive: true, force: true }));

const EPOCH_MS = 1_700_000_000_000;
let files = 0;

type Stage = Readonly<{
  world: MemoryWorld;
  machine: MemoryMachine;
  host: GatewayHost;
  service: RunningGateway;
  file: string;
  connect: (capacity?: number) => Connection;
}>;

type Connection = Readonly<{
  session: control.ControlSession;
  ask: (action: control.ControlAction) => void;
  send: (frame: control.ControlFrame) => void;
  output: () => string;
  complaint: () => string;
  status: () => number | undefined;
  /** The reader takes what waits. */
  read: () => void;
  held: () => number;
  flags: { isPaused: boolean; isEnded: boolean; isAborted: boolean };
}>;

/** Gateway 1 of two whose other end does not exist. */
function stage(): Stage {
  const file = join(folder, `gw1-${files++}.cfg`);
  writeFileSync(file, gatewayText(1, [2]));
  const world = new MemoryWorld();
  const machine = new MemoryMachine(world, { eth0: ['10.0.0.1/24'], eth1: ['10.1.1.1/24'] }, []);
  const config = new StartupConfig(file);
  const read = config.read();
  assert.ok(read.ok && read.value.errors === 0);
  const host = new GatewayHost({
    name: 'gw1',
    model: read.value.model,
    open: machine.open,
    settings: DEFAULT_SETTINGS,
    random: seededRandom(1, 'gw1'),
    clock: world.clock,
    wallClock: () => EPOCH_MS + world.now,
    onLog: (event) => service.tell(event),
  });
  const service: RunningGateway = new RunningGateway({
    device: host.device,
    config,
    read: read.value,
    memory: () => ({ residentBytes: 1, heapUsedBytes: 2, outsideHeapBytes: 3 }),
    pid: 4711,
    curves: 'OpenSSL 3.0.19',
    epochMs: () => EPOCH_MS,
    now: () => world.now,
  });
  assert.deepEqual(host.start(), { ok: true, value: undefined });
  world.run(100);
  return { world, machine, host, service, file, connect: (capacity) => connection(service, capacity) };
}

function connection(service: RunningGateway, capacity = Infinity): Connection {
  const reader = new control.FrameReader();
  const flags = { isPaused: false, isEnded: false, isAborted: false };
  let [output, complaint, taken] = ['', '', 0];
  let status: number | undefined;
  const session = new control.ControlSession(service, {
    write: (bytes) => {
      taken += bytes.length;
      for (const frame of reader.push(bytes)) {
        assert.ok(frame.ok);
        if (frame.value.kind === 'output') output += fromUtf8(frame.value.bytes);
        else if (frame.value.kind === 'complaint') complaint += fromUtf8(frame.value.bytes);
        else if (frame.value.kind === 'exit') status = frame.value.status;
      }
      return taken < capacity;
    },
    pause: () => {
      flags.isPaused = true;
    },
    resume: () => {
      flags.isPaused = false;
    },
    end: () => {
      flags.isEnded = true;
    },
    abort: () => {
      flags.isAborted = true;
      session.gone();
    },
  });
  const send = (frame: control.ControlFrame): void => session.receive(control.encodeFrame(frame));
  return {
    session,
    flags,
    send,
    ask: (action) => send({ kind: 'request', request: { version: control.CONTROL_VERSION, ...action } }),
    output: () => output,
    complaint: () => complaint,
    status: () => status,
    read: () => {
      taken = 0;
      session.drained();
    },
    held: () => taken,
  };
}

test('a show command is answered as text, filtered, and as JSON', () => {
  const { connect } = stage();
  const text = connect();
  text.ask({ kind: 'exec', line: 'show interface ip brief', json: false });
  assert.match(text.output(), /GigabitEthernet0\/0 +10\.0\.0\.1 /);
  assert.deepEqual([text.status(), text.flags.isEnded], [0, true]);
  const filtered = connect();
  filtered.ask({ kind: 'exec', line: 'show running-config | include hostname', json: false });
  assert.equal(filtered.output(), 'hostname gw1\n');
  const json = connect();
  json.ask({ kind: 'exec', line: 'show version', json: true });
  assert.equal(typeof JSON.parse(json.output()), 'object');
});

const refusals = [
  { line: 'shwo version', says: /% Invalid input|Did you mean/ },
  { line: '', says: /^$/, status: 0 },
  { line: 'configure terminal', says: /Invalid input/ },
];
for (const { line, says, status = 1 } of refusals) {
  test(`the line '${line}' is answered, with status ${status}`, () => {
    const one = stage().connect();
    one.ask({ kind: 'exec', line, json: false });
    assert.match(one.complaint(), says);
    assert.equal(one.status(), status);
  });
}

test('JSON and a filter do not go together, and what has text only says so', () => {
  const { connect } = stage();
  for (const line of ['show version | include x', 'write memory', 'ping 10.0.0.2']) {
    const one = connect();
    one.ask({ kind: 'exec', line, json: true });
    assert.match(one.complaint(), /^ERROR: /);
    assert.equal(one.status(), 1);
  }
});

test('a ping prints as it goes, and ends when its program goes', () => {
  const { world, connect } = stage();
  const one = connect();
  one.ask({ kind: 'exec', line: 'ping 10.0.0.1', json: false });
  world.run(20_000);
  assert.match(one.output(), /!!!!!\s+Success rate is 100 percent/);
  assert.equal(one.status(), 0);
  const other = connect();
  other.ask({ kind: 'exec', line: 'ping 10.0.0.9 repeat 1000', json: false });
  world.run(3_000);
  assert.equal(other.status(), undefined);
  other.session.gone();
  world.run(3_000);
  assert.equal(other.status(), undefined);
});

test('explain and the status come from what runs', () => {
  const { connect } = stage();
  const why = connect();
  why.ask({ kind: 'exec', line: 'explain tunnel Tunnel2', json: false });
  assert.match(why.output(), /Tunnel2/);
  const status = connect();
  status.ask({ kind: 'status', json: true });
  const value = JSON.parse(status.output()) as Record<string, unknown>;
  assert.deepEqual([value['name'], value['pid'], value['saved'], value['state']], ['gw1', 4711, true, 'running']);
  const text = connect();
  text.ask({ kind: 'status', json: false });
  assert.match(text.output(), /^gw1 \(gw1\) is running, process 4711, for 0s\nconfiguration .*\ntunnels 0 of 1 up, /);
});

test('a terminal works as at the device: prompt, output, configuration, size, the end', () => {
  const { host, connect } = stage();
  const one = connect();
  one.ask({ kind: 'console', columns: 100, rows: 30 });
  assert.match(one.output(), /gw1# $/);
  one.send({ kind: 'input', bytes: utf8('show clock\r') });
  assert.match(one.output(), /UTC .*2023\r\n/);
  one.send({ kind: 'input', bytes: utf8('configure terminal\rhostname other\rend\r') });
  assert.equal(host.device.model().hostname, 'other');
  assert.match(one.output(), /other# $/);
  one.send({ kind: 'resize', columns: 0, rows: 0 });
  one.send({ kind: 'input', bytes: utf8('exit\r') });
  assert.deepEqual([one.status(), one.flags.isEnded], [0, true]);
  const gone = connect();
  gone.ask({ kind: 'console', columns: 0, rows: 0 });
  gone.send({ kind: 'end' });
  assert.equal(gone.status(), 0);
});

test('write memory saves what was configured, and a reload takes the file back', () => {
  const { host, file, connect } = stage();
  const exec = (line: string): Connection => {
    const one = connect();
    one.ask({ kind: 'exec', line, json: false });
    return one;
  };
  const terminal = connect();
  terminal.ask({ kind: 'console', columns: 80, rows: 24 });
  terminal.send({ kind: 'input', bytes: utf8('configure terminal\rinterface Tunnel2\rshutdown\rend\r') });
  const unsaved = connect();
  unsaved.ask({ kind: 'status', json: false });
  assert.match(unsaved.output(), /what runs is not saved/);
  assert.match(exec('write').output(), /\[OK\]/);
  assert.match(readFileSync(file, 'utf8'), /interface Tunnel2\n(?: .*\n)* shutdown\n/);
  assert.match(readFileSync(file, 'utf8'), /pre-shared-key between-1-2/);

  writeFileSync(file, gatewayText(1, [2, 3]));
  const dry = connect();
  dry.ask({ kind: 'reload', dryRun: true, json: false });
  assert.match(dry.output(), /would change this:\n/);
  assert.match(dry.output(), / {2}\+ tunnel Tunnel3\n/);
  assert.match(dry.output(), / {2}~ tunnel Tunnel2 \(shutdown\)\n/);
  assert.match(dry.output(), / {2}= untouched: 2 interfaces/);
  assert.equal(
    host.device.model().interfaces.some(({ name }) => name === 'Tunnel3'),
    false,
  );
  const applied = connect();
  applied.ask({ kind: 'reload', dryRun: false, json: true });
  assert.equal((JSON.parse(applied.output()) as control.ReloadDocument).outcome, 'applied');
  assert.equal(
    host.device.model().interfaces.some(({ name }) => name === 'Tunnel3'),
    true,
  );
  const again = connect();
  again.ask({ kind: 'reload', dryRun: false, json: false });
  assert.match(again.output(), /says what runs already/);
});

test('a reload of a file with errors, or of none, changes nothing', () => {
  const { host, file, connect } = stage();
  const before = host.device.model();
  writeFileSync(file, `${gatewayText(1, [2])}\nfrobnicate the widgets\n`);
  const wrong = connect();
  wrong.ask({ kind: 'reload', dryRun: false, json: false });
  assert.match(wrong.complaint(), /frobnicate[\s\S]*1 error in .*; nothing was changed\n$/);
  rmSync(file);
  const none = connect();
  none.ask({ kind: 'reload', dryRun: false, json: true });
  assert.equal((JSON.parse(none.output()) as control.ReloadDocument).outcome, 'refused');
  assert.deepEqual([wrong.status(), none.status()], [1, 1]);
  assert.equal(host.device.model(), before);
});

test('what the machine lacks for a reloaded configuration reaches who asked for it', () => {
  const { file, host, service } = stage();
  const config = new StartupConfig(file);
  const read = config.read();
  assert.ok(read.ok, 'it can be read');
  const complaining = new RunningGateway({
    device: host.device,
    config,
    read: read.value,
    memory: () => service.status().value as never,
    pid: 1,
    epochMs: () => EPOCH_MS,
    now: () => 0,
    curves: 'none',
    configure: (model, by) => host.configure(model, by).map(({ text }) => text),
  });
  const dmz =
    'interface GigabitEthernet0/2\n nameif dmz\n security-level 50\n ip address 10.7.0.1 255.255.255.0\n no shutdown\n';
  writeFileSync(file, `${gatewayText(1, [2])}${dmz}`);
  const { status, text, value } = complaining.reload(false);
  assert.equal(status, 1);
  assert.match(text, /runs now[\s\S]*No interface of this machine is GigabitEthernet0\/2 "dmz"/);
  assert.equal((value as control.ReloadDocument).outcome, 'applied');
  assert.match((value as control.ReloadDocument).findings.join(), /No interface of this machine/);
});

test('write memory keeps what somebody else wrote into the file, and a file that can not be written is told', () => {
  const { file, connect } = stage();
  writeFileSync(file, 'hostname somebody-else\n');
  const one = connect();
  one.ask({ kind: 'exec', line: 'write memory', json: false });
  assert.match(one.output(), /WARNING: .* was changed by somebody else[\s\S]*\[OK\]/);
  assert.equal(readFileSync(`${file}.other`, 'utf8'), 'hostname somebody-else\n');
  assert.match(readFileSync(file, 'utf8'), /hostname gw1/);
});

test('a monitor hears what happens, from now on or from the oldest event', () => {
  const { host, connect } = stage();
  const now = connect();
  now.ask({ kind: 'monitor', json: false, from: 'now', level: 7 });
  assert.equal(now.output(), '');
  const journal = connect();
  journal.ask({ kind: 'monitor', json: true, from: 'journal', level: 7 });
  const kept = journal.output().trimEnd().split('\n');
  assert.ok(kept.length > 0);
  for (const line of kept) assert.equal((JSON.parse(line) as { device: string }).device, 'gw1');
  host.device.configure(host.device.model(), { user: 'ann', command: 'hostname gw1' });
  assert.match(now.output(), /%(?:ASA|WHEELWRIGHT)-\d-/);
  assert.ok(journal.output().trimEnd().split('\n').length > kept.length);
  now.session.gone();
  journal.session.dismiss('the gateway has stopped\n');
  assert.deepEqual([journal.complaint(), journal.status()], ['the gateway has stopped\n', 1]);
});

test('a reader that is slow loses events, is told how many, and holds little of us', () => {
  const { service, connect } = stage();
  const slow = connect(1000);
  slow.ask({ kind: 'monitor', json: true, from: 'now', level: 7 });
  const event = { at: 0 as never, severity: 4, code: 'test', text: 'x'.repeat(1000) } as const;
  for (let i = 0; i < 20_000; i++) service.tell(event);
  assert.equal(slow.flags.isPaused, true);
  assert.ok(slow.output().length < 5000);
  let rounds = 0;
  for (; slow.flags.isPaused && rounds < 100_000; rounds++) slow.read();
  service.tell(event);
  const lines = slow.output().trimEnd().split('\n').length;
  assert.ok(lines > 100 && lines < 2000, `${lines} lines`);
  const missing = Number(/^(\d+) events are missing/.exec(slow.complaint())?.[1]);
  assert.equal(missing + lines, 20_001);
});

test('a terminal that reads nothing ends, the gateway goes on', () => {
  const { service, connect } = stage();
  const dead = connect(1);
  dead.ask({ kind: 'console', columns: 80, rows: 24 });
  for (let i = 0; i < 200_000 && !dead.flags.isAborted; i++)
    dead.send({ kind: 'input', bytes: utf8('help\r        ') });
  assert.ok(dead.flags.isAborted);
  service.tell({ at: 0 as never, severity: 4, code: 'test', text: 'x' });
});

test('whatever is sent, nothing throws and the gateway still answers', () => {
  const one = stage();
  const bytes = fc.uint8Array({ maxLength: 80 });
  const frame = fc.oneof(
    bytes.map((body) => control.encodeFrame({ kind: 'input', bytes: body })),
    bytes,
    fc
      .constantFrom<control.ControlAction>(
        { kind: 'console', columns: 1, rows: 1 },
        { kind: 'status', json: true },
        { kind: 'exec', line: 'show tech-support', json: false },
      )
      .map((action) => control.encodeFrame({ kind: 'request', request: { version: 1, ...action } })),
    fc.constant(control.encodeFrame({ kind: 'end' })),
    fc.constant(control.encodeFrame({ kind: 'exit', status: 3 })),
  );
  fc.assert(
    fc.property(fc.array(frame, { maxLength: 12 }), (frames) => {
      const { session } = one.connect();
      for (const each of frames) session.receive(each);
      session.gone();
    }),
    { numRuns: 200 },
  );
  const fine = one.connect();
  fine.ask({ kind: 'status', json: false });
  assert.equal(fine.status(), 0);
});
