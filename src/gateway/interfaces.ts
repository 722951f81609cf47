/**
 * The interfaces of one gateway: which are up, what the plane must know of each, and the routes that come with them.
 * A tunnel is up while a child SA serves it; a clone of a virtual template lives with its IKE session.
 */
import type { Family, Instant, IpAddress } from '../base/index.ts';
import type { InterfaceModel, IpsecProfileModel } from '../config/index.ts';
import { type EspShape, tunnelMtu } from '../esp/index.ts';
import { type ChildSa, vrfOf } from '../ike/index.ts';
import type { InterfaceAddress, PlaneCommand, PlaneGre, PlaneInterface, SecurityPolicy } from '../plane/contract.ts';
import { interfaceRoutes, type Rib } from '../routing/index.ts';
import type { Tunnel } from '../tunnel/index.ts';
import { filtersOf } from './filters.ts';
import type { GreStanding } from './gre.ts';
import { greOverhead } from './gre-plan.ts';
import { frontVrfOf } from './ike-config-iosxe.ts';
import type { ModelIndex } from './model-index.ts';
import { transitPolicyOf } from './transit.ts';

/** One interface as it stands. */
export type InterfaceState = {
  readonly name: string;
  readonly kind: 'ethernet' | 'loopback' | 'tunnel' | 'virtual-access';
  /** Its configuration; a clone's is the template's. */
  model: InterfaceModel;
  alias: string | undefined;
  carrier: boolean;
  up: boolean;
  mtu: number;
  addresses: readonly InterfaceAddress[];
  since: Instant;
  /** As last told to the plane. */
  plane: PlaneInterface | undefined;
};

/** What the interfaces need from the gateway around them. */
export type InterfaceSurroundings = Readonly<{
  rib: (vrf: string) => Rib;
  command: (command: PlaneCommand) => void;
  changed: (state: InterfaceState, up: boolean) => void;
  /** How a tunnel stands that is GRE. */
  gre: (name: string) => GreStanding | undefined;
}>;

const DEFAULT_MTU = 1500;

export class Interfaces {
  readonly #around: InterfaceSurroundings;
  readonly #states = new Map<string, InterfaceState>();
  /** Carrier of physical interfaces, kept across configurations. */
  readonly #carriers = new Set<string>();
  #index: ModelIndex;
  /** As last told to the plane. */
  #security: SecurityPolicy | undefined;
  #filters = '[]';
  #transit: string | undefined;

  constructor(around: InterfaceSurroundings, index: ModelIndex) {
    this.#around = around;
    this.#index = index;
  }

  get(name: string): InterfaceState | undefined {
    return this.#states.get(name);
  }

  all(): Iterable<InterfaceState> {
    return this.#states.values();
  }

  /** Brings the interfaces to a new model: removes what is gone, changes what differs, leaves the rest alone. */
  configure(index: ModelIndex, tunnelOf: (name: string) => Tunnel | undefined, now: Instant): void {
    this.#index = index;
    this.#tellSecurity();
    this.#tellFilters();
    this.#tellTransit();
    for (const state of [...this.#states.values()]) {
      const name = state.kind === 'virtual-access' ? state.model.name : state.name;
      if (index.interface(name) === undefined) this.remove(state.name, now);
    }
    for (const model of index.model.interfaces) {
      if (model.kind === 'virtual-template') continue;
      const state = this.#states.get(model.name);
      if (state !== undefined) state.model = model;
      else {
        this.#states.set(model.name, {
          name: model.name,
          kind: model.kind,
          model,
          alias: model.alias,
          carrier: model.kind !== 'ethernet' || this.#carriers.has(model.name),
          up: false,
          mtu: DEFAULT_MTU,
          addresses: [],
          since: now,
          plane: undefined,
        });
      }
    }
    // Physical interfaces and loopbacks first: tunnels borrow from them.
    for (const pass of [false, true]) {
      for (const state of [...this.#states.values()]) {
        const isTunnel = state.kind === 'tunnel' || state.kind === 'virtual-access';
        if (isTunnel !== pass) continue;
        if (state.kind !== 'virtual-access') state.alias = state.model.alias;
        this.refresh(state.name, tunnelOf(state.name), now);
      }
    }
  }

  carrier(name: string, up: boolean, now: Instant): void {
    if (up) this.#carriers.add(name);
    else this.#carriers.delete(name);
    const state = this.#states.get(name);
    if (state === undefined || state.kind !== 'ethernet') return;
    state.carrier = up;
    this.refresh(name, undefined, now);
  }

  /** A clone of a virtual template comes to be. */
  clone(tunnel: Tunnel, now: Instant): InterfaceState | undefined {
    const template = tunnel.template === undefined ? undefined : this.#index.interface(tunnel.template);
    if (template === undefined) return undefined;
    const number = tunnel.name.replace(/^\D+/, '');
    const state: InterfaceState = {
      name: tunnel.name,
      kind: 'virtual-access',
      model: template,
      alias: template.alias === undefined ? undefined : `${template.alias}_va${number}`,
      carrier: true,
      up: false,
      mtu: DEFAULT_MTU,
      addresses: [],
      since: now,
      plane: undefined,
    };
    this.#states.set(state.name, state);
    return state;
  }

