/**
 * Which interface of the kernel each configured ethernet interface is: as the host file says, else the one that has its
 * address, else the one of the same name.
 */
import type { IpAddress } from '../base/index.ts';
import type { DeviceModel, InterfaceModel } from '../config/model.ts';
import { bdiOf } from './devices.ts';
import type { HostSettings } from './settings.ts';
import type { SystemFault, SystemLink } from './system.ts';

export type LinkMatches = Readonly<{
  /** Kernel name by hardware name. */
  links: ReadonlyMap<string, string>;
  faults: readonly SystemFault[];
}>;

export type LinkAddress = SystemLink['addresses'][number];

/**
 * `links` are the kernel's, without devices of our own; `vrfOf` tells the VRF that one is in already, as far as it is one
 * of the configuration's, and `before` how they were matched until now.
 */
export function matchLinks(
  model: DeviceModel,
  { interfaces: named, addresses: mode }: Pick<HostSettings, 'interfaces' | 'addresses'>,
  links: readonly SystemLink[],
  vrfOf: (link: SystemLink) => string = () => '',
  before: ReadonlyMap<string, string> = new Map(),
): LinkMatches {
  const matches = new Map<string, string>();
  const faults: SystemFault[] = [];
  for (const one of model.interfaces) {
    if (!isWanted(one, model)) continue;
    const told = named.get(one.name) ?? (one.alias === undefined ? undefined : named.get(one.alias));
    const link =
      told === undefined ? guess(one, links, vrfOf, matches, before) : links.find(({ name }) => name === told);
    if (link === undefined) {
      faults.push(unmatched(one, told));
      continue;
    }
    const other = [...matches].find(([, name]) => name === link.name)?.[0];
    if (other !== undefined) {
      faults.push(twice(one, other, link.name));
      continue;
    }
    matches.set(one.name, link.name);
    const missing = missingAddresses(one, link);
    if (mode === 'match' && missing.length > 0) faults.push(addressMissing(one, link.name, missing));
  }
  return { links: matches, faults };
}

/** Configured addresses that the kernel's interface has not. */
export function missingAddresses({ addresses }: InterfaceModel, link: SystemLink): readonly LinkAddress[] {
  return addresses.filter(({ address }) => !hasAddress(link, address));
}

export function hasAddress(link: SystemLink, address: IpAddress): boolean {
  return link.addresses.some((own) => own.address.equals(address));
}

/** An interface that is shut down, or has neither name nor address, carries nothing; a BDI may stand for a VNI. */
function isWanted(one: InterfaceModel, model: DeviceModel): boolean {
  const { kind, shutdown, addresses, ipv6Enabled, alias } = one;
  const { dialect, nve } = model;
  if (nve?.members.some(({ vni }) => bdiOf(model, vni) === one) === true) return false;
  if (kind !== 'ethernet' || shutdown) return false;
  if (dialect === 'asa' && alias === undefined) return false;
  return addresses.length > 0 || ipv6Enabled;
}

/** Where VRFs have the same address each: as it was, or the link that is in the right one, or one that nobody has yet. */
function guess(
  one: InterfaceModel,
  links: readonly SystemLink[],
  vrfOf: (link: SystemLink) => string,
  matches: ReadonlyMap<string, string>,
  before: ReadonlyMap<string, string>,
): SystemLink | undefined {
  const having = links.filter((link) => one.addresses.some(({ address }) => hasAddress(link, address)));
  const known = having.find((link) => link.name === before.get(one.name));
  const placed = known ?? having.find((link) => vrfOf(link) === one.vrf);
  const taken = new Set(matches.values());
  const byAddress = placed ?? having.find((link) => link.master === undefined && !taken.has(link.name)) ?? having[0];
  return byAddress ?? links.find(({ name }) => name === one.name || name === one.alias);
}

function unmatched(one: InterfaceModel, told: string | undefined): SystemFault {
  const wanted = one.addresses.map(({ address, length }) => `${address}/${length}`).join(' and ');
  if (told !== undefined) {
    const text = `${called(one)} is to be ${told}, and this machine has no interface of that name.`;
    return { call: 'match', code: 'no-such-link', text, remedy: '`ip link` lists what there is' };
  }
  const text = `No interface of this machine is ${called(one)}: none has ${wanted === '' ? 'its name' : wanted}.`;
  const name = one.alias ?? one.name;
  const remedy = `say which one it is in wheelwright.yaml, as in 'interfaces: {${name}: eth0}'`;
  return { call: 'match', code: 'no-link', text, remedy };
}

function twice(one: InterfaceModel, other: string, link: string): SystemFault {
  const text = `${link} can not be both ${other} and ${called(one)}.`;
  const remedy = "give each interface one of the machine's own under 'interfaces' of wheelwright.yaml";
  return { call: 'match', code: 'link-taken', text, remedy };
}

function addressMissing(one: InterfaceModel, link: string, missing: readonly LinkAddress[]): SystemFault {
  const list = missing.map(({ address, length }) => `${address}/${length}`);
  const text = `${called(one)} has ${list.join(' and ')}, which ${link} has not.`;
  const commands = list.map((address) => `ip address add ${address} dev ${link}`).join('; ');
  return {
    call: 'match',
    code: 'no-address',
    text,
    remedy: `'${commands}', or 'addresses: apply' in wheelwright.yaml`,
  };
}

/** The interface with its place in the configuration. */
export function called({ name, alias, written }: InterfaceModel): string {
  const { file, line } = written.start;
  return `${name}${alias === undefined ? '' : ` "${alias}"`} (${file}:${line})`;
}
