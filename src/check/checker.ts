/**
 * Checks a set of configurations. What was read and said once is kept for as long as the texts that it came from are the
 * same, so that a changed line costs one file and the pairs that it belongs to.
 */
import {
  type Diagnosis,
  type Edit,
  type SourceLine,
  sessionFaults,
  tunnelFaults,
  type WayBetween,
} from '../explain/index.ts';
import { DeviceView, type Source } from './device-view.ts';
import { FabricView } from './fabric-view.ts';
import { type Finding, findingOf, type Rule } from './rule.ts';
import { RULES, ruleOf } from './rules/index.ts';
import { isDiagnosed, tunnelPair } from './tunnel-pair.ts';

export type CheckInput = Readonly<{
  sources: readonly Source[];
  /** What a topology says of the ways between its devices. */
  way?: WayBetween;
  /** Every device that there is is given, and nothing between them translates addresses. */
  isClosed?: boolean;
}>;

export type CheckReport = Readonly<{
  findings: readonly Finding[];
  devices: readonly DeviceView[];
  lines: number;
}>;

type Kept = Readonly<{ devices: readonly DeviceView[]; far: DeviceView | undefined; findings: readonly Finding[] }>;

export class Checker {
  #views = new Map<string, DeviceView>();
  #pairs = new Map<string, Kept>();

  check({ sources, way, isClosed = false }: CheckInput): CheckReport {
    const devices = this.#read(sources);
    const fabric = new FabricView(devices, way, isClosed);
    const findings: Finding[] = [];
    for (const device of devices) {
      device.findings ??= ofDevice(device);
      for (const one of device.findings) findings.push(one);
    }
    const pairs = new Map<string, Kept>();
    for (const device of devices) {
      for (const tunnel of device.model.interfaces) {
        if (tunnel.kind !== 'tunnel') continue;
        const key = `${device.source.file} ${device.name} ${tunnel.name} ${isClosed}`;
        const destination = tunnel.tunnel?.destination;
        const far = destination === undefined ? undefined : fabric.outerOwner(destination, device)?.device;
        pairs.set(
          key,
          this.#kept(key, fabric, device, far, () => ofTunnel(fabric, device, tunnel)),
        );
      }
      if (device.model.dialect !== 'asa') continue;
      for (const session of device.sessions) {
        const key = `${device.source.file} ${device.name} ${session.key}`;
        const far = fabric.behind(device, session);
        if (far !== undefined && (far.model.dialect !== 'asa' || isAskedThere(fabric, device, far))) continue;
        pairs.set(
          key,
          this.#kept(key, fabric, device, far, (around) => ofSession(around, device, session.key)),
        );
      }
    }
    this.#pairs = pairs;
    for (const { findings: found } of pairs.values()) findings.push(...found);
    for (const rule of FABRIC_RULES) {
      if (rule.check?.over === 'fabric') findings.push(...rule.check.find(fabric).map((one) => findingOf(rule, one)));
    }
    const lines = devices.reduce((sum, { lineCount }) => sum + lineCount, 0);
    return { findings: sorted(withoutTwins(findings)), devices, lines };
  }

  /** Devices by unique names; texts that are known are not read again. */
  #read(sources: readonly Source[]): readonly DeviceView[] {
    const views = new Map<string, DeviceView>();
    const names = new Set<string>();
    let hasMoved = false;
    for (const source of sources) {
      const key = `${source.file} ${source.name ?? ''}`;
      const known = this.#views.get(key);
      const isKnown = known !== undefined && known.source.text === source.text;
      let view = isKnown ? known : new DeviceView(source);
      hasMoved ||= !isKnown && known?.shape !== view.shape;
      if (names.has(view.name)) view = new DeviceView({ ...source, name: `${view.name} (${source.file})` });
      names.add(view.name);
      views.set(key, view);
    }
    // Who is next to whom may be another one now.
    if (hasMoved || views.size !== this.#views.size) this.#pairs = new Map();
    this.#views = views;
    return [...views.values()];
  }

  #kept(
    key: string,
    fabric: FabricView,
    device: DeviceView,
    far: DeviceView | undefined,
    find: (around: ReadonlyMap<string, DeviceView>) => readonly Finding[],
  ): Kept {
    const known = this.#pairs.get(key);
    if (known?.devices[0] === device && known.far === far && known.devices.every((one) => fabric.has(one)))
      return known;
    const around = fabric.around(device, far);
    return { devices: [...around.values()], far, findings: find(around) };
  }
}

/** A session is looked at from both ends whoever is asked: the one with fewer of them costs less. */
function isAskedThere(fabric: FabricView, device: DeviceView, far: DeviceView): boolean {
  const [ours, theirs] = [device.sessions.length, far.sessions.length];
  if (ours <= FEW_SESSIONS || theirs >= ours) return false;
  return far.sessions.some((one) => fabric.behind(far, one) === device);
}

const FEW_SESSIONS = 16;

const DEVICE_RULES = RULES.filter(({ check }) => check?.over === 'device');
const PAIR_RULES = RULES.filter(({ check }) => check?.over === 'pair');
const FABRIC_RULES = RULES.filter(({ check }) => check?.over === 'fabric');

