/** The model while lines are being carried out: a draft that rows change, with what must wait until all are read. */
import type { Draft } from './draft.ts';
import { interfaceKind, isPhysical } from './interface-name.ts';
import type { DeviceModel, InterfaceModel, KeptLine, Written } from './model.ts';

export abstract class Assembly {
  readonly device: Draft<DeviceModel>;
  readonly kept: Draft<KeptLine>[] = [];
  /** What can only be done when all lines are read, in their order. */
  readonly #later: (() => void)[] = [];
  readonly #interfaces = new Map<string, Draft<InterfaceModel>>();
  readonly #empty: (hostname: string) => DeviceModel;

  /** `empty` gives the device before any line, `hostname` what it is called then. */
  constructor(empty: (hostname: string) => DeviceModel, hostname: string) {
    this.#empty = empty;
    this.device = empty(hostname) as Draft<DeviceModel>;
  }

  /** Brings lists into the order in which they are printed, so that a printed configuration loads to the same model. */
  abstract order(): void;

  /** Postpones work until all lines are read. */
  later(work: () => void): void {
    this.#later.push(work);
  }

  finish(): void {
    for (const work of this.#later.splice(0)) work();
    this.order();
    if (this.kept.length > 0) this.device.kept = this.kept;
  }

  /** The interface of a hardware name, made on first mention. */
  interface(name: string, written: Draft<Written>): Draft<InterfaceModel> {
    const known = this.#interfaces.get(name);
    if (known !== undefined) return known;
    const kind = interfaceKind(name);
    const made: Draft<InterfaceModel> = {
      name,
      kind,
      shutdown: isPhysical(name),
      addresses: [],
      unnumbered: {},
      ipv6Enabled: false,
      vrf: '',
      ...(kind === 'tunnel' || kind === 'virtual-template' ? { tunnel: {} } : {}),
      written,
    };
    this.#interfaces.set(name, made);
    this.device.interfaces.push(made);
    return made;
  }

  removeInterface(name: string): void {
    this.#interfaces.delete(name);
    this.device.interfaces = this.device.interfaces.filter((one) => one.name !== name);
  }

  clearInterfaces(): void {
    this.#interfaces.clear();
    this.device.interfaces = [];
  }

  /** Forgets everything but the name. */
  clear(): void {
    const fresh = this.#empty(this.device.hostname) as Draft<DeviceModel>;
    for (const name of Object.keys(this.device)) if (!(name in fresh)) Reflect.deleteProperty(this.device, name);
    Object.assign(this.device, fresh);
    this.#interfaces.clear();
    this.#later.length = 0;
    this.kept.length = 0;
  }
}
