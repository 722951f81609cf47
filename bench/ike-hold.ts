/** Many tunnels on one hub, held in virtual time while all of them are rekeyed: what that costs, and what it leaves. */
import { at, Deadlines, type Instant } from '../src/base/index.ts';
import { type Answer, type Authentication, Initiator, type Request, type Responder } from './ike-ends.ts';
import { held, timed } from './ike-set-ups.ts';

export type HoldCost = Readonly<{
  tunnels: number;
  /** The fewest that stood at any minute, once all had come up. */
  fewest: number;
  ikeRekeys: number;
  childRekeys: number;
  /** Of the hub, for each rekey of any kind, all that it did meanwhile counted. */
  hubMicroseconds: number;
  /** Live heap and buffers of both ends for each tunnel, in the beginning and in the end. */
  bytesBefore?: number;
  bytesAfter?: number;
}>;

const MINUTE = 60_000;
const DELAY_MS = 10;
/** Initiators rekey: IKE SAs after half of the time, child SAs three times. */
const SHARE = { ike: 0.55, child: 0.27 };
/** All begin within this time. */
const BEGIN_MS = 20_000;

export function measureHold(
  responder: Responder,
  count: number,
  options: Readonly<{ group: number; authentication: Authentication; forMs: number }>,
): HoldCost {
  const { group, authentication, forMs } = options;
  const lifetimes = { ikeMs: SHARE.ike * forMs, childMs: SHARE.child * forMs };
  const empty = held();
  const initiators = Array.from({ length: count }, (_, i) => new Initiator(i, group, authentication, lifetimes));
  const world = new World(responder, initiators);
  world.run(BEGIN_MS + MINUTE);
  const before = held();
  world.hubMicroseconds = 0;
  let fewest = responder.established();
  for (let passed = 0; passed < forMs; passed += MINUTE) {
    world.run(MINUTE);
    fewest = Math.min(fewest, responder.established());
  }
  const after = held();
  const rekeys = initiators.map((initiator) => initiator.rekeys(world.now));
  const ikeRekeys = rekeys.reduce((sum, { ike }) => sum + ike, 0);
  const childRekeys = rekeys.reduce((sum, { child }) => sum + child, 0);
  const hubMicroseconds = world.hubMicroseconds / Math.max(1, ikeRekeys + childRekeys);
  const cost = { tunnels: count, fewest, ikeRekeys, childRekeys, hubMicroseconds };
  if (empty === undefined || before === undefined || after === undefined) return cost;
  return { ...cost, bytesBefore: (before - empty) / count, bytesAfter: (after - empty) / count };
}

type Delivery = Readonly<{ when: Instant; request?: Request; answer?: Answer }>;

/** Virtual time for both ends; every message takes as long as every other, so they wait in one line. */
class World {
  now: Instant = at(0);
  hubMicroseconds = 0;
  readonly #hub: Responder;
  readonly #byAddress: ReadonlyMap<string, Initiator>;
  readonly #deadlines = new Deadlines<Initiator>();
  #line: Delivery[] = [];

  constructor(hub: Responder, initiators: readonly Initiator[]) {
    this.#hub = hub;
    this.#byAddress = new Map(initiators.map((initiator) => [initiator.address.toString(), initiator]));
    // Those that have not begun have this as their only deadline.
    for (const [i, initiator] of initiators.entries()) {
      this.#deadlines.set(initiator, at(Math.floor((BEGIN_MS * i) / initiators.length)));
    }
  }

  run(ms: number): void {
    const end = at(this.now + ms);
    for (;;) {
      const delivered = this.#line[0]?.when ?? Infinity;
      const next = Math.min(delivered, this.#deadlines.earliest() ?? Infinity, this.#hub.wakeAt() ?? Infinity);
      if (next > end) break;
      this.now = at(Math.max(this.now, next));
      if (delivered <= this.now) this.#deliver();
      else this.#tick();
    }
    this.now = end;
  }

  /** All that has arrived by now: the hub's share of it together, to be measured. */
  #deliver(): void {
    const arrived = this.#line.filter(({ when }) => when <= this.now);
    this.#line = this.#line.slice(arrived.length);
    const requests = arrived.flatMap(({ request }) => request ?? []);
    this.#answered(
      requests.flatMap(({ path, message }) => this.#measured(() => this.#hub.hear(path, message, this.now))),
    );
    for (const { answer } of arrived) {
      const initiator = answer && this.#byAddress.get(answer.to.toString());
      if (initiator !== undefined && answer !== undefined)
        this.#asked(initiator, initiator.hear(answer.message, this.now));
    }
  }

  #tick(): void {
    for (;;) {
      const due = this.#deadlines.takeDue(this.now);
      if (due === undefined) break;
      const hasBegun = due.wakeAt() !== undefined;
      this.#asked(due, hasBegun ? due.tick(this.now) : due.begin(this.now));
    }
    const due = this.#hub.wakeAt();
    if (due !== undefined && due <= this.now) this.#answered(this.#measured(() => this.#hub.tick(this.now)));
  }

  #measured(act: () => readonly Answer[]): readonly Answer[] {
    const { value, microseconds } = timed(act);
    this.hubMicroseconds += microseconds;
    return value;
  }

  #asked(initiator: Initiator, requests: readonly Request[]): void {
    this.#deadlines.set(initiator, initiator.wakeAt());
    const when = at(this.now + DELAY_MS);
    for (const request of requests) this.#line.push({ when, request });
  }

  #answered(answers: readonly Answer[]): void {
    const when = at(this.now + DELAY_MS);
    for (const answer of answers) this.#line.push({ when, answer });
  }
}