  /** Works out one interface anew and tells plane and RIB what changed. */
  refresh(name: string, tunnel: Tunnel | undefined, now: Instant): void {
    const state = this.#states.get(name);
    if (state === undefined) return;
    const wasUp = state.up;
    const { model } = state;
    state.addresses = this.#index.addresses(model);
    state.mtu = this.#mtu(state, tunnel?.newest);
    state.up = this.#isUp(state, tunnel);
    if (state.up !== wasUp) state.since = now;
    const plane = this.#planeInterface(state);
    if (!samePlaneInterface(state.plane, plane)) {
      this.#withdrawConnected(state);
      if (state.plane !== undefined && state.plane.vrf !== plane.vrf) {
        this.#around.rib(state.plane.vrf).setInterface(name, { up: false });
      }
      state.plane = plane;
      this.#around.command({ kind: 'set-interface', interface: plane });
      this.#around.rib(plane.vrf).setInterface(name, { up: plane.up });
      if (plane.up) this.#announceConnected(state, now);
    }
    if (state.up !== wasUp) this.#around.changed(state, state.up);
  }

  remove(name: string, _now: Instant): void {
    const state = this.#states.get(name);
    if (state === undefined) return;
    this.#withdrawConnected(state);
    this.#states.delete(name);
    if (state.plane !== undefined) {
      this.#around.rib(state.plane.vrf).setInterface(name, { up: false });
      this.#around.command({ kind: 'remove-interface', name });
    }
    if (state.up) {
      state.up = false;
      this.#around.changed(state, false);
    }
  }

  /** Source address for packets of our own that leave by an interface. */
  sourceAddress(name: string, family: Family): IpAddress | undefined {
    const state = this.#states.get(name);
    const own = state?.addresses.find(({ address }) => address.family === family && !address.isLinkLocal);
    return own?.address ?? state?.addresses.find(({ address }) => address.family === family)?.address;
  }

  #isUp({ name, kind, model, carrier, addresses }: InterfaceState, tunnel: Tunnel | undefined): boolean {
    if (model.shutdown) return false;
    if (this.#index.model.dialect === 'asa' && model.alias === undefined) return false;
    const gre = this.#around.gre(name);
    if (gre !== undefined) return gre.lack === undefined;
    if (kind === 'tunnel' || kind === 'virtual-access') return (tunnel?.spis.size ?? 0) > 0;
    return carrier && (addresses.length > 0 || model.ipv6Enabled);
  }

