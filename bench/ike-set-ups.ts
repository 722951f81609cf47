/**
 * Full set-ups in one process. What the answering end costs is taken by itself, in time of the processor: the messages of
 * one round are handled together.
 */
import { cpuUsage } from 'node:process';
import { at } from '../src/base/index.ts';
import { type Authentication, Initiator, type Responder } from './ike-ends.ts';

export type SetUpCost = Readonly<{
  established: number;
  /** Of the responder and of the initiators, for each set-up. */
  responderMicroseconds: number;
  initiatorMicroseconds: number;
  /** Live heap and buffers of both ends for each; absent without --expose-gc. */
  bytesPerTunnel?: number;
}>;

/** Brings `count` tunnels up, and says what that cost. */
export function measureSetUps(
  responder: Responder,
  count: number,
  group: number,
  authentication: Authentication,
): SetUpCost {
  const initiators = Array.from({ length: count }, (_, i) => new Initiator(i, group, authentication));
  const heldBefore = held();
  let requests = initiators.flatMap((initiator) => initiator.begin());
  let own = 0;
  let others = 0;
  let now = at(10);
  while (requests.length > 0) {
    const asked = timed(() =>
      requests.map(({ from, path, message }) => ({ from, sent: responder.hear(path, message, now) })),
    );
    own += asked.microseconds;
    now = at(now + 10);
    const answered = timed(() =>
      asked.value.flatMap(({ from, sent }) => sent.flatMap(({ message }) => from.hear(message, now))),
    );
    others += answered.microseconds;
    requests = answered.value;
    now = at(now + 10);
  }
  const heldAfter = held();
  const cost = {
    established: responder.established(),
    responderMicroseconds: own / count,
    initiatorMicroseconds: others / count,
  };
  if (heldAfter === undefined || heldBefore === undefined) return cost;
  return { ...cost, bytesPerTunnel: (heldAfter - heldBefore) / count };
}

export function timed<T>(act: () => T): Readonly<{ value: T; microseconds: number }> {
  const begun = cpuUsage();
  const value = act();
  const { user, system } = cpuUsage(begun);
  return { value, microseconds: user + system };
}

/** What is alive, after a collection; undefined without --expose-gc. */
export function held(): number | undefined {
  if (global.gc === undefined) return undefined;
  global.gc();
  const { heapUsed, external } = process.memoryUsage();
  return heapUsed + external;
}
