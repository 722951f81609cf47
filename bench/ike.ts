/**
 * `npm run bench:ike`: set-ups in one process by group and library, set-ups on the wire against strongSwan in runs that
 * alternate, and many tunnels held and rekeyed. `--quick` takes a minute or two. Results go to `bench/results/`.
 */
import { execFileSync } from 'node:child_process';
import { mkdirSync, writeFileSync } from 'node:fs';
import { availableParallelism, cpus, loadavg, release, totalmem } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { Ke } from '../src/crypto/index.ts';
import { chooseCurves } from '../src/host/index.ts';
import { type Authentication, coreResponder, GROUPS, gatewayResponder } from './ike-ends.ts';
import { type HoldCost, measureHold } from './ike-hold.ts';
import { measureSetUps, type SetUpCost } from './ike-set-ups.ts';
import { measureWire, type Responder, type WireRun } from './ike-wire.ts';

const { values } = parseArgs({
  options: {
    quick: { type: 'boolean', default: false },
    /** In one process. */
    'set-ups': { type: 'string' },
    /** On the wire. */
    tunnels: { type: 'string' },
    'warm-up': { type: 'string' },
    groups: { type: 'string', default: '19,31,21' },
    rounds: { type: 'string' },
    hold: { type: 'string' },
    only: { type: 'string', default: 'process,hold,wire' },
    out: { type: 'string', default: fileURLToPath(new URL('results', import.meta.url)) },
  },
});
const size = {
  setUps: Number(values['set-ups'] ?? (values.quick ? 100 : 500)),
  tunnels: Number(values.tunnels ?? (values.quick ? 200 : 2000)),
  warmUp: Number(values['warm-up'] ?? (values.quick ? 200 : 2000)),
  rounds: Number(values.rounds ?? (values.quick ? 1 : 3)),
  hold: Number(values.hold ?? (values.quick ? 500 : 10_000)),
};
const groups = values.groups.split(',');
const parts = values.only.split(',');
const HOLD_MS = 3_600_000;
const WIRE_LIMIT_MS = 180_000;

type InProcess = SetUpCost & Readonly<{ group: string; authentication: Authentication; library: string; of: string }>;

function inProcess(): readonly InProcess[] {
  const out: InProcess[] = [];
  for (const [name, group] of GROUPS.filter(([one]) => groups.includes(one))) {
    for (const authentication of ['psk', 'certificates'] as const) {
      for (const wanted of ['machine', 'node'] as const) {
        const library = chooseCurves(wanted).library ?? `Node's ${process.versions.openssl}`;
        const said = { group: name, authentication, library } as const;
        measureSetUps(coreResponder(group, authentication), 50, group, authentication); // warms up
        const core = measureSetUps(coreResponder(group, authentication), size.setUps, group, authentication);
        out.push({ ...said, of: 'IKE core', ...core });
        if (authentication === 'psk') {
          out.push({ ...said, of: 'gateway', ...measureSetUps(gatewayResponder(group), size.setUps, group, 'psk') });
        }
        tell(`group ${name}, ${authentication}, ${library}: ${out.at(-1)?.responderMicroseconds.toFixed(0)} us`);
      }
    }
  }
  chooseCurves();
  return out;
}

async function onTheWire(): Promise<readonly WireRun[]> {
  const out: WireRun[] = [];
  const responders: readonly Responder[] = ['wheelwright', 'strongswan'];
  for (const group of groups) {
    for (let round = 0; round < size.rounds; round++) {
      // Who comes first changes, as a machine that others use grows slower or quicker meanwhile.
      for (const responder of round % 2 === 0 ? responders : responders.toReversed()) {
        const run = await measureWire(responder, { ...size, group, limitMs: WIRE_LIMIT_MS });
        out.push(run);
        tell(`group ${group}, ${responder}: ${run.established} tunnels, ${run.setUpsPerSecond.toFixed(0)} a second`);
      }
    }
  }
  return out;
}

function tell(line: string): void {
  process.stderr.write(`${line}\n`);
}

function factsOf(): Readonly<Record<string, string>> {
  const program = (command: string, ...args: readonly string[]): string => {
    try {
      return (
        execFileSync(command, [...args], { encoding: 'utf8' })
          .trim()
          .split('\n')[0] ?? ''
      );
    } catch {
      return 'absent';
    }
  };
  return {
    date: new Date().toISOString().slice(0, 10),
    processor: `${availableParallelism()} x ${cpus()[0]?.model ?? 'unknown'}`,
    memory: `${(totalmem() / 2 ** 30).toFixed(0)} GiB`,
    kernel: `Linux ${release()}`,
    node: `${process.versions.node} with OpenSSL ${process.versions.openssl}`,
    /** What others take of the machine: ratios of threads against one thread suffer from it. */
    load: `${loadavg()[0]?.toFixed(1) ?? '?'} when it began`,
    library: chooseCurves().library ?? 'none',
    strongSwan: program('dpkg-query', '--show', 'strongswan-libcharon').replace(/.*\t/, ''),
  };
}

