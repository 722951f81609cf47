/** BGP of a new configuration put in force: each VRF's speaker gets its part and disturbs only what differs. */
import type { Prefix } from '../base/index.ts';
import type { DeviceModel } from '../config/index.ts';
import { bgpConfig, bgpVrfs, listenRanges } from './bgp-config.ts';
import { dropMd5Key, IP_AND_TCP_HEADERS } from './bgp-orders.ts';
import type { Context } from './context.ts';
import { lanConfigured } from './lan-tcp.ts';
import type { ModelIndex } from './model-index.ts';
import { BGP_PORT, GTSM_TTL } from './ports.ts';
import { redistribute, tellNeighborReachable } from './routes.ts';
import type { Speaker } from './speaker.ts';

export function configureBgp(context: Context, before: DeviceModel | undefined, index: ModelIndex): void {
  const wanted = bgpVrfs(index.model);
  if (wanted.length > 0 && before?.bgp === undefined) {
    context.command({ kind: 'set-punted-ports', tcp: [BGP_PORT] });
  }
  for (const vrf of wanted) context.speaker(vrf);
  for (const speaker of context.speakers.values()) configureSpeaker(context, speaker, index);
  if (wanted.length === 0 && before?.bgp !== undefined) context.command({ kind: 'set-punted-ports', tcp: [] });
  const neighbors = [...context.speakers.values()].flatMap((speaker) =>
    (speaker.running?.config.neighbors ?? []).map(({ address }) => speaker.nameOf(address)),
  );
  if (wanted.length > 0) context.reasons.retainNeighbors(new Set(neighbors));
}

function configureSpeaker(context: Context, speaker: Speaker, index: ModelIndex): void {
  const { vrf } = speaker;
  const before = speaker.running;
  const given = bgpConfig(index, vrf);
  const ranges = given === undefined ? [] : listenRanges(index, vrf);
  speaker.ranges.configure(ranges, index.model.bgp?.listenLimit ?? DEFAULT_LISTEN_LIMIT);
  const config = given === undefined ? undefined : speaker.run(given);
  speaker.redistribution.configure(index.model, vrf);
  if (config === undefined) {
    stopSpeaker(context, speaker);
    speaker.stop();
  }
  const keep = new Set(config?.neighbors.map(({ address }) => address.toString()));
  for (const { address, password } of before?.config.neighbors ?? []) {
    if (password !== undefined && !keep.has(address.toString())) dropMd5Key(context, speaker, address);
  }
  lanConfigured(context, speaker);
  if (config === undefined) return;
  for (const { address, password } of config.neighbors) {
    if (speaker.ranges.rangeOf(address) !== undefined) continue;
    context.push({ to: 'tcp', speaker, event: { kind: 'set-md5-key', remote: address, key: password } });
  }
  const keys = ranges.flatMap(({ prefix, peer: { password: key } }) => (key === undefined ? [] : [{ prefix, key }]));
  context.push({ to: 'tcp', speaker, event: { kind: 'set-md5-ranges', ranges: keys } });
  speaker.ttlSecurity = new Map(
    config.neighbors.flatMap(({ address, ttlSecurityHops: hops }) =>
      hops === undefined ? [] : [[address.toString(), hops] as const],
    ),
  );
  const gtsm = speaker.ttlSecurity.size > 0;
  const listen = {
    kind: 'listen',
    port: BGP_PORT,
    mss: listenMss(context),
    ...(gtsm ? { ttl: GTSM_TTL } : {}),
  } as const;
  context.push({ to: 'tcp', speaker, event: listen });
  context.push({ to: 'bgp', speaker, event: { kind: 'configure', config } });
  speaker.watchers.retain(
    'bgp-neighbor',
    config.neighbors.map(({ address }) => ({ name: address.toString(), address })),
    context.tracking(vrf),
  );
  for (const { address } of config.neighbors) tellNeighborReachable(context, speaker, address);
  const seen = new Map<string, Prefix>();
  for (const prefix of speaker.redistribution.announced()) seen.set(prefix.toString(), prefix);
  for (const { prefix } of context.rib(vrf).routes()) seen.set(prefix.toString(), prefix);
  redistribute(context, speaker, [...seen.values()]);
}

/** Ends all sessions with Cease. BGP forgets what it was told; the next configuration tells everything again. */
export function stopBgp(context: Context): void {
  for (const speaker of context.speakers.values()) stopSpeaker(context, speaker);
}

function stopSpeaker(context: Context, speaker: Speaker): void {
  context.push({ to: 'bgp', speaker, event: { kind: 'deconfigure' } });
  context.push({ to: 'tcp', speaker, event: { kind: 'unlisten', port: BGP_PORT } });
  speaker.lan?.unlisten();
  speaker.watchers.retain('bgp-neighbor', [], context.tracking(speaker.vrf));
  speaker.redistribution.clear();
}

/** What fits every interface: the peer's own MSS and path MTU lower it where needed. */
function listenMss(context: Context): number {
  let mtu = 1500;
  for (const state of context.interfaces?.all() ?? []) mtu = Math.min(mtu, state.mtu);
  return mtu - IP_AND_TCP_HEADERS[6];
}

/** Sessions of listen ranges where nothing else is said: the platform's number. */
const DEFAULT_LISTEN_LIMIT = 100;
