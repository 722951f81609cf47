/**
 * What is left of an honest TCP stream while somebody floods a gateway. The flood takes processor time of the machine on
 * which all of this runs; so "what it was" is the stream beside the very same flood that a firewall rule throws away
 * before the gateway sees it.
 */
import type { Namespace } from '../../test/peers/namespaces.ts';
import { until } from '../../test/peers/until.ts';
import type { Bed } from './bed.ts';
import { FROM_LAN, HOSTILE_TOS, type HostileKind } from './hostile-kinds.ts';
import { tcp, type Values } from './measures.ts';
import { HOSTS, INSIDE, OUTER, OUTSIDE } from './network.ts';

/** The flood lasts longer than the stream, which begins in the midst of it. */
const LONGER_SECONDS = 1.5;

/** The stream with nothing beside it. */
export function quiet(bed: Bed, seconds: number): Promise<Values> {
  return tcp(bed, { streams: 1, direction: 'forward', seconds });
}

/** `share` is what is left of the stream; `flood` how many packets a second came. */
export async function hostile(bed: Bed, kind: HostileKind, seconds: number, perSecond: number): Promise<Values> {
  const fromLan = FROM_LAN.includes(kind);
  const [target, link] = fromLan ? [bed.network.gateways[0], INSIDE] : [bed.network.gateways[1], OUTSIDE];
  const firewall = await refuse(target, link);
  const control = await flooded(bed, kind, seconds, perSecond);
  await firewall.remove();
  const during = await flooded(bed, kind, seconds, perSecond);
  bed.started.runs();
  return { ...during, control: control.mbps, share: during.mbps / control.mbps };
}

async function flooded(
  bed: Bed,
  kind: HostileKind,
  seconds: number,
  perSecond: number,
): Promise<Readonly<{ mbps: number; flood: number }>> {
  const { lans, gateways } = bed.network;
  const [at, link, own, to] = FROM_LAN.includes(kind)
    ? [lans[0], 'eth0', HOSTS[0], HOSTS[1]]
    : [gateways[0], OUTSIDE, OUTER[0], OUTER[1]];
  const words = [kind, link, own, to, String(seconds + LONGER_SECONDS), String(perSecond)];
  const sender = at.spawn(process.execPath, [bed.programs.hostile, ...words]);
  try {
    // Packets for it to capture; and hardware addresses are known.
    const ready = () => sender.runs() && sender.output.includes('ready');
    await until('the flood is ready', async () => (await lans[0].pings(HOSTS[1], undefined, 20)) && ready());
    sender.child.stdin.write('go\n');
    const mbps = await streamBeside(bed, seconds);
    await until('the flood ends', () => sender.isOver, seconds * 1000 + 15_000);
    const { sent, seconds: took } = JSON.parse(sender.output.split('\n')[1] ?? '{}');
    return { mbps, flood: Number(sent) / Number(took) };
  } finally {
    await sender.stop('SIGKILL');
  }
}

/** A stream that does not come up, or dies, carries nothing. */
async function streamBeside(bed: Bed, seconds: number): Promise<number> {
  try {
    return (await quiet(bed, seconds))['mbps'] ?? 0;
  } catch {
    return 0;
  }
}

/** Drops hostile packets as they arrive, before anything else looks at them. */
async function refuse(at: Namespace, link: string): Promise<Readonly<{ remove: () => Promise<unknown> }>> {
  const rules = `table netdev bench {
    chain hostile {
      type filter hook ingress device "${link}" priority -500; policy accept;
      ip dscp ${HOSTILE_TOS >> 2} drop
    }
  }`;
  await at.run('nft', ['-f', '-'], { input: rules });
  return { remove: () => at.run('nft', ['delete', 'table', 'netdev', 'bench']) };
}
