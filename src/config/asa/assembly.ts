/** The model while it is being put together: a draft that rows change, with what they may ask and report. */
import type { IpAddress, Prefix, SecretKey } from '../../base/index.ts';
import { interfaceKind, isPhysical } from '../interface-name.ts';
import type {
  BgpNeighborModel,
  DeviceModel,
  Diagnostic,
  InterfaceModel,
  KeptLine,
  Position,
  Written,
} from '../model.ts';
import { emptyAsaModel } from './defaults.ts';
import { Objects } from './objects.ts';

/** A model type with everything in it writable. */
export type Draft<T> = T extends IpAddress | Prefix | SecretKey | string | number | boolean | undefined
  ? T
  : T extends readonly (infer E)[]
    ? Draft<E>[]
    : { -readonly [K in keyof T]: Draft<T[K]> };

type Remark = Readonly<{ expected?: string; suggestion?: string; param?: string }>;

/** Where the line at hand stands, and how to speak about it. */
export class Place {
  readonly position: Position;
  readonly #columns: ReadonlyMap<string, number>;
  readonly #report: (diagnostic: Diagnostic) => void;
  /** The line with full keywords and masked secrets. */
  readonly canonical: string;
  /** An error was reported: the line is not used. */
  failed = false;

  constructor(
    position: Position,
    canonical: string,
    columns: ReadonlyMap<string, number>,
    report: (diagnostic: Diagnostic) => void,
  ) {
    this.canonical = canonical;
    this.position = position;
    this.#columns = columns;
    this.#report = report;
  }

  /** Position of a parameter's first word; of the line when it has none. */
  at(param: string | undefined): Position {
    const column = this.#columns.get(param ?? '');
    return column === undefined ? this.position : { ...this.position, column };
  }

  /** Reports an error; the caller returns without changing anything. */
  error(code: string, message: string, remark: Remark = {}): undefined {
    this.failed = true;
    this.#speak('error', code, message, remark);
    return undefined;
  }

  warn(code: string, message: string, remark: Remark = {}): void {
    this.#speak('warning', code, message, remark);
  }

  /** A `Written` that begins here. */
  written(): Draft<Written> {
    return { start: this.position, attributes: {} };
  }

  #speak(severity: Diagnostic['severity'], code: string, message: string, remark: Remark): void {
    const { param, ...rest } = remark;
    this.#report({ severity, position: this.at(param), code, message, ...rest });
  }
}

export class Assembly {
  readonly device: Draft<DeviceModel>;
  readonly objects = new Objects();
  readonly kept: Draft<KeptLine>[] = [];
  /** What can only be done when all lines are read, in their order. */
  readonly #later: (() => void)[] = [];
  readonly #interfaces = new Map<string, Draft<InterfaceModel>>();

  constructor() {
    this.device = emptyAsaModel('ciscoasa') as Draft<DeviceModel>;
  }

  /** Postpones work until all lines are read. */
  later(work: () => void): void {
    this.#later.push(work);
  }

  finish(): void {
    for (const work of this.#later.splice(0)) work();
    this.#order();
    if (this.kept.length > 0) this.device.kept = this.kept;
  }

  /** Lists in the order in which they are printed, so that a printed configuration loads to the same model. */
  #order(): void {
    const { device } = this;
    device.prefixLists.sort((a, b) => a.family - b.family);
    const rank = (one: (typeof device.staticRoutes)[number]): number =>
      one.prefix.family === 6 ? 2 : one.interface === 'Null0' ? 1 : 0;
    device.staticRoutes.sort((a, b) => rank(a) - rank(b));
    const home = (one: Draft<BgpNeighborModel>): number => (one.families[4] === undefined ? 1 : 0);
    device.bgp?.neighbors.sort((a, b) => home(a) - home(b));
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

  /** Forgets everything (`clear configure all`). */
  clear(): void {
    Object.assign(this.device, emptyAsaModel(this.device.hostname));
    for (const name of ['bgp', 'decryptedObeysLevels', 'kept'] as const) delete this.device[name];
    this.#interfaces.clear();
    this.#later.length = 0;
    this.kept.length = 0;
    this.objects.clear();
  }

  clearInterfaces(): void {
    this.#interfaces.clear();
    this.device.interfaces = [];
  }

  byAlias(alias: string): Draft<InterfaceModel> | undefined {
    return this.device.interfaces.find((one) => one.alias === alias);
  }

  /** Does it to the interface of this alias, now or when all lines are read. */
  withInterface(alias: string, place: Place, work: (target: Draft<InterfaceModel>) => void): void {
    const now = this.byAlias(alias);
    if (now !== undefined) {
      work(now);
      return;
    }
    this.later(() => {
      const found = this.byAlias(alias);
      if (found !== undefined) work(found);
      else place.warn('undefined-interface', `no interface has the nameif \`${alias}\``, { param: 'interface' });
    });
  }
}
