/** The runs of a plan on some beds, in turns: A B C, A B C, so that what drifts is in all of them. */
import type { Bed } from './bed.ts';
import { untilCalm } from './calm.ts';
import { hostile, quiet } from './hostile.ts';
import type { HostileKind } from './hostile-kinds.ts';
import { ping, tcp, udp, udpCapacity, type Values } from './measures.ts';
import { LOADS, PAYLOADS, type Plan, TCP_MEASURES, type TcpMeasure } from './plan.ts';
import type { Sample } from './statistics.ts';

/** Where runs tell what they do. `remark` is for what failed, or was left out. */
export type Notebook = Readonly<{
  samples: Sample[];
  remark: (text: string) => void;
  tell: (text: string) => void;
  /** No run begins after it, in milliseconds since this process began. */
  deadline: number;
  calmSeconds: number;
}>;

/** Those that were in the second suite already: the first alone has everything. */
export async function runPlan(plan: Plan, beds: readonly Bed[], notebook: Notebook, isFirst: boolean): Promise<void> {
  const turns = new Turns(beds, notebook);
  const has = (measure: Plan['measures'][number]): boolean => plan.measures.includes(measure);
  if (has('ping') && isFirst) {
    for (let round = 1; round <= plan.ping.rounds; round++)
      await turns.run('ping-idle', round, (bed) => ping(bed, plan.ping.seconds));
  }
  if (has('tcp')) {
    for (let round = 1; round <= plan.tcp.rounds; round++) {
      for (const measure of TCP_MEASURES) {
        await turns.run(measure, round, (bed) => tcp(bed, { ...PARTS[measure], seconds: plan.tcp.seconds }));
      }
    }
  }
  if (has('udp') && isFirst) await runUdp(plan, turns);
  if (has('hostile') && isFirst) await runHostile(plan, turns);
}

const PARTS: Readonly<Record<TcpMeasure, Readonly<{ streams: number; direction: 'forward' | 'reverse' }>>> = {
  'tcp-1-forward': { streams: 1, direction: 'forward' },
  'tcp-1-reverse': { streams: 1, direction: 'reverse' },
  'tcp-4-forward': { streams: 4, direction: 'forward' },
  'tcp-4-reverse': { streams: 4, direction: 'reverse' },
};

async function runUdp(plan: Plan, turns: Turns): Promise<void> {
  const { seconds, rounds } = plan.udp;
  for (const payload of PAYLOADS) {
    const capacities = new Map<Bed, number>();
    await turns.run(`udp-${payload}-capacity`, 0, async (bed) => {
      const found = await udpCapacity(bed, payload);
      capacities.set(bed, found['goodput'] ?? 0);
      return found;
    });
    const loaded = turns.only((bed) => bed.started.pids.length > 0 && (capacities.get(bed) ?? 0) > 0);
    for (let round = 1; round <= rounds; round++) {
      for (const load of LOADS) {
        const run = (bed: Bed) => udp(bed, { payload, perSecond: (capacities.get(bed) ?? 0) * load, seconds });
        await loaded.run(`udp-${payload}-x${load}`, round, run);
      }
    }
  }
}

async function runHostile(plan: Plan, turns: Turns): Promise<void> {
  const { seconds, rounds, perSecond, kinds } = plan.hostile;
  const attacked = turns.only((bed) => bed.subject.isAttacked);
  for (let round = 1; round <= rounds; round++) {
    await attacked.run('hostile-none', round, (bed) => quiet(bed, seconds));
    const flood = (kind: HostileKind) =>
      attacked.run(`hostile-${kind}`, round, (bed) => hostile(bed, kind, seconds, perSecond));
    for (const kind of kinds) await flood(kind);
  }
}

class Turns {
  readonly #beds: readonly Bed[];
  readonly #notebook: Notebook;

  constructor(beds: readonly Bed[], notebook: Notebook) {
    this.#beds = beds;
    this.#notebook = notebook;
  }

  only(isOne: (bed: Bed) => boolean): Turns {
    return new Turns(this.#beds.filter(isOne), this.#notebook);
  }

  /** One run on each bed. A run that fails is remarked, and the others go on. */
  async run(measure: string, round: number, act: (bed: Bed) => Promise<Values>): Promise<void> {
    const { samples, remark, tell, deadline, calmSeconds } = this.#notebook;
    for (const bed of this.#beds) {
      const { suite, subject } = bed;
      const what = `${suite} ${measure} ${subject.name}${round === 0 ? '' : `, round ${round}`}`;
      if (performance.now() > deadline) {
        remark(`${what}: the time was over`);
        continue;
      }
      try {
        bed.started.runs();
        await untilCalm(calmSeconds);
        const values = await act(bed);
        samples.push({ suite, measure, subject: subject.name, round, values });
        tell(
          `${what}: ${Object.entries(values)
            .map(([name, value]) => `${name} ${Number(value.toPrecision(4))}`)
            .join(', ')}`,
        );
      } catch (error) {
        remark(`${what}: ${(error instanceof Error ? error.message : String(error)).slice(0, 300)}`);
      }
    }
  }
}
