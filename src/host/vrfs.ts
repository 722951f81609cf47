/**
 * VRFs of a configuration as VRF devices of the kernel: those that are there are used, the others are made. An interface
 * in a VRF is a part of its device, so that addresses, neighbours and routes of one VRF never meet those of another.
 */
import { fail, IpAddress, ok, Prefix, type Result } from '../base/index.ts';
import type { DeviceModel } from '../config/model.ts';
import type { ModelIndex } from '../gateway/index.ts';
import type { HostSettings, VrfSetting } from './settings.ts';
import type { System, SystemFault, SystemLink, SystemRoute } from './system.ts';

/** A VRF and the device that stands for it; `made`: by us, or by an earlier run that could not take it away. */
export type VrfDevice = Readonly<{ vrf: string; device: string; table: number; made: boolean }>;

export type VrfsOptions = Readonly<{
  system: Pick<System, 'openVrf' | 'closeVrf' | 'setVrf'>;
  settings: Pick<HostSettings, 'vrfs' | 'routeTable'>;
}>;

/** Tables that devices are given which nobody wished for; our routes' protocol number makes them easy to tell. */
const FIRST_TABLE = 11_901;
/** The kernel's names have 15 characters. */
const LONGEST_NAME = 15;
/** Behind whatever stands there, and behind the one that the kernel's documentation advises people to add. */
const LAST_METRIC = 4_278_198_273;

export class Vrfs {
  readonly #options: VrfsOptions;
  readonly #devices = new Map<string, VrfDevice>();
  readonly #byName = new Map<string, VrfDevice>();
  /** Interfaces that we put into a device. */
  readonly #moved = new Map<string, string>();

  constructor(options: VrfsOptions) {
    this.#options = options;
  }

  /** By the configuration's name; undefined for the global table and for what is not here. */
  get(vrf: string): VrfDevice | undefined {
    return this.#devices.get(vrf);
  }

  all(): Iterable<VrfDevice> {
    return this.#devices.values();
  }

