/**
 * One real hour of `wheelwright run` with traffic, as `npm run soak:hour [-- --minutes N] [--out FILE]` runs it: two
 * tunnels, to strongSwan with FRR and to another gateway of ours. All the while: 1,000 numbered probes a second each way,
 * a TCP stream of 20 Mbit/s, SAs that live for two minutes, a BGP neighbour that flaps, reloads, and operators who ask.
 * What was seen is written every ten seconds as a line of JSON; the verdict stands at the end, and in the exit status.
 */
import { appendFileSync, writeFileSync } from 'node:fs';
import { writeFile } from 'node:fs/promises';
import { setTimeout } from 'node:timers/promises';
import { parseArgs } from 'node:util';
import { until } from '../peers/until.ts';
import { firstGateway, HourWorld } from './hour-world.ts';
import { liveBytes, type Sample, sampleOf } from './samples.ts';
import type { Told } from './traffic-process.ts';
import { type Finding, flatness, rekeyed, type Span, saCounts, unbroken } from './verdict.ts';

const MINUTE_MS = 60_000;
const SAMPLE_EVERY_MS = 10_000;
/** Of so many samples one begins with all garbage collected. */
const COLLECT_EVERY = 6;
const SHOW_EVERY_MS = 3_000;
const FLAP_EVERY_MS = 150_000;
const RELOAD_EVERY_MS = 300_000;
/** Routes come and go within this of what FRR was told. */
const FLAP_MARGIN_MS = 3_000;
/** Samples from here on are judged; in a shorter run, from its first third. */
const SETTLED_MS = 10 * MINUTE_MS;
/** Each of two sessions replaces its SAs every 60 to 90 seconds; one in three may be late. */
const REKEYS_PER_MINUTE = 1;

const SHOWS = [
  'show crypto ikev2 sa detail',
  'show crypto ipsec sa',
  'show bgp summary',
  'show route',
  'show interface',
  'show running-config',
  'show logging',
  'show bgp',
  'show tech-support',
];

const { values } = parseArgs({
  options: { minutes: { type: 'string', default: '60' }, out: { type: 'string', default: 'soak-hour.jsonl' } },
});
const minutes = Number(values.minutes);
if (!(minutes >= 2 && minutes <= 24 * 60)) throw new Error('--minutes: 2 to 1440');
writeFileSync(values.out, '');

const note = (kind: string, value: Readonly<Record<string, unknown>>): void => {
  appendFileSync(values.out, `${JSON.stringify({ at: new Date().toISOString(), kind, ...value })}\n`);
};

// Whatever else the machine does, all that belongs to this run goes before it.
await writeFile('/proc/self/autogroup', '-20').catch(() => {});
const world = await HourWorld.open();
const stopped = new AbortController();
for (const signal of ['SIGINT', 'SIGTERM'] as const) process.once(signal, () => stopped.abort());
let status = 1;
try {
  const findings = await watch(world);
  for (const { about, good, text } of findings) console.log(`${good ? 'ok  ' : 'FAIL'} ${about}: ${text}`);
  for (const finding of findings) note('finding', finding);
  status = findings.every(({ good }) => good) ? 0 : 1;
  if (status !== 0) showLogs(world);
} catch (error) {
  console.log(error instanceof Error ? (error.stack ?? error.message) : error);
  showLogs(world);
} finally {
  await world.close();
}
process.exit(status);

