/** The built command line, as a user or a script meets it: its help, its exit status, and one sentence for each mistake. */
import assert from 'node:assert/strict';
import { cpSync, existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import { type BuiltCommand, buildCommand, type Ended, root } from './command-fixture.ts';

const EXAMPLE = 'examples/hub-and-spoke/topology.yaml';

let command: BuiltCommand;
before(() => {
  command = buildCommand();
});
after(() => command?.remove());

const labRun = (...args: string[]): Ended => command.run('lab', 'run', ...args);

/** A copy of the example with one file changed; gives the path of its topology. */
function changedExample(name: string, file: string, change: (text: string) => string): string {
  const folder = join(command.scratch, name);
  cpSync(join(root, 'examples/hub-and-spoke'), folder, { recursive: true });
  writeFileSync(join(folder, file), change(readFileSync(join(folder, file), 'utf8')));
  return join(folder, 'topology.yaml');
}

function topology(name: string, text: string): string {
  const folder = join(command.scratch, name);
  mkdirSync(folder);
  writeFileSync(join(folder, 'topology.yaml'), text);
  return join(folder, 'topology.yaml');
}

function assertNoTrace({ stdout, stderr }: Ended): void {
  assert.doesNotMatch(stdout + stderr, /^ +at |internal fault|node:internal|\.mjs:/m);
}

describe('help', () => {
  const rows = [
    { args: [], status: 2, examples: ['wheelwright lab run ', 'wheelwright run '] },
    { args: ['--help'], status: 0, examples: ['wheelwright lab run ', 'wheelwright run '] },
    { args: ['lab', '--help'], status: 0, examples: ['wheelwright lab run ', 'wheelwright lab generate '] },
    { args: ['lab', 'run', '--help'], status: 0, examples: ['wheelwright lab run '] },
    { args: ['run', '--help'], status: 0, examples: ['wheelwright run'] },
    { args: ['show', '--help'], status: 0, examples: ['wheelwright show'] },
    { args: ['exec', '--help'], status: 0, examples: ['wheelwright exec'] },
    { args: ['console', '--help'], status: 0, examples: ['wheelwright console'] },
    { args: ['monitor', '--help'], status: 0, examples: ['wheelwright monitor'] },
    { args: ['reload', '--help'], status: 0, examples: ['wheelwright reload'] },
    { args: ['status', '--help'], status: 0, examples: ['wheelwright status'] },
    { args: ['doctor', '--help'], status: 0, examples: ['wheelwright doctor'] },
    { args: ['lab', 'generate', '--help'], status: 0, examples: ['wheelwright lab generate '] },
  ] as const;
  for (const { args, status, examples } of rows) {
    test(`${['wheelwright', ...args].join(' ')} fits a screen and ends with an example of each command`, () => {
      const ended = command.run(...args);
      assert.equal(ended.status, status);
      const lines = (ended.stdout + ended.stderr).trimEnd().split('\n');
      assert.ok(lines.length <= 24, `${lines.length} lines`);
      for (const line of lines) assert.ok(line.length <= 80, line);
      const last = lines.slice(-examples.length);
      for (const [i, example] of examples.entries()) assert.ok(last[i]?.trim().startsWith(example), last[i]);
    });
  }

  test('the version is that of the package', () => {
    const { version } = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8')) as { version: string };
    assert.deepEqual(command.run('--version'), { status: 0, stdout: `${version}\n`, stderr: '' });
  });
});

describe('a mistake is one sentence, exit status 2, and nothing started', () => {
  const rows: readonly Readonly<{ name: string; args: () => string[]; says: RegExp }>[] = [
    { name: 'an unknown command', args: () => ['nosuch'], says: /unknown command 'nosuch'/ },
    { name: 'no topology', args: () => ['lab', 'run'], says: /missing required argument 'topology'/ },
    {
      name: 'a topology that is not there',
      args: () => ['lab', 'run', 'nosuch.yaml'],
      says: /^nosuch\.yaml:1:1: The topology `nosuch\.yaml` cannot be read\.$/m,
    },
    {
      name: 'YAML that is none',
      args: () => ['lab', 'run', topology('no-yaml', 'name: x\ntopology: [\n')],
      says: /topology\.yaml:3:1: This is not YAML: /,
    },
    {
      name: 'an empty topology',
      args: () => ['lab', 'run', topology('empty', '')],
      says: /topology\.yaml:1:1: A topology must be a mapping/,
    },
    {
      name: 'a device without configuration',
      args: () => [
        'lab',
        'run',
        topology('no-config', 'name: x\ntopology:\n  nodes:\n    hub: { kind: asa }\n  links: []\n'),
      ],
      says: /topology\.yaml:4:5: Device `hub` has no `startup-config`\.$/m,
    },
    {
      name: 'a configuration that is not there',
      args: () => [
        'lab',
        'run',
        topology(
          'lost-config',
          'name: x\ntopology:\n  nodes:\n    hub: { kind: asa, startup-config: lost.cfg }\n  links: []\n',
        ),
      ],
      says: /topology\.yaml:4:\d+: The configuration `lost\.cfg` of `hub` cannot be read\.$/m,
    },
    {
      name: 'an --exec without a device',
      args: () => ['lab', 'run', EXAMPLE, '--exec', 'show route'],
      says: /^--exec 'show route' is not of the form 'DEVICE: COMMAND'$/m,
    },
    {
      name: 'a --capture of an unknown link',
      args: () => ['lab', 'run', EXAMPLE, '--capture', 'nosuch=x.pcapng'],
      says: /^--capture 'nosuch=x\.pcapng': LINK=FILE is needed, with a link such as hub1-outside, /m,
    },
    {
      name: 'a --capture without a file',
      args: () => ['lab', 'run', EXAMPLE, '--capture', 'hub1-outside'],
      says: /^--capture 'hub1-outside': LINK=FILE is needed/m,
    },
    {
      name: 'a --capture that can not be written',
      args: () => ['lab', 'run', EXAMPLE, '--capture', `hub1-outside=${join(command.scratch, 'nosuch', 'x.pcapng')}`],
      says: /nosuch\/x\.pcapng can not be written: there is no such file or folder$/m,
    },
    {
      name: 'a --keys folder that can not be written',
      args: () => ['lab', 'run', EXAMPLE, '--keys', join(root, 'package.json', 'keys')],
      says: /package\.json\/keys can not be written: a file stands where a folder is needed$/m,
    },
    {
      name: 'a --timeout that is no time',
      args: () => ['lab', 'run', EXAMPLE, '--timeout', 'soon'],
      says: /'soon' is invalid\. a time such as 60s, 500ms or 2m is needed\.$/m,
    },
    {
      name: 'a --seed that is no number',
      args: () => ['lab', 'run', EXAMPLE, '--seed', '-1'],
      says: /'-1' is invalid\. a whole number is needed\.$/m,
    },
    {
      name: 'an unknown shape',
      args: () => ['lab', 'generate', 'ring', join(command.scratch, 'ring')],
      says: /^there is no shape 'ring'; there is hub-spoke$/m,
    },
    {
      name: 'too few hubs',
      args: () => ['lab', 'generate', 'hub-spoke', '--hubs', '0', join(command.scratch, 'none')],
      says: /^1 to 8 hubs and 1 to 4000 spokes can be generated$/m,
    },
    {
      name: 'a folder to generate to that is a file',
      args: () => ['lab', 'generate', 'hub-spoke', join(root, 'package.json')],
      says: /package\.json can not be written: a file stands where a folder is needed$/m,
    },
  ];
  for (const { name, args, says } of rows) {
    test(name, () => {
      const ended = command.run(...args());
      assert.equal(ended.status, 2, ended.stdout + ended.stderr);
      assert.equal(ended.stdout, '');
      assert.match(ended.stderr, says);
      const lines = ended.stderr.trimEnd().split('\n');
      assert.ok(lines.filter((line) => !line.startsWith('(wheelwright --help')).length === 1, ended.stderr);
      assertNoTrace(ended);
    });
  }

  test('an unknown configuration line: where it stands, what was expected, the nearest line', () => {
    const spoke = changedExample('unknown-line', 'spoke1.cfg', (text) =>
      text.replace('tunnel mode ipsec ipv4', 'tunel mode ipsec ipv4'),
    );
    const line = readFileSync(join(root, 'examples/hub-and-spoke/spoke1.cfg'), 'utf8')
      .split('\n')
      .findIndex((text) => text.includes('tunnel mode ipsec ipv4'));
    const capture = join(command.scratch, 'unknown-line', 'x.pcapng');
    const ended = labRun(spoke, '--capture', `hub1-outside=${capture}`);
    assert.equal(ended.status, 2);
    assert.equal(ended.stdout, '');
    const where = `spoke1.cfg:${line + 1}:2: error: unknown command`;
    assert.ok(ended.stderr.includes(where), `${where} in\n${ended.stderr}`);
    assert.match(ended.stderr, /^ +expected: tunnel, /m);
    assert.match(ended.stderr, /^ +suggestion: tunnel mode ipsec ipv4$/m);
    assert.match(ended.stderr, /^1 error; nothing was started$/m);
    assert.ok(!existsSync(capture));
    assertNoTrace(ended);
  });

  test('every faulty line is told, not the first alone', () => {
    const spoke = changedExample('three-faults', 'spoke1.cfg', (text) => `${text}\nfoo\nbar 1\nhostnme x\n`);
    const ended = labRun(spoke);
    assert.equal(ended.status, 2);
    assert.match(ended.stderr, /^3 errors; nothing was started$/m);
  });
});

describe('lab run', () => {
  test('exit status 0 when all is up and answered, with what was asked', () => {
    const ended = labRun(
      EXAMPLE,
      '--virtual-time',
      '--exec',
      'spoke1: show crypto ikev2 sa',
      '--exec',
      'hub1: show route',
    );
    assert.equal(ended.status, 0, ended.stderr);
    assert.equal(ended.stderr, '');
    assert.match(ended.stdout, /tunnels 8\/8 +BGP 16\/16/);
    assert.match(ended.stdout, /^lan1 +10\.1\.2\.10 +5\/5 /m);
    assert.match(ended.stdout, /^hub-and-spoke: converged after 0\.\d\d s$/m);
    assert.match(ended.stdout, /^spoke1# show crypto ikev2 sa\n(?:.*\n)*?.*READY +INITIATOR/m);
    assert.match(ended.stdout, /^hub1# show route$/m);
  });

  test('a session counts for the tunnel that it goes through, by whatever route', () => {
    const ended = labRun('examples/asa-to-asr/topology.yaml', '--virtual-time');
    for (const device of ['asa-xfw01', 'asr-wan01']) {
      assert.match(ended.stdout, new RegExp(`^${device} +Tunnel10 .* up +up 00:00:00$`, 'm'));
    }
  });

  test('exit status 1, with the reasons, when a key is wrong', () => {
    const spoke = changedExample('wrong-key', 'spoke1.cfg', (text) =>
      text.replace('pre-shared-key spoke1-to-hub1', 'pre-shared-key another'),
    );
    const ended = labRun(spoke, '--virtual-time', '--timeout', '10s');
    assert.equal(ended.status, 1);
    assert.match(ended.stdout, /^hub-and-spoke: not converged within 10 s$/m);
    assert.match(ended.stdout, /^ +spoke1: Tunnel1 is down: .*AUTHENTICATION_FAILED/m);
    assert.match(ended.stdout, /^ +spoke1: BGP neighbour 172\.16\.1\.253 is /m);
    assert.doesNotMatch(ended.stdout, /Tunnel2 is down|hub2:/);
    assertNoTrace(ended);
  });

  test('--events writes a JSON line for each event; - takes the standard output, and the report the other one', () => {
    const file = join(command.scratch, 'events.jsonl');
    const ended = labRun(EXAMPLE, '--virtual-time', '--events', file);
    assert.equal(ended.status, 0, ended.stderr);
    const written = readFileSync(file, 'utf8');
    const events = written
      .trimEnd()
      .split('\n')
      .map((line) => JSON.parse(line) as { device: string; code: string; time: string });
    assert.ok(events.some(({ device, code }) => device === 'spoke1' && code === 'bgp-neighbor-up'));
    assert.match(events[0]?.time ?? '', /^2026-01-01T00:00:00\.\d{3}Z$/);
    const piped = labRun(EXAMPLE, '--virtual-time', '--events', '-');
    assert.equal(piped.stdout, written);
    assert.match(piped.stderr, /^hub-and-spoke: converged/m);
    assert.equal(labRun(EXAMPLE, '--virtual-time', '--json', '--events', '-').status, 2);
    assert.equal(labRun(EXAMPLE, '--virtual-time', '--events', join(command.scratch, 'missing', 'e')).status, 2);
  });

  test('exit status 1 when a device does not know the command or is not there', () => {
    for (const exec of ['hub1: show nonsense', 'hub9: show route']) {
      const ended = labRun(EXAMPLE, '--virtual-time', '--exec', exec);
      assert.equal(ended.status, 1);
      assert.match(
        ended.stderr,
        /Invalid input detected|there is no device hub9; there are hub1, hub2, spoke1, spoke2/,
      );
      assertNoTrace(ended);
    }
  });

  test('--json prints one document: devices, tunnels, BGP sessions, routes and pings', () => {
    const ended = labRun(EXAMPLE, '--virtual-time', '--json', '--exec', 'hub1: show route');
    assert.equal(ended.status, 0, ended.stderr);
    const document = JSON.parse(ended.stdout) as LabDocument;
    assert.equal(document.converged, true);
    assert.deepEqual(document.reasons, []);
    assert.deepEqual(
      document.devices.map(({ name }) => name),
      ['hub1', 'hub2', 'spoke1', 'spoke2'],
    );
    for (const { tunnels, bgp, routes } of document.devices) {
      assert.equal(tunnels.length, 2);
      for (const { state, sinceMs, ike, child } of tunnels) {
        assert.equal(state, 'up');
        assert.deepEqual([ike.suite, ike.group, child.suite], ['AES-CBC-256 SHA384', 19, 'AES-CBC-128 SHA96']);
        for (const time of [sinceMs, ike.sinceMs, child.sinceMs]) assert.ok(time > 0 && time <= document.convergedAtMs);
      }
      assert.deepEqual(
        bgp.neighbors.map(({ state }) => state),
        ['Established', 'Established', 'Established', 'Established'],
      );
      assert.ok(routes.some(({ source, nextHops }) => source === 'bgp' && nextHops.length > 0));
    }
    assert.equal(document.pings.length, 7);
    for (const { ok, answered, rttMs } of document.pings) assert.ok(ok && answered === 5 && rttMs.length === 5);
    assert.deepEqual(document.pings[0]?.rttMs, [20.4, 20.4, 20.4, 20.4, 20.4]);
    assert.doesNotMatch(ended.stdout, /spoke\d-to-hub\d|hub\d-to-spoke\d/, 'no key is shown');
  });

  test('the same seed gives the same document', () => {
    const of = (seed: string): string => labRun(EXAMPLE, '--virtual-time', '--json', '--seed', seed).stdout;
    assert.equal(of('7'), of('7'));
    assert.notEqual(of('7'), of('8'));
  });

  test('a capture on a full disk is told', { skip: process.platform !== 'linux' }, () => {
    const ended = labRun(EXAMPLE, '--virtual-time', '--capture', 'hub1-outside=/dev/full');
    assert.equal(ended.status, 2);
    assert.match(ended.stderr, /^\/dev\/full can not be written: no space is left$/m);
    assertNoTrace(ended);
  });
});

test('lab generate writes a topology that runs', () => {
  const folder = join(command.scratch, 'fabric');
  const ended = command.run('lab', 'generate', 'hub-spoke', '--hubs', '1', '--spokes', '3', folder);
  assert.equal(ended.status, 0, ended.stderr);
  assert.match(ended.stdout, /files in .*; run it with: wheelwright lab run .*topology\.yaml$/m);
  const run = labRun(join(folder, 'topology.yaml'), '--virtual-time');
  assert.equal(run.status, 0, run.stdout + run.stderr);
});

/** The parts of the document that are looked at here. */
type LabDocument = Readonly<{
  converged: boolean;
  convergedAtMs: number;
  reasons: readonly string[];
  devices: readonly Readonly<{
    name: string;
    tunnels: readonly Readonly<{
      state: string;
      sinceMs: number;
      ike: Readonly<{ suite: string; group: number; sinceMs: number }>;
      child: Readonly<{ suite: string; sinceMs: number }>;
    }>[];
    bgp: Readonly<{ neighbors: readonly Readonly<{ state: string }>[] }>;
    routes: readonly Readonly<{ source: string; nextHops: readonly unknown[] }>[];
  }>[];
  pings: readonly Readonly<{ ok: boolean; answered: number; rttMs: readonly number[] }>[];
}>;
