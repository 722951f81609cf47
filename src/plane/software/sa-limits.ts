/** A child SA that has carried all it may: RFC 4301 section 4.4.2.1, lifetimes by volume and by sequence numbers. */
import type { ChildSa } from './child-sa.ts';
import type { PlaneState, Port } from './plane-state.ts';

/** Drops a packet that the SA may not carry any more. */
export function spend(state: PlaneState, port: Port, sa: ChildSa, direction: 'inbound' | 'outbound'): void {
  state.drop(port, 'hard-limit');
  sa.drop(direction, 'hard-limit');
  reportHard(state, sa);
}

/** Says once that the SA is at its end. */
export function reportHard(state: PlaneState, sa: ChildSa): void {
  if (sa.hardReported) return;
  sa.hardReported = true;
  state.sink.event({ kind: 'child-sa-limit', id: sa.config.id, limit: 'hard' });
}