  /** A tunnel's is what its source interface leaves: on an ASA after the worst-case overhead, on a router exactly. */
  #mtu({ name, kind, model }: InterfaceState, sa: ChildSa | undefined): number {
    if (model.mtu !== undefined) return model.mtu;
    if (kind !== 'tunnel' && kind !== 'virtual-access') return DEFAULT_MTU;
    const source = this.#underlay(model, sa);
    const gre = this.#around.gre(name);
    const outer = gre?.outerMtu ?? source?.mtu ?? DEFAULT_MTU;
    const around = gre === undefined ? 0 : greOverhead(gre.tunnel.plane);
    if (sa === undefined) return outer - around;
    const { encr, integ, udpEncapsulation } = sa;
    const shape: EspShape = { encr, integ, outerFamily: sa.path.local.address.family, udpEncapsulation };
    const rule = this.#index.model.dialect === 'asa' ? 'worst-case' : 'exact';
    return tunnelMtu(outer, shape, sa.mode, rule) - around;
  }

  /** The interface that outer packets leave from: the configured source, or the owner of the SA's local address. */
  #underlay(model: InterfaceModel, sa: ChildSa | undefined): InterfaceState | undefined {
    const configured = model.tunnel?.sourceInterface;
    const named = configured === undefined ? undefined : this.#index.interface(configured);
    if (named !== undefined) return this.#states.get(named.name);
    if (sa === undefined) return undefined;
    for (const state of this.#states.values()) {
      if (state.kind !== 'ethernet' || state.model.vrf !== vrfOf(sa.path)) continue;
      if (state.addresses.some(({ address }) => address.equals(sa.path.local.address))) return state;
    }
    return undefined;
  }

  #planeInterface(state: InterfaceState): PlaneInterface {
    const { name, kind, model, up, mtu, addresses } = state;
    const clampMss = model.clampMss ?? this.#index.model.clampMss;
    const common = { name, vrf: model.vrf, up, mtu, addresses, clampMss, ...this.#securityLevel(model) };
    if (kind !== 'tunnel' && kind !== 'virtual-access') return { ...common, kind };
    const underlay = this.#underlay(model, undefined);
    const isAsa = this.#index.model.dialect === 'asa';
    const gre = this.#around.gre(name);
    const device = this.#index.model;
    return {
      ...common,
      kind: 'tunnel',
      tunnel: {
        frontVrf: isAsa ? (underlay?.model.vrf ?? model.vrf) : frontVrfOf(model),
        df: this.#profileOf(model)?.df ?? model.df ?? underlay?.model.df ?? device.df ?? 'copy',
        fragmentation: model.fragmentation ?? underlay?.model.fragmentation ?? device.fragmentation ?? 'before',
        ...(device.pathMtuAgeMs === undefined ? {} : { pathMtuAgeMs: device.pathMtuAgeMs }),
        ...(underlay === undefined ? {} : { underlay: underlay.name }),
        ...(gre === undefined ? {} : { gre: gre.tunnel.plane }),
      },
      ...(kind === 'virtual-access' ? { template: model.name } : {}),
    };
  }

  #profileOf({ tunnel }: InterfaceModel): IpsecProfileModel | undefined {
    return tunnel?.profile === undefined ? undefined : this.#index.profile(tunnel.profile);
  }

  #tellSecurity(): void {
    const { sameSecurityPermit, decryptedObeysLevels = false } = this.#index.model;
    const { interInterface, intraInterface } = sameSecurityPermit;
    const old = this.#security;
    const isSame =
      interInterface === old?.interInterface &&
      intraInterface === old.intraInterface &&
      decryptedObeysLevels === old.decryptedObeysLevels;
    if (isSame) return;
    this.#security = { interInterface, intraInterface, decryptedObeysLevels };
    this.#around.command({ kind: 'set-security-policy', policy: this.#security });
  }

  #tellTransit(): void {
    const policy = transitPolicyOf(this.#index.model);
    const told = policy && textOf(policy);
    if (told === this.#transit) return;
    this.#transit = told;
    this.#around.command({ kind: 'set-transit-policy', policy });
  }

  #tellFilters(): void {
    const filters = filtersOf(this.#index.model);
    const told = textOf(filters);
    if (told === this.#filters) return;
    this.#filters = told;
    this.#around.command({ kind: 'set-filters', filters });
  }

  /** A tunnel's is 0 and can not be anything else; loopbacks have nobody behind them, other dialects no levels. */
  #securityLevel({ kind, securityLevel }: InterfaceModel): Pick<PlaneInterface, 'securityLevel'> {
    if (this.#index.model.dialect !== 'asa' || kind === 'loopback') return {};
    return { securityLevel: kind === 'ethernet' ? (securityLevel ?? 0) : 0 };
  }

  #announceConnected({ name, addresses, model }: InterfaceState, now: Instant): void {
    const rib = this.#around.rib(model.vrf);
    for (const { address, length } of addresses) {
      // The routes of a borrowed address are its lender's.
      if (!model.addresses.some((own) => own.address.equals(address))) continue;
      for (const route of interfaceRoutes(name, address, length)) rib.add(route, now);
    }
  }

  #withdrawConnected({ name, plane }: InterfaceState): void {
    if (plane === undefined) return;
    const rib = this.#around.rib(plane.vrf);
    rib.removeAll('connected', name);
    rib.removeAll('local', name);
  }
}

function samePlaneInterface(a: PlaneInterface | undefined, b: PlaneInterface): boolean {
  if (a === undefined) return false;
  return (
    a.up === b.up &&
    a.mtu === b.mtu &&
    a.vrf === b.vrf &&
    a.clampMss === b.clampMss &&
    a.securityLevel === b.securityLevel &&
    a.addresses.length === b.addresses.length &&
    a.addresses.every((one, i) => {
      const other = b.addresses[i];
      return other !== undefined && one.length === other.length && one.address.equals(other.address);
    }) &&
    a.tunnel?.df === b.tunnel?.df &&
    a.tunnel?.fragmentation === b.tunnel?.fragmentation &&
    a.tunnel?.frontVrf === b.tunnel?.frontVrf &&
    a.tunnel?.underlay === b.tunnel?.underlay &&
    a.tunnel?.pathMtuAgeMs === b.tunnel?.pathMtuAgeMs &&
    sameGre(a.tunnel?.gre, b.tunnel?.gre)
  );
}

function sameGre(a: PlaneGre | undefined, b: PlaneGre | undefined): boolean {
  if (a === b) return true;
  if (a === undefined || b === undefined) return false;
  const [ageA, ageB] = [a.pathMtuDiscovery, b.pathMtuDiscovery];
  return (
    a.source.equals(b.source) &&
    a.destination.equals(b.destination) &&
    a.key === b.key &&
    a.checksum === b.checksum &&
    a.sequence === b.sequence &&
    a.ttl === b.ttl &&
    a.tos === b.tos &&
    a.isProtected === b.isProtected &&
    ageA?.maxAgeMs === ageB?.maxAgeMs &&
    ageA?.leastMtu === ageB?.leastMtu
  );
}

/** To compare what a plane is told with what it was told. */
function textOf(told: unknown): string {
  return JSON.stringify(told, (key, value) => (key === 'source' || key === 'destination' ? String(value) : value));
}
