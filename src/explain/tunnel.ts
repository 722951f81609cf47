/** Why a tunnel is down or carries nothing: walks the layers in order, and the first rule that finds something wins. */
import { carriageLayers } from './carriage.ts';
import type { Diagnosis, Subject } from './diagnosis.ts';
import type { Fabric } from './evidence.ts';
import { openCase } from './open-case.ts';
import type { TunnelCase, TunnelLayer } from './tunnel-case.ts';

/** From the first line that is read to the last packet that arrives. */
const layers: readonly TunnelLayer[] = [...carriageLayers];

/** Looks at one tunnel of one device: a static tunnel, a clone, or (on a hub) the peer's address. */
export function explainTunnel(fabric: Fabric, device: string, tunnel: string): Diagnosis {
  const one = openCase(fabric, { device, tunnel });
  if (typeof one === 'string') return plain({ device, tunnel }, 'down', 'unknown-subject', one);
  for (const { layer, rules } of layers) {
    for (const rule of rules) {
      const found = rule(one);
      if (found === undefined) continue;
      const state = isUp(one) ? 'carries-nothing' : 'down';
      return { subject: one.subject, layer, state, evidence: [], lines: [], edits: [], ...found };
    }
  }
  if (isUp(one)) return plain(one.subject, 'up', 'up', 'its child SA is installed and nothing contradicts it');
  const { near } = one;
  const reason =
    near.device.snapshot === undefined ? 'nothing is known of how it runs' : near.state?.tunnel?.downReason;
  return plain(one.subject, 'down', 'unexplained', `no rule explains it: ${reason ?? 'no child SA'}`);
}

function isUp({ near }: TunnelCase): boolean {
  return near.state?.lineProtocol === true;
}

function plain(subject: Subject, state: Diagnosis['state'], code: string, claim: string): Diagnosis {
  return { subject, state, layer: 'tunnel', code, claim, evidence: [], lines: [], edits: [] };
}