async function watch(world: HourWorld): Promise<readonly Finding[]> {
  const streams = world.streams();
  await streams.receiver.untilListening();
  for (const stream of [streams.out, streams.back, streams.flappingOut, streams.flappingBack, streams.receiver]) {
    await stream.untilReceiving();
  }
  const begun = performance.now();
  const endMs = minutes * MINUTE_MS;
  const elapsed = (): number => performance.now() - begun;
  const isOver = (): boolean => elapsed() >= endMs || stopped.signal.aborted;
  const samples: Record<'gw1' | 'gw3', Sample[]> = { gw1: [], gw3: [] };
  const flaps: Span[] = [];
  const failures: string[] = [];
  const asked = { shows: 0, reloads: 0 };

  /** Does something again and again until the time is over; what fails is kept, and the rest goes on. */
  const every = async (periodMs: number, act: () => Promise<void>): Promise<void> => {
    for (let n = 1; ; n++) {
      while (!isOver() && elapsed() < n * periodMs) await setTimeout(Math.min(500, n * periodMs - elapsed() + 1));
      if (isOver()) return;
      await act().catch((error: unknown) => {
        const text = error instanceof Error ? error.message : String(error);
        failures.push(text);
        note('failure', { text });
      });
    }
  };

  let taken = 0;
  const sampling = every(SAMPLE_EVERY_MS, async () => {
    const isCollected = ++taken % COLLECT_EVERY === 0;
    for (const [name, gateway] of [
      ['gw1', world.first],
      ['gw3', world.other],
    ] as const) {
      gateway.runs();
      const live = isCollected ? { liveBytes: await liveBytes(gateway) } : {};
      const sample = await sampleOf(gateway, world.machine(name), { atMs: Math.round(elapsed()), ...live });
      samples[name].push(sample);
      note('sample', { gateway: name, ...sample });
    }
    note('streams', Object.fromEntries(Object.entries(streams).map(([name, { told }]) => [name, brief(told)])));
  });
  const asking = every(SHOW_EVERY_MS, async () => {
    const line = SHOWS[asked.shows++ % SHOWS.length] ?? '';
    await world.first.show(...line.split(' ').slice(1));
  });
  const reloading = every(Math.min(RELOAD_EVERY_MS, endMs / 3), async () => {
    asked.reloads++;
    const text = await world.first.reload(firstGateway(asked.reloads % 2 === 1));
    note('reload', { text });
    if (!/[+-] tunnel Tunnel4/.test(text)) throw new Error(`a reload did something else:\n${text}`);
  });
  const flapping = every(Math.min(FLAP_EVERY_MS, endMs / 3), async () => {
    const fromMs = Date.now();
    const flap = { fromMs, toMs: Number.POSITIVE_INFINITY };
    flaps.push(flap);
    await world.frr.show('clear bgp *');
    await until(
      'the neighbour returns',
      async () => {
        const routes = await world.machine('gw1').ip('route show proto 119 10.2.0.0/24');
        const neighbor = await world.frr.neighbor('172.16.12.1');
        return neighbor?.bgpState === 'Established' && routes !== '' && Date.now() > fromMs + FLAP_MARGIN_MS;
      },
      60_000,
    ).finally(() => flaps.splice(flaps.indexOf(flap), 1, { fromMs, toMs: Date.now() + FLAP_MARGIN_MS }));
    note('flap', { tookMs: Date.now() - fromMs });
  });
  await Promise.all([sampling, asking, reloading, flapping]);
  note('end', { elapsedMs: Math.round(elapsed()) });

  for (const stream of Object.values(streams)) stream.pause();
  // One more count of each when all that was under way has arrived.
  for (const stream of Object.values(streams)) await stream.last();
  const [out, back, flappingOut, flappingBack, sender, receiver] = [
    await streams.out.last(),
    await streams.back.last(),
    await streams.flappingOut.last(),
    await streams.flappingBack.last(),
    await streams.sender.last(),
    await streams.receiver.last(),
  ];
  const settledMs = Math.min(SETTLED_MS, endMs / 3);
  return [
    unbroken(probes('to strongSwan', out, back)),
    unbroken(probes('from strongSwan', back, out)),
    unbroken(probes('to what the flapping neighbour announces', flappingOut, flappingBack), flaps),
    unbroken(probes('from there', flappingBack, flappingOut), flaps),
    transferred(sender, receiver),
    ...rekeyed(samples.gw1, Math.floor((elapsed() / MINUTE_MS - 1) * REKEYS_PER_MINUTE)),
    // Each of two sessions: the one in use, those replaced that wait for the peer's Delete; and the absent peer's.
    ...saCounts(samples.gw1, 8, 8),
    ...flatness('gateway', samples.gw1, settledMs),
    ...flatness('its peer', samples.gw3, settledMs),
    {
      about: 'operators',
      good: failures.length === 0,
      text: `${asked.shows} shows, ${asked.reloads} reloads, ${flaps.length} flaps, ${failures.length} failed ${failures[0] ?? ''}`,
    },
  ];
}

function probes(name: string, sender: Told, receiver: Told): Parameters<typeof unbroken>[0] {
  const { next = 0, received = 0, missing = 0, reordered = 0, doubled = 0, gaps = [], longestPauseMs = 0 } = receiver;
  return {
    name,
    sent: sender.sent ?? 0,
    counts: { next, received, missing, reordered, doubled, gaps, longestPauseMs },
    droppedHere: receiver.droppedHere ?? 0,
  };
}

function transferred(sender: Told, receiver: Told): Finding {
  const { sent = 0 } = sender;
  const { received = 0, wrong = 0, longestPauseMs = 0 } = receiver;
  return {
    about: 'TCP stream',
    good: sent > 0 && sent === received && wrong === 0 && sender.error === undefined,
    text: `${sent} bytes sent, ${received} arrived, ${wrong} times wrong, longest pause ${longestPauseMs} ms ${sender.error ?? ''}`,
  };
}

function brief(told: Told): Readonly<Record<string, unknown>> {
  const { gaps, ...rest } = told;
  return gaps === undefined ? rest : { ...rest, gaps: gaps.length };
}

/** Beside the samples: what the daemons said last. */
function showLogs({ first, strongSwan }: HourWorld): void {
  note('logs', { gateway: first.log().slice(-20_000), strongSwan: strongSwan.log().slice(-20_000) });
}
