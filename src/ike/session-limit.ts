/** How many sessions there may be in all (`crypto ikev2 limit max-sa`). */
import type { IkeContext } from './context.ts';
import type { Cause } from './events.ts';
import type { IkeFault } from './faults.ts';
import type { Identity, IkePeer } from './policy.ts';

export const NO_ROOM: Cause = { code: 'sa-limit' satisfies IkeFault, text: 'as many IKE SAs stand as may' };

/**
 * Whether one more may come to stand. A peer that begins anew, because it restarted or authenticates itself again, gets
 * its own place back: what it had goes when the new one stands.
 */
export function hasRoom(context: IkeContext, peer?: IkePeer, identity?: Identity): boolean {
  const { maxSas } = context.config;
  if (maxSas === undefined || context.statistics.sessions < maxSas) return true;
  if (peer === undefined || identity === undefined) return false;
  const own = context.peers.get(peer.name)?.sas.of(identity) ?? [];
  return own.some(({ stage }) => stage.kind === 'established');
}