function median(numbers: readonly number[]): number {
  const sorted = [...numbers].sort((a, b) => a - b);
  const middle = sorted.length >> 1;
  return sorted.length % 2 === 1 ? (sorted[middle] ?? 0) : ((sorted[middle - 1] ?? 0) + (sorted[middle] ?? 0)) / 2;
}

/** Each run of ours against the run of strongSwan beside it, and the median of that. */
function ratio(runs: readonly WireRun[], group: string, of: (run: WireRun) => number): number {
  const by = (responder: Responder): readonly WireRun[] =>
    runs.filter((run) => run.group === group && run.responder === responder);
  const theirs = by('strongswan');
  return median(by('wheelwright').map((run, i) => of(run) / of(theirs[i] ?? run)));
}

function table(head: readonly string[], rows: readonly (readonly (string | number)[])[]): string {
  const line = (cells: readonly (string | number)[]): string => `| ${cells.join(' | ')} |`;
  return [line(head), line(head.map(() => '---')), ...rows.map(line)].join('\n');
}

function markdown(facts: Readonly<Record<string, string>>, result: Result): string {
  const sections = [
    '# IKE: set-ups and tunnels\n\nWritten by `npm run bench:ike`. Absolute figures are of this machine; ratios carry over.',
    table(['machine', ''], Object.entries(facts)),
  ];
  if (result.inProcess.length > 0) {
    sections.push(
      `## In one process\n\nProcessor time of the answering end for one full set-up (IKE_SA_INIT, IKE_AUTH with a child SA), mean of ${size.setUps}.`,
      table(
        ['group', 'proof', 'curves by', 'of', 'us a set-up', 'set-ups a second and core', 'bytes a tunnel, both ends'],
        result.inProcess.map((run) => [
          run.group,
          run.authentication,
          run.library,
          run.of,
          run.responderMicroseconds.toFixed(0),
          (1e6 / run.responderMicroseconds).toFixed(0),
          run.bytesPerTunnel?.toFixed(0) ?? '',
        ]),
      ),
    );
  }
  if (result.hold !== undefined) {
    const { tunnels, fewest, ikeRekeys, childRekeys, hubMicroseconds, bytesBefore = 0, bytesAfter = 0 } = result.hold;
    sections.push(
      '## Many tunnels on one hub, an hour of virtual time',
      table(
        ['tunnels', 'fewest up', 'IKE rekeys', 'child rekeys', 'us of the hub a rekey', 'bytes a tunnel before, after'],
        [
          [
            tunnels,
            fewest,
            ikeRekeys,
            childRekeys,
            hubMicroseconds.toFixed(0),
            `${bytesBefore.toFixed(0)}, ${bytesAfter.toFixed(0)}`,
          ],
        ],
      ),
    );
  }
  if (result.wire.length > 0) {
    sections.push(
      `## On the wire\n\n${size.tunnels} initiators (strongSwan) against one responder in another network namespace, pre-shared key, AES-256-GCM, all on the same cores, after ${size.warmUp} others; medians of ${size.rounds} ratios, ours over strongSwan's.`,
      table(
        ['group', 'set-ups a second', 'processor time a set-up', 'resident memory a tunnel'],
        groups.map((group) => [
          group,
          ratio(result.wire, group, (run) => run.setUpsPerSecond).toFixed(2),
          ratio(result.wire, group, (run) => run.cpuMicroseconds).toFixed(2),
          ratio(result.wire, group, (run) => run.residentBytesPerTunnel).toFixed(2),
        ]),
      ),
      table(
        ['group', 'responder', 'up', 'set-ups a second', 'us of it a set-up', 'kB a tunnel'],
        result.wire.map((run) => [
          run.group,
          run.responder,
          `${run.established} of ${run.tunnels}`,
          run.setUpsPerSecond.toFixed(0),
          run.cpuMicroseconds.toFixed(0),
          (run.residentBytesPerTunnel / 1000).toFixed(0),
        ]),
      ),
    );
  }
  return `${sections.join('\n\n')}\n`;
}

type Result = Readonly<{ inProcess: readonly InProcess[]; hold: HoldCost | undefined; wire: readonly WireRun[] }>;

const facts = factsOf();
const measured: Result = {
  inProcess: parts.includes('process') ? inProcess() : [],
  hold: parts.includes('hold')
    ? measureHold(gatewayResponder(Ke.ECP_256), size.hold, { group: Ke.ECP_256, authentication: 'psk', forMs: HOLD_MS })
    : undefined,
  wire: parts.includes('wire') ? await onTheWire() : [],
};
mkdirSync(values.out, { recursive: true });
writeFileSync(join(values.out, 'ike.json'), `${JSON.stringify({ facts, ...measured }, null, 2)}\n`);
writeFileSync(join(values.out, 'ike.md'), markdown(facts, measured));
process.stdout.write(markdown(facts, measured));
