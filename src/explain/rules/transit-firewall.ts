/**
 * An ASA in the path clears TCP option 19 and makes sequence numbers anew, unless its policy says otherwise: signed
 * sessions (RFC 2385) through it never come up.
 */
import type { Endpoint, IpAddress } from '../../base/index.ts';
import type { BgpEnd, BgpRule } from '../bgp-case.ts';
import { neighborLine } from '../bgp-lines.ts';
import type { Edit, SourceLine } from '../diagnosis.ts';
import type { DeviceEvidence } from '../evidence.ts';
import { type Hop, hopsBetween } from '../next-device.ts';
import { insertAfter, lineOf } from '../places.ts';
import { sessionsSeen } from '../session-evidence.ts';
import {
  bound,
  type Flow,
  MD5_OPTION,
  mapOf,
  mayBegin,
  type Speaking,
  signatureOf,
  type Treatment,
  treatmentOf,
  unbound,
} from '../transit-treatment.ts';
import type { Finding } from '../tunnel-case.ts';

const BGP_PORT = 179;
/** Any port of those that connections are made from. */
const OWN_PORT = 49_152;
const OWN_NAME = 'BGP_MD5';

export const transitFirewall: BgpRule = (one) => {
  const { near, far, fabric } = one;
  const [mine, theirs] = [near.address, near.neighbor?.address];
  if (far === undefined || mine === undefined || theirs === undefined) return undefined;
  for (const hop of hopsBetween(fabric, near.device, theirs)) {
    if (hop.device.model.dialect !== 'asa' || hop.device === far.device) continue;
    const found = judge(hop, near, far, mine, theirs);
    if (found !== undefined)
      return { ...found, evidence: [...(found.evidence ?? []), ...sessionsSeen(one), ...clearedSeen(hop)] };
  }
  return undefined;
};

function judge(hop: Hop, near: BgpEnd, far: BgpEnd, mine: IpAddress, theirs: IpAddress): Finding | undefined {
  const { model, name } = hop.device;
  const flows = flowsOf(hop, mine, theirs).filter((flow) => mayBegin(model, flow));
  const [flow] = flows;
  const ends = `${near.device.name} and ${far.device.name}`;
  if (flow === undefined) {
    return {
      code: 'firewall-denies',
      claim: `${name} stands between ${ends} and lets neither of them begin a session: security levels and access lists refuse TCP port ${BGP_PORT}`,
      evidence: [],
      lines: (model.accessGroups ?? []).map(({ written }) => lineOf(hop.device, written)),
      edits: [permit(hop, mine, theirs)].filter((edit) => edit !== undefined),
    };
  }
  const isSigned = near.neighbor?.password !== undefined && far.neighbor?.password !== undefined;
  if (!isSigned || flows.some((each) => passes(treatmentOf(model, each)))) return undefined;
  const treatment = treatmentOf(model, flow);
  const { parts, text, lines } = mending(hop.device, flow, treatment, [mine, theirs]);
  const what = [
    treatment.signature === 'allow'
      ? []
      : [`${treatment.signature === 'clear' ? 'clears' : 'drops'} TCP option ${MD5_OPTION}`],
    treatment.randomises ? ['makes sequence numbers anew'] : [],
  ].flat();
  return {
    code: 'firewall-breaks-md5',
    claim: `${name} stands between ${ends} and breaks the MD5 signatures of their session: it ${what.join(' and ')}; ${parts.join(', and ')}`,
    lines: [...lines, ...(near.neighbor === undefined ? [] : [neighborLine(near.device, near.neighbor, 'password')])],
    edits: [atEnd(hop.device, text, 'lets signed BGP sessions pass as they are')],
  };
}

/** Either end may begin. */
function flowsOf({ from, to }: Hop, mine: IpAddress, theirs: IpAddress): readonly Flow[] {
  const end = (address: IpAddress, port: number): Endpoint => ({ address, port });
  const forth: Flow = { source: end(mine, OWN_PORT), destination: end(theirs, BGP_PORT), from, to };
  const back: Flow = { source: end(theirs, OWN_PORT), destination: end(mine, BGP_PORT), from: to, to: from ?? to };
  return [forth, back];
}

function passes({ randomises, signature }: Treatment): boolean {
  return !randomises && signature === 'allow';
}

type Mending = Readonly<{ parts: readonly string[]; text: string; lines: readonly SourceLine[] }>;

