/** What keeps a session down, from the ground up: the tunnel that it is to take, then the session itself. */
import { type BgpCase, isEstablished } from './bgp-case.ts';
import { walkBgp } from './bgp-walk.ts';
import type { Diagnosis } from './diagnosis.ts';
import { explainTunnel } from './tunnel.ts';

/** What is wrong with a session; undefined: no rule has anything against it. */
export function explainSession(one: BgpCase): Diagnosis | undefined {
  if (isEstablished(one)) return walkBgp(one);
  const below = tunnelBelow(one);
  if (below?.state === 'down') return below;
  // A tunnel that is up and carries nothing stops the session without a word in it.
  return walkBgp(one) ?? below;
}

/** What is wrong with the tunnel, asked of the end that begins it. */
function tunnelBelow({ fabric, near, far, subject }: BgpCase): Diagnosis | undefined {
  const end = [near, far].find((one) => one?.link?.tunnel?.kind === 'tunnel');
  if (end === undefined) return undefined;
  const found = explainTunnel(fabric, end.device.name, end.link?.tunnel?.name ?? '');
  return found.state === 'up' || found.code === 'unexplained' ? undefined : { ...found, subject };
}