  /** The VRF that a device stands for; '' where it is none of ours. */
  vrfOf(device: string | undefined): string {
    return device === undefined ? '' : (this.#byName.get(device)?.vrf ?? '');
  }

  /** Finds or makes the devices that a configuration needs; when one can not be, none of the new ones is left. */
  configure(index: ModelIndex, links: readonly SystemLink[]): Result<void, SystemFault> {
    const planned = planVrfs(neededVrfs(index.model), this.#options.settings, links, this.#devices);
    if (!planned.ok) return planned;
    const made: VrfDevice[] = [];
    for (const one of planned.value) {
      if (links.some(({ name }) => name === one.device)) continue;
      const opened = this.#options.system.openVrf(one.device, one.table);
      if (opened.ok) {
        made.push(one);
        continue;
      }
      for (const { device } of made) this.#options.system.closeVrf(device);
      return fail({ ...opened.error, text: `VRF ${one.vrf}: ${opened.error.text}` });
    }
    for (const one of planned.value) {
      this.#devices.set(one.vrf, one);
      this.#byName.set(one.device, one);
    }
    return ok(undefined);
  }

  /** Takes away what no interface needs any more; call it when nothing of ours is in them. */
  prune(index: ModelIndex): readonly SystemFault[] {
    const needed = new Set(neededVrfs(index.model));
    const gone = [...this.#devices.values()].filter(({ vrf }) => !needed.has(vrf));
    return gone.flatMap((one) => this.#remove(one));
  }

  /**
   * Has an interface of the machine in the VRF that it shall be in; says whether it was moved. `master` is what the
   * machine knows of the one that it is a part of.
   */
  place(
    { name, master }: SystemLink,
    masterLink: SystemLink | undefined,
    vrf: string,
    called: string,
  ): Result<boolean, SystemFault> {
    const wanted = this.#devices.get(vrf);
    if (master === wanted?.device) {
      // An earlier run put it there, which could not take it out again.
      if (wanted?.made === true) this.#moved.set(name, wanted.device);
      return ok(false);
    }
    if (master !== undefined && !this.#byName.has(master)) {
      // A port of a bridge, say: as it always was.
      if (wanted === undefined && masterLink?.vrf === undefined) return ok(false);
      const text = `${called} is in ${vrf === '' ? 'no VRF' : `VRF ${vrf}`}, and ${name} is a part of ${master}.`;
      return fail({ call: 'match', code: 'link-taken', text, remedy: `'ip link set ${name} nomaster'` });
    }
    const done = this.#options.system.setVrf(name, wanted?.device);
    if (!done.ok) return done;
    if (wanted === undefined) this.#moved.delete(name);
    else this.#moved.set(name, wanted.device);
    return ok(true);
  }

  /** Takes out what we put in and nobody wants there any more. */
  release(isWanted: (link: string) => boolean): readonly SystemFault[] {
    const faults: SystemFault[] = [];
    for (const link of [...this.#moved.keys()]) {
      if (isWanted(link)) continue;
      this.#moved.delete(link);
      const done = this.#options.system.setVrf(link, undefined);
      if (!done.ok && done.error.code !== 'ENODEV') faults.push(done.error);
    }
    return faults;
  }

  /** Deletes the devices of an earlier run that nothing needs. */
  sweep(links: readonly SystemLink[]): readonly SystemFault[] {
    return links.flatMap(({ name, vrf }) => {
      if (vrf?.ours !== true || this.#byName.has(name)) return [];
      const done = this.#options.system.closeVrf(name);
      return done.ok ? [] : [done.error];
    });
  }

  /** A device went away by another hand: it is made anew with the next `configure`. */
  forget(device: string): boolean {
    const known = this.#byName.get(device);
    if (known === undefined) return false;
    this.#byName.delete(device);
    this.#devices.set(known.vrf, { ...known, made: true });
    for (const [link, master] of [...this.#moved]) if (master === device) this.#moved.delete(link);
    return true;
  }

  /**
   * One route for each device and family that ends the search: without it the kernel would go on in the main table, and
   * so from one VRF into the global one.
   */
  lastRoutes(): readonly SystemRoute[] {
    return [...this.#devices.values()].flatMap(({ table }) =>
      ([4, 6] as const).map((family) => ({
        prefix: new Prefix(IpAddress.any(family), 0),
        table,
        metric: LAST_METRIC,
        nextHops: [],
        unreachable: true,
      })),
    );
  }

  /** Interfaces out of the devices, and those that we made away. */
  end(): readonly SystemFault[] {
    return [...this.#devices.values()].flatMap((one) => this.#remove(one));
  }

  #remove(one: VrfDevice): readonly SystemFault[] {
    const { system } = this.#options;
    const faults: SystemFault[] = [];
    const note = (result: Result<void, SystemFault>): void => {
      // An interface that is gone is in no VRF either.
      if (!result.ok && result.error.code !== 'ENODEV') faults.push(result.error);
    };
    for (const [link, device] of [...this.#moved]) {
      if (device !== one.device) continue;
      this.#moved.delete(link);
      note(system.setVrf(link, undefined));
    }
    if (one.made) note(system.closeVrf(one.device));
    this.#devices.delete(one.vrf);
    this.#byName.delete(one.device);
    return faults;
  }
}

/** VRFs that an interface which is not shut down is in, or a tunnel's outside, or a tenant of the overlay. */
export function neededVrfs({ interfaces, nve }: DeviceModel): readonly string[] {
  const needed = new Set<string>();
  for (const { shutdown, vrf, tunnel } of interfaces) {
    if (shutdown) continue;
    needed.add(vrf);
    if (tunnel?.frontVrf !== undefined) needed.add(tunnel.frontVrf);
  }
  if (nve?.shutdown === false) for (const { vrf } of nve.members) needed.add(vrf);
  needed.delete('');
  return [...needed];
}

/** Which device stands for each VRF: the one that the host file names, one of its name, or a new one. */
export function planVrfs(
  vrfs: readonly string[],
  { vrfs: settings, routeTable }: VrfsOptions['settings'],
  links: readonly SystemLink[],
  known: ReadonlyMap<string, VrfDevice> = new Map(),
): Result<readonly VrfDevice[], SystemFault> {
  const planned: VrfDevice[] = [];
  const tables = new Set([routeTable, ...links.flatMap(({ vrf }) => (vrf === undefined ? [] : [vrf.table]))]);
  for (const { table } of settings.values()) if (table !== undefined) tables.add(table);
  for (const { table } of known.values()) tables.add(table);
  const freeTable = (): number => {
    let table = FIRST_TABLE;
    while (tables.has(table)) table++;
    tables.add(table);
    return table;
  };
  for (const vrf of vrfs) {
    const setting: VrfSetting = settings.get(vrf) ?? {};
    const before = known.get(vrf);
    const taken = (name: string): boolean => planned.some(({ device }) => device === name);
    const own = [setting.device, before?.device, vrf, `vrf-${vrf}`].find(
      (name) =>
        name !== undefined && !taken(name) && links.some((link) => link.name === name && link.vrf !== undefined),
    );
    const named = setting.device === undefined ? undefined : links.find(({ name }) => name === setting.device);
    if (named !== undefined && named.vrf === undefined) {
      const text = `VRF ${vrf} is to be the device ${named.name}, which is no VRF device.`;
      return fail({
        call: 'match',
        code: 'no-vrf',
        text,
        remedy: `give another name under 'vrfs' of wheelwright.yaml`,
      });
    }
    const there = links.find(({ name }) => name === (setting.device ?? own));
    if (there?.vrf === undefined) {
      const device = setting.device ?? before?.device ?? freeName(vrf, (name) => taken(name) || isLink(links, name));
      planned.push({ vrf, device, table: setting.table ?? before?.table ?? freeTable(), made: true });
      continue;
    }
    const { table, ours } = there.vrf;
    if (setting.table !== undefined && setting.table !== table) {
      const text = `VRF ${vrf} is to have table ${setting.table}, and the device ${there.name} has ${table}.`;
      return fail({ call: 'match', code: 'other-table', text, remedy: `'vrfs: {${vrf}: {device: ${there.name}}}'` });
    }
    planned.push({ vrf, device: there.name, table, made: ours });
  }
  return ok(planned);
}

function isLink(links: readonly SystemLink[], name: string): boolean {
  return links.some((link) => link.name === name);
}

/** A name of the kernel's length that nobody has. */
function freeName(vrf: string, isTaken: (name: string) => boolean): string {
  const plain = `vrf-${vrf.replaceAll(/[^\w.-]/g, '_')}`.slice(0, LONGEST_NAME);
  for (let i = 2, name = plain; ; i++) {
    if (!isTaken(name)) return name;
    const end = `-${i}`;
    name = `${plain.slice(0, LONGEST_NAME - end.length)}${end}`;
  }
}
