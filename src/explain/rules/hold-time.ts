/** One end's least hold time is more than what the other offers: RFC 4271 section 6.2, NOTIFICATION 2/6. */
import type { BgpModel, BgpNeighborModel } from '../../config/index.ts';
import { type BgpEnd, type BgpRule, bothWays } from '../bgp-case.ts';
import { neighborLine, setNeighbor } from '../bgp-lines.ts';
import type { SourceLine } from '../diagnosis.ts';
import { lineOf } from '../places.ts';
import { notified, sessionsSeen } from '../session-evidence.ts';

type Timers = BgpModel['timers'];

export const holdTime: BgpRule = (one) => {
  for (const { here, there } of bothWays(one)) {
    const [own, theirs] = [timersOf(here), there === undefined ? undefined : timersOf(there)];
    if (there === undefined || own === undefined || theirs === undefined) continue;
    if (here.neighbor === undefined || there.neighbor === undefined) continue;
    if (theirs.holdMs === 0 || theirs.holdMs >= own.minimumHoldMs) continue;
    const raised = { ...theirs, holdMs: own.minimumHoldMs };
    const lowered = { ...own, minimumHoldMs: theirs.holdMs };
    return {
      code: 'hold-time-refused',
      claim: `${there.device.name} offers a hold time of ${theirs.holdMs / 1000} s, and ${here.device.name} takes none below ${own.minimumHoldMs / 1000} s`,
      evidence: sessionsSeen(one),
      lines: [timersLine(here), timersLine(there)],
      edits: [
        setNeighbor(here.device, here.neighbor, 'timers', { text: words(lowered), why: 'takes what is offered' }),
        setNeighbor(there.device, there.neighbor, 'timers', { text: words(raised), why: 'offers what is asked for' }),
      ],
    };
  }
  return one.far === undefined ? alone(one.near) : undefined;
};

function alone(near: BgpEnd): ReturnType<BgpRule> {
  const seen = notified(near, 2, 6);
  const own = timersOf(near);
  const { neighbor, device } = near;
  if (seen === undefined || own === undefined || neighbor === undefined) return undefined;
  const text = words({ ...own, minimumHoldMs: 0 });
  const isOurs = seen.way === 'sent';
  const seconds = (isOurs ? own.minimumHoldMs : own.holdMs) / 1000;
  return {
    code: 'hold-time-refused',
    claim: isOurs
      ? `${neighbor.address} offers a hold time below the ${seconds} s that ${device.name} asks for at least`
      : `${neighbor.address} refuses the hold time of ${seconds} s that ${device.name} offers`,
    evidence: [seen.text],
    lines: [timersLine(near)],
    edits: isOurs ? [setNeighbor(device, neighbor, 'timers', { text, why: 'takes any hold time' })] : [],
    missing: isOurs ? `a hold time of ${seconds} s or more` : `a minimum hold time of ${seconds} s or less`,
  };
}

function timersOf({ bgp, neighbor }: BgpEnd): Timers | undefined {
  return neighbor?.timers ?? bgp?.timers;
}

function timersLine({ device, bgp, neighbor }: BgpEnd): SourceLine {
  if (neighbor?.timers !== undefined || bgp === undefined) {
    return neighborLine(device, neighbor as BgpNeighborModel, 'timers');
  }
  return lineOf(device, bgp.written, 'timers');
}

function words({ keepaliveMs, holdMs, minimumHoldMs }: Timers): string {
  // RFC 4271 section 4.4: a keepalive every third of the hold time.
  const keepalive = Math.min(keepaliveMs, Math.floor(holdMs / 3));
  return `timers ${Math.floor(keepalive / 1000)} ${holdMs / 1000} ${minimumHoldMs / 1000}`;
}