function ofDevice(device: DeviceView): readonly Finding[] {
  const read = device.diagnostics.map((one): Finding => {
    const rule = ruleOf(one.code);
    const lines = [device.lineAt(one.position)];
    const { severity, message, expected, suggestion, configuration } = one;
    const wanted = configuration ?? (suggestion === undefined ? undefined : [suggestion]);
    const edits = wanted === undefined || one.position.line < 1 ? [] : [replacing(device, one.position, wanted)];
    const related = expected === undefined ? [] : [`expected: ${expected}`];
    return { rule: rule === undefined ? 'reading-other' : rule.id, severity, message, lines, edits, related };
  });
  return [
    ...read,
    ...DEVICE_RULES.flatMap((rule) => (rule.check?.over === 'device' ? said(rule, rule.check.find(device)) : [])),
  ];
}

function replacing(
  device: DeviceView,
  { file, line, column }: SourceLine['position'],
  wanted: readonly string[],
): Edit {
  const indent = (device.lines[line - 1] ?? '').match(/^\s*/)?.[0] ?? '';
  const text = wanted.map((one) => `${indent}${one}`).join('\n');
  return { device: device.name, file, line, column, action: 'replace', text, why: 'as it is meant' };
}

function said(
  rule: Rule,
  found: Parameters<typeof findingOf>[1][] | readonly Parameters<typeof findingOf>[1][],
): Finding[] {
  return found.map((one) => findingOf(rule, one));
}

function ofTunnel(
  fabric: FabricView,
  device: DeviceView,
  tunnel: DeviceView['model']['interfaces'][number],
): readonly Finding[] {
  const pair = tunnelPair(fabric, device, tunnel);
  const found = PAIR_RULES.flatMap((rule) => (rule.check?.over === 'pair' ? said(rule, rule.check.find(pair)) : []));
  if (!isDiagnosed(pair)) return found;
  const around = fabric.around(device, pair.farDevice);
  const all = tunnelFaults(around, device.name, tunnel.name).filter((one) => !isConsequence(device, one));
  return [...found, ...all.flatMap((one) => diagnosed(one, fabric))];
}

function ofSession(around: ReadonlyMap<string, DeviceView>, device: DeviceView, neighbor: string): readonly Finding[] {
  return sessionFaults(around, device.name, neighbor).flatMap((one) => diagnosed(one, undefined));
}

/** Something is missing from a section of which a line could not be read: that line has been told of already. */
function isConsequence({ diagnostics, lines, name }: DeviceView, { code, lines: [first] }: Diagnosis): boolean {
  if (first?.device !== name || !code.endsWith('-missing')) return false;
  const opener = first.position.line;
  return diagnostics.some(({ severity, position: { line } }) => {
    if (severity !== 'error' || line < opener) return false;
    return lines.slice(opener, line).every((text) => /^\s/.test(text));
  });
}

/** A diagnosis as a finding; its code is the rule. */
function diagnosed(
  { subject, code, claim, lines, edits, missing }: Diagnosis,
  fabric: FabricView | undefined,
): readonly Finding[] {
  // The far end may know the near one by what a NAT makes of its address: then it needs no route to this one.
  const isOfFar = lines[0] !== undefined && lines[0].device !== subject.device;
  if (code === 'outer-route-missing' && isOfFar && fabric?.isClosed !== true) return [];
  const rule = ruleOf(code);
  if (rule === undefined) return [{ rule: code, severity: 'warning', message: claim, lines, edits, related: [] }];
  const isCertain = code === 'tunnel-destination-unknown' && fabric?.isClosed === true;
  const related = missing === undefined ? [] : [`the other side must have: ${missing}`];
  return [{ rule: rule.id, severity: isCertain ? 'error' : rule.severity, message: claim, lines, edits, related }];
}

/** The same rule at the same lines is said once, whichever end it was asked from. */
function withoutTwins(findings: readonly Finding[]): readonly Finding[] {
  const seen = new Set<string>();
  return findings.filter((one) => {
    const key = keyOf(one);
    if (seen.has(key)) return false;
    seen.add(key);
    return true;
  });
}

const KEYS = new WeakMap<Finding, string>();

function keyOf(finding: Finding): string {
  const known = KEYS.get(finding);
  if (known !== undefined) return known;
  const { rule, lines, message } = finding;
  const places = lines.map(({ position: { file, line } }) => `${file}:${line}`).sort();
  const key = `${rule} ${places.length === 0 ? message : places.join(' ')}`;
  KEYS.set(finding, key);
  return key;
}

function sorted(findings: readonly Finding[]): readonly Finding[] {
  return [...findings].sort((a, b) => {
    const [x, y] = [a.lines[0]?.position, b.lines[0]?.position];
    if (x === undefined || y === undefined) return x === y ? 0 : x === undefined ? 1 : -1;
    return x.file < y.file ? -1 : x.file > y.file ? 1 : x.line - y.line || x.column - y.column;
  });
}
