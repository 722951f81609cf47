/** A neighbour is called by an address that is not the one at its end of the tunnel. */
import { type IpAddress, Prefix } from '../../base/index.ts';
import { maskSecrets } from '../../config/index.ts';
import { type BgpEnd, type BgpRule, bothWays, tunnelAddressOf } from '../bgp-case.ts';
import { neighborLine, neighborLines } from '../bgp-lines.ts';
import { type Edit, editAt, type SourceLine, sourceLine } from '../diagnosis.ts';
import { lineOf, replaceLine, sectionEnd } from '../places.ts';
import { routeText } from '../route-text.ts';
import { refusals, sessionsSeen } from '../session-evidence.ts';
import type { Finding } from '../tunnel-case.ts';
import { isConnected, ownerOf, wayText, wayTo } from '../ways.ts';

export const neighborAddress: BgpRule = (one) => {
  for (const { here, there } of bothWays(one)) {
    const { neighbor, device } = here;
    if (neighbor === undefined || there === undefined) continue;
    const called = neighbor.address;
    const wanted = there.neighbor?.updateSource === undefined ? tunnelAddressOf(there, called.family) : there.address;
    if (wanted === undefined || wanted.equals(called) || tunnelAddressOf(there, called.family)?.equals(called))
      continue;
    const owner = ownerOf(there.device, called);
    // Neighbours on one LAN need no tunnel; a loopback is what the other end may be meant to speak from.
    if (owner?.kind === 'ethernet' && there.neighbor !== undefined && there.address?.equals(called) === true) continue;
    if (owner?.kind === 'loopback' && there.neighbor?.updateSource === undefined) continue;
    const what = owner === undefined ? 'no address of' : `the ${owner.alias ?? owner.name} address of`;
    return {
      code: 'neighbor-not-tunnel-address',
      claim: `${device.name} has ${called} for a neighbor, ${what} ${there.device.name}, which is ${wanted} in the tunnel`,
      evidence: [
        ...sessionsSeen(one),
        wayText(device, called),
        ...(here.address === undefined ? [] : refusals(there, here.address)),
      ],
      lines: [neighborLine(device, neighbor), ...addressLine(there, wanted)],
      edits: readdressed(here, there, wanted),
    };
  }
  return one.far === undefined ? alone(one.near) : undefined;
};

/** With one configuration the host route through the tunnel tells the address that was meant. */
function alone(near: BgpEnd): Finding | undefined {
  const { neighbor, device, session } = near;
  if (neighbor === undefined) return undefined;
  const called = neighbor.address;
  const tunnels = device.model.interfaces.filter(({ kind }) => kind === 'tunnel');
  const isOuter = tunnels.some(({ tunnel }) => tunnel?.destination?.equals(called) === true);
  const way = wayTo(device, called);
  if (!isOuter && way !== undefined) return undefined;
  const known = new Set(device.model.bgp?.neighbors.map(({ address }) => address.toString()));
  const meant = device.model.staticRoutes
    .filter(({ prefix }) => prefix.isHost && prefix.family === called.family && !known.has(prefix.address.toString()))
    .filter((route) =>
      tunnels.some(({ alias, tunnel }) => {
        if (route.interface === undefined || alias !== route.interface) return false;
        return !isOuter || tunnel?.destination?.equals(called) === true;
      }),
    );
  const only = meant.length === 1 ? meant[0] : undefined;
  const evidence = [...(session?.lastError === undefined ? [] : [session.lastError]), wayText(device, called)];
  const own = only === undefined ? undefined : sourceToward(near, only.prefix.address);
  const missing = `\`neighbor ${own ?? near.address ?? 'ADDRESS'} remote-as ${device.model.bgp?.asn}\``;
  const edits = only === undefined ? [] : readdressed(near, undefined, only.prefix.address);
  const line = neighborLine(device, neighbor);
  if (isOuter) {
    const inner = only === undefined ? '' : `; through the tunnel lies ${only.prefix.address}`;
    return {
      code: 'neighbor-not-tunnel-address',
      claim: `${device.name} has ${called} for a neighbor, the outer address of its tunnel's other end${inner}`,
      evidence,
      lines: [line],
      edits,
      missing,
    };
  }
  if (only === undefined) return undefined;
  const gateway = called;
  const text = routeText({ ...only, prefix: Prefix.host(called), gateway });
  return {
    layer: 'route',
    code: 'neighbor-route-disagree',
    claim: `${device.name} has ${called} for a neighbor and a route to ${only.prefix.address} through the tunnel: one of the two is not the other end's address`,
    evidence,
    lines: [line, lineOf(device, only.written)],
    edits: [
      ...edits,
      replaceLine(device, only.written.start, { text, why: `leads to ${called}, if that is the address` }),
    ],
    missing: `${called} or ${only.prefix.address} as its address in the tunnel, and ${missing}`,
  };
}

