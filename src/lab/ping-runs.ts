import { after, Deadlines, type Instant } from '../base/index.ts';
import type { PingProbe, PingRequest } from '../gateway/contract.ts';

type Outcome = Omit<PingProbe, 'sequence'>;

type Run = {
  id: number;
  request: PingRequest;
  done: (probes: readonly PingProbe[]) => void;
  probes: PingProbe[];
  sent: number;
  nextAt: Instant;
  /** Sequence number to time sent, oldest first. */
  waiting: Map<number, Instant>;
};

/** Sends a probe; an outcome when it could not leave. */
export type SendProbe = (id: number, sequence: number, request: PingRequest) => Outcome | undefined;

/** Pings under way on a host: when to send, which answers are whose, when to give up. */
export class PingRuns {
  readonly #runs = new Map<number, Run>();
  readonly #deadlines = new Deadlines<number>();
  #ids = 0;

  begin(request: PingRequest, now: Instant, done: Run['done']): void {
    this.#ids = (this.#ids % 0xffff) + 1;
    const run: Run = { id: this.#ids, request, done, probes: [], sent: 0, nextAt: now, waiting: new Map() };
    this.#runs.set(run.id, run);
    this.#deadlines.set(run.id, now);
  }

  /** An answer, or an error about a probe; late and foreign ones are ignored. */
  answered(id: number, sequence: number, outcome: Outcome, now: Instant): void {
    const run = this.#runs.get(id);
    const sentAt = run?.waiting.get(sequence);
    if (run === undefined || sentAt === undefined) return;
    run.waiting.delete(sequence);
    this.#settle(run, sequence, outcome.result === 'reply' ? { ...outcome, rttMs: now - sentAt } : outcome);
    this.#plan(run);
  }

  wakeAt(): Instant | undefined {
    return this.#deadlines.earliest();
  }

  tick(now: Instant, send: SendProbe): void {
    for (;;) {
      const id = this.#deadlines.takeDue(now);
      const run = id === undefined ? undefined : this.#runs.get(id);
      if (run === undefined) return;
      for (const [sequence, sentAt] of run.waiting) {
        if (after(sentAt, run.request.timeoutMs) > now) break;
        run.waiting.delete(sequence);
        this.#settle(run, sequence, { result: 'timeout' });
      }
      if (run.sent < run.request.count && run.nextAt <= now) this.#send(run, now, send);
      this.#plan(run);
    }
  }

  #send(run: Run, now: Instant, send: SendProbe): void {
    const sequence = run.sent++;
    run.nextAt = after(now, run.request.intervalMs);
    run.waiting.set(sequence, now);
    const failed = send(run.id, sequence & 0xffff, run.request);
    if (failed === undefined || !run.waiting.delete(sequence)) return;
    this.#settle(run, sequence, failed);
  }

  #settle(run: Run, sequence: number, outcome: Outcome): void {
    run.probes.push({ sequence, ...outcome });
  }

  /** Sets the run's next deadline, or ends it. */
  #plan(run: Run): void {
    if (run.probes.length >= run.request.count) {
      this.#runs.delete(run.id);
      this.#deadlines.set(run.id, undefined);
      run.done(run.probes.sort((a, b) => a.sequence - b.sequence));
      return;
    }
    const oldest = run.waiting.values().next().value;
    const gives = oldest === undefined ? undefined : after(oldest, run.request.timeoutMs);
    const sends = run.sent < run.request.count ? run.nextAt : undefined;
    const next = gives !== undefined && (sends === undefined || gives < sends) ? gives : sends;
    this.#deadlines.set(run.id, next);
  }
}