/** What lacks, in words and as the lines that are to be added at the end. */
function mending(device: DeviceEvidence, flow: Flow, treatment: Treatment, ends: readonly IpAddress[]): Mending {
  const { model } = device;
  const held = bound(model, flow);
  const free = unbound(model, flow).find(
    ({ part }) => part.randomSequenceNumbers === false || part.tcpMap !== undefined,
  );
  const global = model.servicePolicies?.find((one) => one.interface === undefined);
  // A policy that was written for it and holds nowhere is the one that was meant, where no other holds.
  const meant =
    treatment.connection ?? treatment.normalisation ?? (global === undefined ? free : undefined) ?? named(held);
  const isHeld = meant !== undefined && held.some(({ policy }) => policy === meant.policy);
  const policy = meant?.policy.name ?? global?.policy ?? 'global_policy';
  const trafficClass = meant?.part.trafficClass ?? OWN_NAME;
  const connection = isHeld ? treatment.connection : meant;
  const normalisation = isHeld ? treatment.normalisation : meant;
  const map = normalisation && mapOf(model, normalisation.part);
  const mapName = map?.name ?? normalisation?.part.tcpMap ?? OWN_NAME;
  const parts: string[] = [];
  const text: string[] = [];
  const lines: SourceLine[] = [];
  if (meant === undefined) {
    const [a, b] = ends;
    parts.push('no class of a policy is about this session');
    for (const [from, to] of [
      [a, b],
      [b, a],
    ])
      text.push(`access-list ${OWN_NAME} extended permit tcp host ${from} host ${to} eq bgp`);
    text.push(`class-map ${OWN_NAME}`, ` match access-list ${OWN_NAME}`);
  }
  if (signatureOf(map) !== 'allow') {
    parts.push(`\`tcp-options range ${MD5_OPTION} ${MD5_OPTION} allow\` is missing in tcp-map ${mapName}`);
    text.push(`tcp-map ${mapName}`, ` tcp-options range ${MD5_OPTION} ${MD5_OPTION} allow`);
    if (map !== undefined) lines.push(lineOf(device, map.written));
  }
  const keeps = connection?.part.randomSequenceNumbers === false;
  for (const [one, isSaid, line] of [
    [connection, keeps, 'set connection random-sequence-number disable'],
    [normalisation, normalisation?.part.tcpMap !== undefined, `set connection advanced-options ${mapName}`],
  ] as const) {
    if (isSaid) continue;
    const [where, within] = [one?.policy.name ?? policy, one?.part.trafficClass ?? trafficClass];
    parts.push(`\`${line}\` is missing in class ${within}`);
    text.push(`policy-map ${where}`, ` class ${within}`, `  ${line}`);
    if (one !== undefined) lines.push(lineOf(device, one.part.written));
  }
  if (!isHeld && global?.policy !== policy) {
    parts.push(`\`service-policy ${policy} global\` is missing`);
    text.push(`service-policy ${policy} global`);
    if (meant !== undefined) lines.push(lineOf(device, meant.policy.written));
  }
  return { parts, text: text.join('\n'), lines };
}

/** A class of its own name that fits, if there is one: what is said in it is about nothing else. */
function named(held: readonly Speaking[]): Speaking | undefined {
  return held.find(({ part }) => part.trafficClass !== 'class-default');
}

/** Lets the nearer end begin: a list of its own where the interface has none. */
function permit(hop: Hop, mine: IpAddress, theirs: IpAddress): Edit | undefined {
  const { model } = hop.device;
  const alias = model.interfaces.find(({ name }) => name === hop.from)?.alias;
  if (alias === undefined) return undefined;
  const known = model.accessGroups?.find((one) => one.direction === 'in' && one.interface === alias);
  const list = known?.accessList ?? `${alias}_in`;
  const line = `access-list ${list} extended permit tcp host ${mine} host ${theirs} eq bgp`;
  const [first] = (known && model.accessLists.find(({ name }) => name === list))?.entries ?? [];
  const why = 'lets a session begin';
  if (first !== undefined) {
    const place = first.written.start;
    return insertAfter(hop.device, { ...place, line: place.line - 1 }, { text: line, why });
  }
  return atEnd(
    hop.device,
    [line, ...(known === undefined ? [`access-group ${list} in interface ${alias}`] : [])].join('\n'),
    why,
  );
}

function atEnd(device: DeviceEvidence, text: string, why: string): Edit {
  const { file, text: whole } = device.configuration;
  const lines = whole.replace(/\s+$/, '').split('\n');
  // Behind `end` nothing is read any more.
  const last = lines.findLastIndex((line) => !/^(?:end|: end)\s*$/.test(line)) + 1;
  return insertAfter(device, { file, line: last, column: 1 }, { text, why });
}

function clearedSeen({ device }: Hop): readonly string[] {
  const cleared = device.snapshot?.plane.transit?.reduce((sum, one) => sum + one.signaturesCleared, 0) ?? 0;
  return cleared === 0 ? [] : [`${device.name}: signatures cleared from ${cleared} segments in transit`];
}
