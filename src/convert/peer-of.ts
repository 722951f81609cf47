/** The peer of a configuration: the other end of each of its tunnels, in either dialect. */
import { fail, ok, type Result } from '../base/index.ts';
import {
  type DeviceModel,
  type DialectName,
  formatDiagnostic,
  loadConfiguration,
  printConfiguration,
} from '../config/index.ts';
import { narrow } from './abilities.ts';
import { asaEnd } from './asa-end.ts';
import { type Fault, Report } from './fault.ts';
import { iosxeEnd } from './iosxe-end.ts';
import { type Interfacing, type Link, mirror } from './link.ts';
import { type LinuxEsp, type LinuxFile, linuxEnd } from './linux-end.ts';
import { type Choices, protectedTunnels, readLink } from './read-link.ts';

export type PeerChoices = Choices &
  Readonly<{
    /** The peer's own addresses on networks behind it. */
    lans?: readonly Interfacing[];
    /** Its VRFs: of the tunnel, and of the outer packets. */
    vrf?: string;
    frontVrf?: string;
  }>;

export type Made = Readonly<{
  /** Hostname of the peer. */
  name: string;
  /** With its keys: for a file that only its owner reads. */
  text: string;
  /** The same with keys masked. */
  masked: string;
  model: DeviceModel;
  notes: readonly string[];
}>;

/** The other end of one tunnel, in words of no platform. */
export function peerLink(
  model: DeviceModel,
  tunnel: string | undefined,
  choices: PeerChoices,
  report: Report,
): Link | undefined {
  const all = protectedTunnels(model);
  const named = all.filter(({ name, alias }) => tunnel === undefined || [name, alias].includes(tunnel));
  const [one, another] = named;
  if (one === undefined) {
    const what = tunnel === undefined ? 'no tunnel with tunnel protection' : `no protected tunnel ${tunnel}`;
    const there = all.length === 0 ? {} : { suggestion: `there are ${all.map(({ name }) => name).join(', ')}` };
    return report.fail('no-tunnel', `${model.hostname} has ${what}`, there);
  }
  if (another !== undefined) {
    const suggestion = 'say which with --tunnel';
    return report.fail('ambiguous', `${model.hostname} has ${named.map(({ name }) => name).join(', ')}`, {
      suggestion,
    });
  }
  const link = readLink(model, one, choices, report);
  if (link === undefined) return undefined;
  const mirrored = mirror(link, { vrf: choices.vrf ?? '', frontVrf: choices.frontVrf ?? '' });
  const { own, peer } = mirrored;
  const hub = one.kind === 'virtual-template';
  const made: Link = { ...mirrored, peerIsHub: hub, own: { ...own, lans: choices.lans ?? [] } };
  if (own.outerLength === undefined) {
    const suggestion = `say them with --outside ${own.outer}/LENGTH`;
    return report.fail('unknown-address', `nothing says how long the prefix of ${own.outer} is`, { suggestion });
  }
  const isNear = own.outer.masked(own.outerLength).equals(peer.seen.masked(own.outerLength));
  if (!isNear && own.gateway === undefined) {
    const suggestion = 'say it with --gateway';
    return report.fail('unknown-address', `nothing says by which next hop the peer reaches ${peer.seen}`, {
      suggestion,
    });
  }
  return made;
}

/** The peer of one tunnel as a configuration of a dialect, which loads there without a complaint. */
export function peerOf(
  model: DeviceModel,
  dialect: DialectName,
  options: Readonly<{ tunnel?: string; choices?: PeerChoices }> = {},
): Result<Made, readonly Fault[]> {
  const report = new Report();
  const made = makePeer(model, dialect, options, report);
  return made === undefined || report.faults.length > 0 ? fail(report.faults) : ok(made);
}

export type LinuxMade = Readonly<{
  name: string;
  files: readonly LinuxFile[];
  /** The same with keys masked. */
  masked: readonly LinuxFile[];
  notes: readonly string[];
}>;

/** The peer of one tunnel as a Linux machine with strongSwan and FRR. */
export function linuxPeerOf(
  model: DeviceModel,
  options: Readonly<{ tunnel?: string; choices?: PeerChoices; esp?: LinuxEsp }> = {},
): Result<LinuxMade, readonly Fault[]> {
  const report = new Report();
  const { tunnel, choices = {}, esp = 'kernel' } = options;
  if (choices.vrf !== undefined || choices.frontVrf !== undefined)
    report.fail('not-expressible', 'a Linux peer is made without VRFs', {
      suggestion: 'leave out --vrf and --front-vrf',
    });
  const wide = peerLink(model, tunnel, choices, report);
  const link = wide === undefined ? undefined : narrow(wide, 'swanctl', report);
  const files = link === undefined ? undefined : linuxEnd(link, esp, 'plain', report);
  const masked = link === undefined ? undefined : linuxEnd(link, esp, 'mask', new Report());
  if (link === undefined || files === undefined || masked === undefined || report.faults.length > 0)
    return fail(report.faults);
  return ok({ name: link.own.name, files, masked, notes: report.notes });
}

function makePeer(
  model: DeviceModel,
  dialect: DialectName,
  { tunnel, choices = {} }: Readonly<{ tunnel?: string; choices?: PeerChoices }>,
  report: Report,
): Made | undefined {
  const wide = peerLink(model, tunnel, choices, report);
  const link = wide === undefined ? undefined : narrow(wide, dialect, report);
  if (link === undefined) return undefined;
  const end = dialect === 'asa' ? asaEnd(link, report) : iosxeEnd(link, report);
  if (end === undefined) return undefined;
  const text = printConfiguration(end, { secrets: 'plain' });
  const loaded = loadConfiguration(text, `${link.own.name}.cfg`, dialect);
  for (const one of loaded.diagnostics) {
    // What its own grammar does not take as it stands is a fault of this program, which must not pass silently.
    if (one.severity !== 'note') report.fail('refused-by-grammar', formatDiagnostic(one, printConfiguration(end)));
  }
  const masked = printConfiguration(loaded.model);
  return { name: loaded.model.hostname, text, masked, model: loaded.model, notes: report.notes };
}
