/** Why a BGP session is down or carries nothing. */
import type { Diagnosis } from './diagnosis.ts';
import type { Fabric } from './evidence.ts';

/** Looks at one neighbor of one device, by address. */
export function explainBgp(fabric: Fabric, device: string, neighbor: string): Diagnosis {
  const subject = { device, neighbor };
  const found = fabric.get(device)?.snapshot?.bgp?.neighbors.find(({ address }) => address.toString() === neighbor);
  const up = found?.state === 'Established';
  return {
    subject,
    state: up ? 'up' : 'down',
    layer: 'bgp',
    code: up ? 'up' : 'unexplained',
    claim: up ? 'the session is established' : `the session is ${found?.state ?? 'not configured'}`,
    evidence: [],
    lines: [],
    edits: [],
  };
}
