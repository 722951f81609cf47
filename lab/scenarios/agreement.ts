/** Whether both ends of every SA of a lab say the same of it, and the planes hold what IKE holds. */
import type { Scenario } from './scenario.ts';

/** One sentence for each disagreement; none when all is well. */
export function disagreements({ lab, gateways }: Scenario): readonly string[] {
  const found: string[] = [];
  const ikeSas = new Map<string, string>();
  const childSas = new Map<string, string>();
  for (const node of gateways) {
    const { ike, plane } = node.snapshot(lab.now) ?? {};
    if (ike === undefined || plane === undefined) continue;
    const own = new Set<number>();
    for (const sa of ike.sas) {
      if (sa.status !== 'established') {
        found.push(`${node.name} has an IKE SA with ${sa.path.remote.address} that is ${sa.status}`);
        continue;
      }
      const [here, there] = [String(sa.path.local.address), String(sa.path.remote.address)];
      meet(ikeSas, `IKE SA ${here} ${sa.localSpi}`, `IKE SA ${there} ${sa.remoteSpi}`);
      if (sa.children.length !== 1) found.push(`${node.name} has ${sa.children.length} child SAs with ${there}`);
      for (const { inboundSpi, outboundSpi } of sa.children) {
        own.add(inboundSpi);
        meet(childSas, `child SA ${here} ${inboundSpi}`, `child SA ${there} ${outboundSpi}`);
      }
    }
    for (const { id } of plane.childSas) {
      if (!own.delete(id)) found.push(`${node.name}: the plane has SPI ${id}, which IKE does not know`);
    }
    for (const id of own) found.push(`${node.name}: the plane lacks SPI ${id}`);
  }
  for (const alone of [...ikeSas.keys(), ...childSas.keys()]) found.push(`${alone} has no other end`);
  return found;
}

/** Notes one end by what it calls itself, or crosses out the other end that waits for it. */
function meet(waiting: Map<string, string>, own: string, other: string): void {
  if (waiting.get(other) === own) waiting.delete(other);
  else waiting.set(own, other);
}
