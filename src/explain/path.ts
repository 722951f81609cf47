/** Which route takes packets for a destination, told by whom; or where on the way from its owner it was lost. */
import { IpAddress, Prefix } from '../base/index.ts';
import { explainSession } from './bgp-below.ts';
import { type BgpCase, isEstablished, openBgpCase } from './bgp-case.ts';
import type { Diagnosis, Subject } from './diagnosis.ts';
import type { DeviceEvidence, Fabric } from './evidence.ts';
import { behind } from './next-device.ts';
import { lineOf } from './places.ts';
import { whyNotTold } from './route-told.ts';
import { unreachable } from './rules/next-hop.ts';
import { preferredRoute } from './rules/preferred-route.ts';
import { denial } from './rules/route-policy.ts';
import type { Finding } from './tunnel-case.ts';
import { aliasOf, lans, type Way, wayText, wayTo } from './ways.ts';

const MAX_HOPS = 16;

/** Follows the packets of a device toward an address or a network, and those that come back. */
export function explainRoute(fabric: Fabric, device: string, destination: string): Diagnosis {
  const subject = { device, destination };
  const start = fabric.get(device);
  if (start === undefined) return plain(subject, 'down', 'unknown-subject', `there is no device ${device}`);
  const prefix = Prefix.parse(destination);
  const address = prefix?.address ?? IpAddress.parse(destination);
  if (address === undefined) {
    return plain(subject, 'down', 'unknown-subject', `${destination} is no address and no network`);
  }
  const target = prefix?.isHost === false && prefix.length > 0 ? prefix.address.plus(1) : address;
  const owner = ownerOf(fabric, target);
  const forth = follow(fabric, start, target, owner);
  const back = forth.found === undefined && owner !== undefined ? wayBack(fabric, owner, start, target) : undefined;
  const found = forth.found ?? back;
  if (found === undefined) return { ...plain(subject, 'up', 'up', forth.claim), evidence: forth.steps };
  return {
    subject,
    state: 'down',
    layer: 'route',
    lines: [],
    edits: [],
    ...found,
    evidence: [...forth.steps, ...(found.evidence ?? [])],
  };
}

type Trace = Readonly<{ steps: readonly string[]; claim: string; found?: Finding }>;

/** Hop by hop, until the owner of the destination or the end of what is known. */
function follow(fabric: Fabric, start: DeviceEvidence, target: IpAddress, owner: DeviceEvidence | undefined): Trace {
  const steps: string[] = [];
  const seen = new Set<DeviceEvidence>();
  let here = start;
  while (here !== owner) {
    steps.push(...told(here, target));
    const way = wayTo(here, target);
    const claim = wayText(here, target);
    if (way === undefined || (owner !== undefined && isTooWide(way, owner, target))) {
      return { steps, claim, found: missing(fabric, here, target, owner) };
    }
    if (way.interface === undefined) return { steps, claim, found: dropped(here, way, target) };
    if (owner === undefined) return { steps, claim };
    if (seen.has(here) || seen.size > MAX_HOPS) return { steps, claim, found: circle(here, target) };
    seen.add(here);
    const next = behind(fabric, here, way, target);
    if (next === undefined) {
      const found = astray(fabric, here, way, target, owner);
      return found === undefined ? { steps, claim } : { steps, claim, found };
    }
    here = next;
  }
  return { steps, claim: `packets of ${start.name} for ${target} reach ${owner?.name}` };
}

/** Answers go to the LAN of the device that asked. */
function wayBack(fabric: Fabric, owner: DeviceEvidence, start: DeviceEvidence, target: IpAddress): Finding | undefined {
  const [lan] = lans(start, target.family);
  if (lan === undefined || owner === start) return undefined;
  const { found } = follow(fabric, owner, lan.address.plus(1), start);
  return found === undefined ? undefined : { ...found, claim: `the way back: ${found.claim}` };
}

/** The route, by whom it was told, and why its path was preferred. */
function told(device: DeviceEvidence, target: IpAddress): readonly string[] {
  const way = wayTo(device, target);
  const text = wayText(device, target);
  if (way === undefined) return [text];
  const others = (device.bgpPaths?.({ kind: 'all' }) ?? []).filter(({ prefix }) => prefix.equals(way.prefix));
  return [
    text,
    ...others.map(({ best, from, nextHop, asPath, reason, valid }) => {
      const who = from === undefined ? 'its own' : `from ${from}, next hop ${nextHop}`;
      const path = asPath === '' ? '' : `, AS path ${asPath}`;
      return `${device.name}: BGP ${way.prefix} ${who}${path}: ${best ? 'best' : valid ? 'not best' : 'not usable'}, ${reason}`;
    }),
  ];
}

