/** Why a BGP session is down or carries nothing. */
import { type BgpCase, isEstablished, openBgpCase } from './bgp-case.ts';
import { walkBgp } from './bgp-walk.ts';
import type { Diagnosis, Subject } from './diagnosis.ts';
import type { Fabric } from './evidence.ts';
import { sessionsSeen } from './session-evidence.ts';
import { explainTunnel } from './tunnel.ts';

/** Looks at one neighbor of one device, by address. A tunnel below it that is down is what is explained then. */
export function explainBgp(fabric: Fabric, device: string, neighbor: string): Diagnosis {
  const one = openBgpCase(fabric, { device, neighbor });
  if (typeof one === 'string') return plain({ device, neighbor }, 'down', 'unknown-subject', one);
  const below = isEstablished(one) ? undefined : tunnelBelow(fabric, one);
  if (below !== undefined) return { ...below, subject: one.subject };
  const found = walkBgp(one);
  if (found !== undefined) return found;
  const { session, device: near } = one.near;
  if (isEstablished(one)) {
    const { received = 0, sent = 0 } = session?.families?.[one.family] ?? {};
    const claim = `the session is established; ${received} prefixes came, ${sent} were sent`;
    return plain(one.subject, 'up', 'up', claim);
  }
  const reason = near.snapshot === undefined ? 'nothing is known of how it runs' : (session?.state ?? 'no session');
  const unexplained = plain(one.subject, 'down', 'unexplained', `no rule explains it: ${reason}`);
  return { ...unexplained, evidence: sessionsSeen(one) };
}

/** What is wrong with the tunnel that the session is to take, while its line is down. */
function tunnelBelow(fabric: Fabric, { near }: BgpCase): Diagnosis | undefined {
  const { link, device } = near;
  if (device.snapshot === undefined || link?.tunnel?.kind !== 'tunnel' || link.state?.lineProtocol === true) {
    return undefined;
  }
  const found = explainTunnel(fabric, device.name, link.tunnel.name);
  return found.state === 'down' && found.code !== 'unexplained' ? found : undefined;
}

function plain(subject: Subject, state: Diagnosis['state'], code: string, claim: string): Diagnosis {
  return { subject, state, layer: 'bgp', code, claim, evidence: [], lines: [], edits: [] };
}