function sourceToward({ device, index }: BgpEnd, address: IpAddress): IpAddress | undefined {
  const out = wayTo(device, address)?.interface;
  const found = out === undefined ? undefined : index.interface(out);
  return found === undefined ? undefined : index.sourceAddress(found, address.family);
}

/** All lines of the neighbour with the right address, or (where others stand between them) taken back and written anew. */
function readdressed(here: BgpEnd, there: BgpEnd | undefined, wanted: IpAddress): readonly Edit[] {
  const { device, neighbor } = here;
  if (neighbor === undefined) return [];
  const { text, file } = device.configuration;
  const all = text.split('\n');
  const isTheirs = new RegExp(
    `^\\s*(?:no\\s+)?neighbor\\s+${neighbor.address.toString().replaceAll('.', '\\.')}\\s`,
    'i',
  );
  const places = all.flatMap((line, i) => (isTheirs.test(line) ? [i] : []));
  const [first, last] = [places[0], places.at(-1)];
  if (first === undefined || last === undefined) return [];
  const secrets = neighbor.password === undefined ? [] : [neighbor.password];
  const isBlock = last - first + 1 === places.length;
  const indent = /^\s*/.exec(all[first] ?? '')?.[0] ?? '';
  const hops = hopsFor(here, wanted).map((line) => `${indent}${line}`);
  const why = `the address of the other end${there === undefined ? '' : `, ${there.device.name},`} in the tunnel`;
  const position = { file, line: first + 1, column: indent.length + 1 };
  if (isBlock) {
    const lines = places.map((i) =>
      maskSecrets((all[i] ?? '').replace(neighbor.address.toString(), wanted.toString())),
    );
    const [opener = '', ...rest] = lines;
    const changed = [opener, ...hops, ...rest].join('\n');
    return [editAt(device, position, { action: 'replace', count: places.length, text: changed, secrets, why })];
  }
  if (there === undefined || neighbor.remoteAsn === undefined) return [];
  const anew = neighborLines(here, there, wanted, neighbor.remoteAsn);
  const changed = [`no neighbor ${neighbor.address} remote-as ${neighbor.remoteAsn}`, ...anew.lines];
  return [
    editAt(
      device,
      { ...position, line: last + 1 },
      {
        action: 'insert-after',
        text: changed.map((line) => `${indent}${line}`).join('\n'),
        secrets: anew.secrets,
        why,
      },
    ),
  ];
}

/** The old address may have been on the link, where no hops need to be allowed. */
function hopsFor({ neighbor, device, bgp }: BgpEnd, wanted: IpAddress): readonly string[] {
  const isExempt =
    (neighbor?.ebgpMultihop ?? neighbor?.ttlSecurityHops ?? 1) > 1 || neighbor?.disableConnectedCheck === true;
  if (isExempt || neighbor?.remoteAsn === bgp?.asn || isConnected(device, wanted)) return [];
  return [`neighbor ${wanted} ebgp-multihop 2`];
}

/** The line that gives the other end its address in the tunnel. */
function addressLine({ device }: BgpEnd, wanted: IpAddress): readonly SourceLine[] {
  const owner = ownerOf(device, wanted);
  if (owner === undefined) return [];
  const { file, line } = owner.written.start;
  const lines = device.configuration.text.split('\n');
  const last = sectionEnd(device, owner.written.start).line;
  const at = lines.findIndex((text, i) => i >= line && i < last && text.split(/[\s/]+/).includes(wanted.toString()));
  return at < 0
    ? [lineOf(device, owner.written)]
    : [sourceLine(device, { file, line: at + 1, column: columnOf(lines[at]) })];
}

function columnOf(line = ''): number {
  return Math.max(0, line.search(/\S/)) + 1;
}
