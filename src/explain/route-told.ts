/** Where on the way from the device that has a network to one that lacks it BGP did not pass it on. */
import type { Prefix } from '../base/index.ts';
import { explainSession } from './bgp-below.ts';
import { asnOf, type BgpCase, type BgpEnd, isEstablished, isExternal, openBgpCase } from './bgp-case.ts';
import { neighborLine, setNeighbor } from './bgp-lines.ts';
import type { DeviceEvidence, Fabric } from './evidence.ts';
import { lineOf } from './places.ts';
import { announce, networks, unannounced } from './rules/networks.ts';
import { unreachable } from './rules/next-hop.ts';
import { notReflected } from './rules/reflection.ts';
import { denial } from './rules/route-policy.ts';
import type { Finding } from './tunnel-case.ts';

/** One step: `near` hears from `far`, which is nearer to the owner. */
type Step = BgpCase & Readonly<{ far: BgpEnd }>;

/** Looks along the shortest chain of sessions, from the owner on. */
export function whyNotTold(
  fabric: Fabric,
  here: DeviceEvidence,
  owner: DeviceEvidence,
  lan: Prefix,
): Finding | undefined {
  const chain = chainTo(fabric, here, owner, lan);
  if (chain === undefined) return undefined;
  const first = chain[0];
  const silent = first === undefined ? undefined : notAnnounced(first, lan);
  if (silent !== undefined) return silent;
  for (const [i, step] of chain.entries()) {
    const found = notPassedOn(fabric, step, chain[i - 1], lan);
    if (found !== undefined) return found;
  }
  // Of what does not run only the lines are known: those of the sessions come last.
  for (const step of chain) {
    const found = isRunning(step) ? undefined : explainSession(step);
    if (found !== undefined) return found;
  }
  return undefined;
}

function isRunning({ near }: Step): boolean {
  return near.device.snapshot !== undefined;
}

function notAnnounced({ far, near }: Step, lan: Prefix): Finding | undefined {
  const { bgp, device } = far;
  if (bgp === undefined || !unannounced(far, lan.family).some((one) => one.equals(lan))) return undefined;
  const wrong = networks({
    fabric: new Map(),
    subject: { device: device.name },
    family: lan.family,
    near: far,
    address: near.address ?? lan.address,
  });
  if (wrong !== undefined) return wrong;
  return {
    code: 'lan-not-announced',
    claim: `${device.name} is connected to ${lan}, and no \`network\` line announces it`,
    lines: [lineOf(device, bgp.written)],
    edits: announce(far, lan),
  };
}

function notPassedOn(fabric: Fabric, step: Step, before: Step | undefined, lan: Prefix): Finding | undefined {
  const { near, far } = step;
  if (!isEstablished(step) && isRunning(step)) {
    const down = explainSession(step);
    if (down === undefined) return undefined;
    const { subject: _, state: __, ...rest } = down;
    return { ...rest, claim: `BGP between ${near.device.name} and ${far.device.name} is down: ${down.claim}` };
  }
  const isInternal = before !== undefined && !isExternal(before.near) && !isExternal(far);
  return (
    denial(far, 'out', lan) ??
    (isInternal ? notReflected(fabric, far, near, lan.family) : undefined) ??
    ownAs(step, before, lan) ??
    denial(near, 'in', lan) ??
    unreachable(near, far, lan)
  );
}

/** RFC 4271 section 9.1.2: a path with our own AS in it is a loop. */
function ownAs({ near, far }: Step, before: Step | undefined, lan: Prefix): Finding | undefined {
  const { neighbor, device } = near;
  const own = asnOf(near);
  if (neighbor === undefined || before === undefined || !isExternal(near) || own !== asnOf(before.far))
    return undefined;
  if ((neighbor.families[lan.family]?.allowAsIn ?? 0) > 0) return undefined;
  return {
    code: 'as-loop',
    claim: `${device.name} and ${before.far.device.name} are both AS ${own}, so ${device.name} takes what ${far.device.name} passes on for a loop`,
    lines: [neighborLine(device, neighbor)],
    edits: [
      setNeighbor(device, neighbor, `ipv${lan.family} allowas-in`, {
        text: 'allowas-in 1',
        why: 'takes paths with its own AS in them',
      }),
    ],
  };
}

/** Sessions from the owner to here, each seen from the end that hears. */
function chainTo(
  fabric: Fabric,
  here: DeviceEvidence,
  owner: DeviceEvidence,
  { family }: Prefix,
): readonly Step[] | undefined {
  const came = new Map<DeviceEvidence, Step | undefined>([[here, undefined]]);
  const queue = [here];
  for (let i = 0; i < queue.length && !came.has(owner); i++) {
    const device = queue[i];
    if (device === undefined) break;
    for (const neighbor of device.model.bgp?.neighbors ?? []) {
      if (neighbor.families[family]?.activate !== true) continue;
      const one = openBgpCase(fabric, { device: device.name, neighbor: neighbor.address.toString() });
      if (typeof one === 'string' || one.far === undefined || came.has(one.far.device)) continue;
      came.set(one.far.device, { ...one, far: one.far });
      queue.push(one.far.device);
    }
  }
  const chain: Step[] = [];
  for (let at: DeviceEvidence | undefined = owner; at !== here; ) {
    const step: Step | undefined = at === undefined ? undefined : came.get(at);
    if (step === undefined) return undefined;
    chain.push(step);
    at = step.near.device;
  }
  return chain;
}
