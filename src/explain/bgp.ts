/** Why a BGP session is down or carries nothing. */
import { explainSession } from './bgp-below.ts';
import { isEstablished, openBgpCase } from './bgp-case.ts';
import { walkAllBgp } from './bgp-walk.ts';
import type { Diagnosis, Subject } from './diagnosis.ts';
import type { Fabric } from './evidence.ts';
import { sessionsSeen } from './session-evidence.ts';

/** Looks at one neighbor of one device, by address. A tunnel below it that is down is what is explained then. */
export function explainBgp(fabric: Fabric, device: string, neighbor: string): Diagnosis {
  const one = openBgpCase(fabric, { device, neighbor });
  if (typeof one === 'string') return plain({ device, neighbor }, 'down', 'unknown-subject', one);
  const found = explainSession(one);
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

/** All that configurations say against the session with a neighbor, the tunnel below it left out. */
export function sessionFaults(fabric: Fabric, device: string, neighbor: string): readonly Diagnosis[] {
  const one = openBgpCase(fabric, { device, neighbor });
  return typeof one === 'string' ? [] : walkAllBgp(one);
}

function plain(subject: Subject, state: Diagnosis['state'], code: string, claim: string): Diagnosis {
  return { subject, state, layer: 'bgp', code, claim, evidence: [], lines: [], edits: [] };
}
