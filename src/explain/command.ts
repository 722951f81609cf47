/**
 * The exec lines `explain tunnel NAME`, `explain bgp ADDRESS`, `explain route DESTINATION`, `explain mtu`, `explain replay
 * [TUNNEL]`, `explain packet FROM TO …`, `packet-tracer input …` and `show … why`.
 */
import type { Result } from '../base/index.ts';
import { explainBgp } from './bgp.ts';
import { type Diagnosis, formatDiagnosis } from './diagnosis.ts';
import type { Fabric } from './evidence.ts';
import { explainMtu, type MtuReport } from './mtu.ts';
import { mtuText } from './mtu-text.ts';
import type { PacketReport } from './packet.ts';
import { type PacketQuery, readPacketQuery, readPacketTracer, walkPacket } from './packet-query.ts';
import { packetText } from './packet-text.ts';
import { explainRoute } from './path.ts';
import { explainReplay, type ReplayReport, replayText } from './replay.ts';
import { showWhy, whyText } from './show-why.ts';
import { explainTunnel } from './tunnel.ts';

export type Explained = Diagnosis | readonly Diagnosis[] | MtuReport | ReplayReport | PacketReport;

/**
 * What `words` ask of a device, as text and as a value for JSON; undefined: they are no `explain` or `show … why`
 * line. Words may be abbreviated.
 */
export function explainCommand(
  fabric: Fabric,
  device: string,
  words: readonly string[],
): Readonly<{ text: string; value?: Explained }> | undefined {
  const why = showWhy(fabric, device, words);
  if (why !== undefined) return { text: whyText(why), value: why };
  const [verb = '', what = '', name, ...rest] = words;
  if (means(verb, 'packet-tracer', 6)) return packet(fabric, device, readPacketTracer(words.slice(1)));
  if (means(verb, 'explain', 3) && means(what, 'packet', 1))
    return packet(fabric, device, readPacketQuery(words.slice(2)));
  if (!means(verb, 'explain', 3) || rest.length > 0) return undefined;
  if (means(what, 'replay', 2)) {
    const value = explainReplay(fabric, device, name);
    return { text: replayText(value), value };
  }
  if (means(what, 'mtu', 1) && name === undefined) {
    const value = explainMtu(fabric, { device });
    return { text: mtuText(value), value };
  }
  if (name === undefined) return undefined;
  if (means(what, 'tunnel', 1)) return answer(explainTunnel(fabric, device, name));
  if (means(what, 'bgp', 1)) return answer(explainBgp(fabric, device, name));
  if (means(what, 'route', 1)) return answer(explainRoute(fabric, device, name));
  return undefined;
}

/** Whether a line begins like ours: before that, nobody needs to gather evidence. */
export function isExplain(words: readonly string[]): boolean {
  const [verb = ''] = words;
  return (
    means(verb, 'explain', 3) || means(verb, 'packet-tracer', 6) || (means(verb, 'show', 2) && words.at(-1) === 'why')
  );
}

function means(word: string, keyword: string, least: number): boolean {
  return word.length >= least && keyword.startsWith(word.toLowerCase());
}

function answer(value: Diagnosis): Readonly<{ text: string; value: Diagnosis }> {
  return { text: formatDiagnosis(value), value };
}

function packet(
  fabric: Fabric,
  device: string,
  query: Result<PacketQuery, string>,
): Readonly<{ text: string; value?: Explained }> {
  const walked = query.ok ? walkPacket(fabric, device, query.value) : query;
  if (!walked.ok) return { text: `ERROR: ${walked.error}\n` };
  return { text: packetText(walked.value), value: walked.value };
}