/** Nothing leads there: the first place on the way from the owner where it was not passed on. */
function missing(fabric: Fabric, here: DeviceEvidence, target: IpAddress, owner: DeviceEvidence | undefined): Finding {
  const lan = owner === undefined ? undefined : lanOf(owner, target);
  if (owner !== undefined && lan !== undefined) {
    const found = whyNotTold(fabric, here, owner, lan);
    if (found !== undefined) return found;
  }
  const found = refused(fabric, here, target);
  if (found !== undefined) return found;
  if (here.snapshot !== undefined) return nobody(here, target);
  return { code: 'unexplained', claim: `no rule explains it: nothing is known of how ${here.name} runs` };
}

/** What this device can tell by itself: what it was told and did not take, or a session that is down. */
function refused(fabric: Fabric, here: DeviceEvidence, target: IpAddress): Finding | undefined {
  for (const one of sessionsOf(fabric, here)) {
    const { near } = one;
    if (near.neighbor === undefined) continue;
    for (const { prefix, denied } of here.bgpPaths?.({ kind: 'received', neighbor: near.neighbor.address }) ?? []) {
      if (!prefix.contains(target)) continue;
      const found = denied === true ? denial(near, 'in', prefix) : unreachable(near, one.far, prefix);
      if (found !== undefined) return found;
    }
  }
  for (const one of sessionsOf(fabric, here)) {
    const found = isEstablished(one) ? undefined : explainSession(one);
    if (found !== undefined) {
      const { subject: _, state: __, ...rest } = found;
      return { ...rest, claim: `BGP with ${one.address} is down: ${found.claim}` };
    }
  }
  return undefined;
}

function nobody(here: DeviceEvidence, target: IpAddress): Finding {
  const told = (here.snapshot?.bgp?.neighbors ?? []).map(({ address, state, prefixesReceived }) => {
    return `${here.name}: neighbor ${address} is ${state}, told ${prefixesReceived} prefixes`;
  });
  return {
    code: 'no-route',
    claim: `${here.name} has no route to ${target}, and nobody told it one`,
    evidence: told,
    missing: `a \`network\` line for the network of ${target}, and a route to it`,
  };
}

function dropped(here: DeviceEvidence, { line, prefix }: Way, target: IpAddress): Finding {
  return {
    code: 'null-route',
    claim: `${here.name} drops what is for ${target}: its route ${prefix} leads nowhere`,
    lines: line === undefined ? [] : [lineOf(here, line.written)],
    edits: [],
  };
}

function circle(here: DeviceEvidence, target: IpAddress): Finding {
  return { code: 'routing-loop', claim: `packets for ${target} come to ${here.name} again: they run in a circle` };
}

/** The way ends at nobody who is known: it may be another route that wins over what BGP tells. */
function astray(
  fabric: Fabric,
  here: DeviceEvidence,
  way: Way,
  target: IpAddress,
  owner: DeviceEvidence,
): Finding | undefined {
  if (way.source === 'connected') return undefined;
  for (const one of sessionsOf(fabric, here)) {
    const found = preferredRoute({ ...one, subject: { device: here.name } });
    if (found !== undefined) return found;
  }
  if (way.line === undefined) return undefined;
  return {
    code: 'route-astray',
    claim: `${here.name} sends what is for ${target} out of ${aliasOf(here, way.interface ?? '')}, where nobody is known to pass it on to ${owner.name}`,
    lines: [lineOf(here, way.line.written)],
  };
}

/** A default route that swallows what nobody told: the owner's network is known, and a longer route is expected. */
function isTooWide({ prefix, interface: out }: Way, owner: DeviceEvidence, target: IpAddress): boolean {
  return (
    prefix.length === 0 && out !== undefined && !/^(Tunnel|Virtual-)/.test(out) && lanOf(owner, target) !== undefined
  );
}

function sessionsOf(fabric: Fabric, { name, model }: DeviceEvidence): readonly BgpCase[] {
  return (model.bgp?.neighbors ?? [])
    .map(({ address }) => openBgpCase(fabric, { device: name, neighbor: address.toString() }))
    .filter((one) => typeof one === 'object');
}

function ownerOf(fabric: Fabric, target: IpAddress): DeviceEvidence | undefined {
  const all = [...fabric.values()];
  return all.find((one) => has(one, target)) ?? all.find((one) => lanOf(one, target) !== undefined);
}

function lanOf(device: DeviceEvidence, target: IpAddress): Prefix | undefined {
  return lans(device, target.family).find((lan) => lan.contains(target));
}

function has({ model }: DeviceEvidence, wanted: IpAddress): boolean {
  return model.interfaces.some(({ addresses }) => addresses.some(({ address }) => address.equals(wanted)));
}

function plain(subject: Subject, state: Diagnosis['state'], code: string, claim: string): Diagnosis {
  return { subject, state, layer: 'route', code, claim, evidence: [], lines: [], edits: [] };
}
