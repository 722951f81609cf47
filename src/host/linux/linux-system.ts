/** The operating system of a gateway on Linux: netlink for tables, a thread that reads, sockets that send. */
import process, { pid } from 'node:process';
import { concat, type Family, fail, type IpAddress, ok, type Result } from '../../base/index.ts';
import { VNET_HEADER } from '../../plane/index.ts';
import type {
  FastAccess,
  OpenSystem,
  System,
  SystemEvent,
  SystemFault,
  SystemLink,
  SystemOptions,
  SystemRoute,
} from '../system.ts';
import { Errno, errnoName, systemFault } from './errno.ts';
import { type FastSetting, fastSetting } from './fast-setting.ts';
import { KernelTables } from './kernel-tables.ts';
import { type Libc, openLibc } from './libc.ts';
import { LinkTable } from './link-table.ts';
import { openIcmp, openListener } from './listener.ts';
import { openMonitor } from './netlink/client.ts';
import { decodeMessages } from './netlink/message.ts';
import { OuterSender, type SendOutcome } from './outer-sender.ts';
import { Reader } from './reader.ts';
import type { Descriptor } from './reader-protocol.ts';
import { LinuxTcp } from './tcp.ts';
import { makeTun } from './tun.ts';

type Listeners = Parameters<OpenSystem>[0];
type Interface = Readonly<{ address: IpAddress; length: number }>;

/** What an id of the reader stands for. */
type Source = Readonly<{ kind: 'outer'; vrf: string } | { kind: 'monitor' } | { kind: 'tun'; name: string }>;
type Tun = Readonly<{ id: number; fd: number }>;

/** Sockets of all addresses of a VRF, by its device: to send by each family, and to hear ICMP. */
type VrfSockets = Readonly<{ senders: ReadonlyMap<Family, OuterSender>; icmp: readonly number[] }>;

/** Of what is in no VRF device. */
const NO_VRF = '';

/** Packets that the kernel may keep for us in a device, before it drops. */
const TUN_QUEUE = 1000;

/** Before a packet that is what it is. */
const NO_VNET = new Uint8Array(VNET_HEADER);

/** Systems that this process has opened. */
let systemsOpened = 0;

export class LinuxSystem implements System {
  readonly #tcps = new Map<string, LinuxTcp>();
  readonly #libc: Libc;
  readonly #listeners: Listeners;
  readonly #tables: KernelTables;
  readonly #linkTable = new LinkTable();
  readonly #reader: Reader;
  readonly #vrfs = new Map<string, VrfSockets>();
  readonly #sources = new Map<number, Source>();
  /** Reader ids of each address listened on, by VRF device and address. */
  readonly #listened = new Map<string, readonly number[]>();
  readonly #tuns = new Map<string, Tun>();
  /** Addresses that were not there before us, by link and text. */
  readonly #added = new Map<string, Readonly<{ link: string; address: IpAddress; length: number }>>();
  readonly #fast: FastSetting | undefined;
  readonly #counts = new Map<string, number>();
  /** Of our devices, and of nobody else's: they are deleted together, which one after the other takes 25 ms each. */
  readonly #group = 0x7700_0000 | ((pid << 2) & 0xff_fffc) | (systemsOpened++ & 3);
  #isClosed = false;

  private constructor(
    libc: Libc,
    tables: KernelTables,
    reader: Reader,
    listeners: Listeners,
    fast: FastSetting | undefined,
  ) {
    this.#libc = libc;
    this.#tables = tables;
    this.#reader = reader;
    this.#listeners = listeners;
    this.#fast = fast;
  }

  /** Opens what every gateway needs; nothing is left open when something of it fails. */
  static open(listeners: Listeners, options: SystemOptions = {}): Result<LinuxSystem, SystemFault> {
    const libc = openLibc();
    if (!libc.ok) return libc;
    const tables = KernelTables.open(libc.value);
    if (!tables.ok) return tables;
    const fast = options.fast === undefined ? undefined : fastSetting(libc.value);
    let system: LinuxSystem | undefined;
    const reader = Reader.open(
      libc.value,
      {
        packets: (walk) => {
          if (system !== undefined) system.#deliver(walk);
        },
        gone: (id, errno) => {
          if (system !== undefined) system.#gone(id, errno);
        },
        cookies: (challenges, refused, lost) => {
          if (system !== undefined) system.#event({ kind: 'cookies-answered', challenges, refused, lost });
        },
        failed: (fault) => {
          if (system !== undefined) system.#failed(fault);
        },
      },
      fast &&
        options.fast && { memory: fast.memory, takesUdp: fast.takesUdp, clockOffset: clockOffset(options.fast.now) },
    );
    if (!reader.ok) {
      tables.value.close();
      return reader;
    }
    system = new LinuxSystem(libc.value, tables.value, reader.value, listeners, fast);
    const started = system.#start();
    if (started.ok) return ok(system);
    system.close();
    return started;
  }

  links(): readonly SystemLink[] {
    const links = this.#tables.links();
    if (links.ok) return links.value;
    this.#failed(links.error);
    return this.#linkTable.links();
  }

  listen(address: IpAddress, vrf = NO_VRF): Result<void, SystemFault> {
    const key = `${vrf} ${address}`;
    if (this.#listened.has(key)) return ok(undefined);
    const sockets = this.#socketsOf(vrf);
    if (!sockets.ok) return sockets;
    const isOurs = (): boolean => this.#linkOf(address) !== 0;
    const scope = address.isLinkLocal ? this.#linkOf(address) : 0;
    const how = { isFast: this.#fast !== undefined, ...(vrf === NO_VRF ? {} : { vrf }) };
    const opened = openListener(this.#libc, address, scope, isOurs, how);
    if (!opened.ok) return opened;
    this.#listened.set(key, this.#read(opened.value, { kind: 'outer', vrf }));
    return ok(undefined);
  }

  unlisten(address: IpAddress, vrf = NO_VRF): void {
    const key = `${vrf} ${address}`;
    const ids = this.#listened.get(key);
    if (ids === undefined) return;
    this.#listened.delete(key);
    this.#forget(ids);
  }

  sendOuter(packet: Uint8Array, vrf = NO_VRF): void {
    const version = (packet[0] ?? 0) >> 4;
    const senders = this.#vrfs.get(vrf)?.senders;
    const sender = version === 4 || version === 6 ? senders?.get(version) : undefined;
    const outcome: SendOutcome = sender?.send(packet) ?? 'outer-unreachable';
    this.#count(outcome);
  }

  demandCookies(secrets: Parameters<NonNullable<System['demandCookies']>>[0]): void {
    this.#reader.demandCookies(secrets);
  }

  openTun(name: string, mtu: number): Result<void, SystemFault> {
    const made = makeTun(this.#libc, name, this.#fast?.offloads);
    if (!made.ok) return made;
    const fd = made.value;
    // Without link-local addresses nothing is sent into the device but what is routed there. A kernel without IPv6
    // refuses that, and makes none either.
    this.#tables.changeLink(name, { noLinkLocal: true });
    const up = this.#tables.changeLink(name, { mtu, queueLength: TUN_QUEUE, group: this.#group, up: true });
    const index = up.ok ? this.#tables.indexOf(name) : undefined;
    if (!up.ok || index === undefined) {
      this.#libc.close(fd);
      return up.ok ? fail(systemFault('netlink', Errno.ENODEV, `find the device ${name}`)) : up;
    }
    const [id = 0] = this.#read([{ fd, kind: 'tun', link: index, hasOffloads: this.#fast !== undefined }], {
      kind: 'tun',
      name,
    });
    this.#tuns.set(name, { id, fd });
    // Flows go into devices by their ids.
    this.#fast?.memory.forgetFlows();
    return ok(undefined);
  }

  openVrf(name: string, table: number): Result<void, SystemFault> {
    return this.#tables.makeVrf(name, table);
  }

  closeVrf(name: string): Result<void, SystemFault> {
    // A socket is of the device that is there, not of its name.
    const sockets = this.#vrfs.get(name);
    this.#vrfs.delete(name);
    for (const sender of sockets?.senders.values() ?? []) sender.close();
    this.#forget(sockets?.icmp ?? []);
    this.#tcps.get(name)?.shutdown();
    this.#tcps.delete(name);
    return this.#tables.deleteLink(name);
  }

  setVrf(link: string, vrf: string | undefined): Result<void, SystemFault> {
    return this.#tables.setMaster(link, vrf);
  }

  setTun(name: string, mtu: number, addresses: readonly Interface[]): Result<void, SystemFault> {
    if (!this.#tuns.has(name)) return fail(systemFault('netlink', Errno.ENODEV, `set up the device ${name}`));
    const now = this.#tables.link(name);
    if (now === undefined || now.mtu !== mtu || !now.up) {
      const changed = this.#tables.changeLink(name, { mtu, up: true });
      if (!changed.ok) return changed;
    }
    const has = (list: readonly Interface[], one: Interface): boolean =>
      list.some(({ address, length }) => length === one.length && address.equals(one.address));
    for (const one of now?.addresses ?? []) {
      if (has(addresses, one)) continue;
      const removed = this.#tables.removeAddress(name, one.address, one.length);
      if (!removed.ok) return removed;
    }
    for (const one of addresses) {
      if (now !== undefined && has(now.addresses, one)) continue;
      // Nobody is at the other end to have the same one.
      const added = this.#tables.addAddress(name, one.address, one.length, true);
      if (!added.ok) return added;
    }
    return ok(undefined);
  }

  closeTun(name: string): void {
    const tun = this.#tuns.get(name);
    if (tun === undefined) return;
    this.#tuns.delete(name);
    this.#forget([tun.id]);
  }

  sendInner(name: string, packet: Uint8Array): void {
    const tun = this.#tuns.get(name);
    const sent = this.#fast === undefined ? packet : concat(NO_VNET, packet);
    const written = tun === undefined ? -1 : this.#libc.write(tun.fd, sent, sent.length);
    this.#count(written >= 0 ? 'inner-sent' : 'inner-refused');
  }

  get fast(): FastAccess | undefined {
    const fast = this.#fast;
    if (fast === undefined) return undefined;
    return {
      memory: fast.memory,
      order: (order) => this.#reader.orderFast(order),
      deviceOf: (name) => this.#tuns.get(name)?.id,
    };
  }

  routes(): Result<readonly SystemRoute[], SystemFault> {
    return this.#tables.routes();
  }

  setRoute(route: SystemRoute): Result<void, SystemFault> {
    return this.#tables.setRoute(route);
  }

  removeRoute(route: Pick<SystemRoute, 'prefix' | 'table' | 'metric'>): Result<void, SystemFault> {
    return this.#tables.removeRoute(route);
  }

  addAddress(link: string, address: IpAddress, length: number): Result<void, SystemFault> {
    const added = this.#tables.addAddress(link, address, length, false);
    if (!added.ok) return added;
    if (added.value === 'added') this.#added.set(`${link} ${address}/${length}`, { link, address, length });
    return ok(undefined);
  }

  removeAddress(link: string, address: IpAddress, length: number): Result<void, SystemFault> {
    this.#added.delete(`${link} ${address}/${length}`);
    return this.#tables.removeAddress(link, address, length);
  }

  tcp(vrf = NO_VRF): LinuxTcp {
    let tcp = this.#tcps.get(vrf);
    if (tcp === undefined) {
      const device = vrf === NO_VRF ? undefined : vrf;
      tcp = new LinuxTcp({
        libc: this.#libc,
        event: (event) => this.#listeners.tcp(event, device),
        failed: (fault) => this.#failed(fault),
        ...(device === undefined ? {} : { device }),
      });
      this.#tcps.set(vrf, tcp);
    }
    return tcp;
  }

  counters(): Readonly<Record<string, number>> {
    const tcp = new Map<string, number>();
    for (const one of [this.tcp(), ...[...this.#tcps].filter(([vrf]) => vrf !== NO_VRF).map(([, each]) => each)]) {
      for (const [name, count] of Object.entries(one.counters())) {
        tcp.set(`tcp-${name}`, (tcp.get(`tcp-${name}`) ?? 0) + count);
      }
    }
    return { ...this.#reader.counters(), ...Object.fromEntries([...this.#counts, ...tcp]) };
  }

  close(): void {
    if (this.#isClosed) return;
    this.#isClosed = true;
    for (const tcp of this.#tcps.values()) tcp.shutdown();
    for (const { link, address, length } of this.#added.values()) this.#tables.removeAddress(link, address, length);
    if (this.#tuns.size > 1) this.#tables.deleteGroup(this.#group);
    this.#reader.close();
    for (const { senders } of this.#vrfs.values()) for (const sender of senders.values()) sender.close();
    this.#tables.close();
  }

  #start(): Result<void, SystemFault> {
    // Subscribed first and read then, so that nothing that happens between is missed.
    const monitor = openMonitor(this.#libc);
    if (!monitor.ok) return monitor;
    this.#read([{ fd: monitor.value, kind: 'monitor' }], { kind: 'monitor' });
    const interfaces = this.#tables.interfaces();
    if (!interfaces.ok) return interfaces;
    this.#linkTable.replace(interfaces.value.links, interfaces.value.addresses);
    // The driver asks for these itself.
    this.#linkTable.news();
    const sockets = this.#socketsOf(NO_VRF);
    return sockets.ok ? ok(undefined) : sockets;
  }

  /** What a VRF has besides the sockets of its addresses, opened when it is first needed. */
  #socketsOf(vrf: string): Result<VrfSockets, SystemFault> {
    const known = this.#vrfs.get(vrf);
    if (known !== undefined) return ok(known);
    const senders = new Map<Family, OuterSender>();
    const icmp: Descriptor[] = [];
    for (const family of [4, 6] as const) {
      const opened = this.#openRaw(family, vrf === NO_VRF ? undefined : vrf);
      if (opened.ok) {
        senders.set(family, opened.value.sender);
        icmp.push(opened.value.icmp);
      } else if (family === 4 || opened.error.code !== 'EAFNOSUPPORT') {
        for (const sender of senders.values()) sender.close();
        for (const { fd } of icmp) this.#libc.close(fd);
        return opened;
      }
    }
    const sockets = { senders, icmp: this.#read(icmp, { kind: 'outer', vrf }) };
    this.#vrfs.set(vrf, sockets);
    return ok(sockets);
  }

  #openRaw(family: Family, vrf?: string): Result<Readonly<{ sender: OuterSender; icmp: Descriptor }>, SystemFault> {
    const sender = OuterSender.open(this.#libc, family, (source) => this.#linkOf(source), vrf);
    if (!sender.ok) return sender;
    const icmp = openIcmp(this.#libc, family, vrf);
    if (icmp.ok) return ok({ sender: sender.value, icmp: icmp.value });
    sender.value.close();
    return icmp;
  }

  #deliver(walk: (each: (id: number, packet: Uint8Array) => void) => void): void {
    let from: Source | undefined;
    let packets: Uint8Array[] = [];
    const hand = (): void => {
      const given = packets;
      packets = [];
      if (given.length > 0 && from !== undefined) this.#hand(from, given);
    };
    walk((id, packet) => {
      const source = this.#sources.get(id);
      if (source === undefined) return; // closed in the meantime
      if (from !== undefined && !isSame(from, source)) hand();
      from = source;
      packets.push(packet);
    });
    hand();
  }

  #hand(source: Source, packets: readonly Uint8Array[]): void {
    switch (source.kind) {
      case 'outer':
        this.#event({ kind: 'outer', packets, ...(source.vrf === NO_VRF ? {} : { vrf: source.vrf }) });
        return;
      case 'tun':
        this.#event({ kind: 'inner', device: source.name, packets });
        return;
      case 'monitor':
        this.#changed(packets);
        return;
      default:
        source satisfies never;
    }
  }

  #changed(notifications: readonly Uint8Array[]): void {
    for (const bytes of notifications) {
      // An empty one says that some were lost.
      if (bytes.length === 0) this.#readAgain();
      else for (const message of decodeMessages(bytes)) this.#linkTable.apply(message);
    }
    for (const event of this.#linkTable.news()) this.#event(event);
  }

  #readAgain(): void {
    const interfaces = this.#tables.interfaces();
    if (interfaces.ok) this.#linkTable.replace(interfaces.value.links, interfaces.value.addresses);
    else this.#failed(interfaces.error);
  }

  #gone(id: number, errno: number): void {
    const source = this.#sources.get(id);
    if (source === undefined) return;
    this.#forget([id]);
    if (source.kind === 'tun') this.#tuns.delete(source.name);
    const what = { outer: 'a socket', monitor: 'the kernel about its interfaces', tun: 'a device' }[source.kind];
    const code = errnoName(errno);
    const fault: SystemFault =
      source.kind === 'tun'
        ? { call: 'read', code, text: `The device ${source.name} was deleted by somebody else (${code}).` }
        : systemFault('read', errno, `listen to ${what} any more`);
    this.#failed(fault);
  }

  #read(descriptors: readonly Descriptor[], source: Source): readonly number[] {
    const ids = this.#reader.add(descriptors);
    for (const id of ids) this.#sources.set(id, source);
    return ids;
  }

  #forget(ids: readonly number[]): void {
    for (const id of ids) this.#sources.delete(id);
    this.#reader.remove(ids);
  }

  /** Index of the link that has an address, usable or not; 0 when none has. */
  #linkOf(address: IpAddress): number {
    const interfaces = this.#tables.interfaces();
    if (!interfaces.ok) return 0;
    return interfaces.value.addresses.find((one) => one.address.equals(address))?.index ?? 0;
  }

  /** Later, because it may be known from within an order. */
  #failed(fault: SystemFault): void {
    setImmediate(() => this.#event({ kind: 'failed', fault }));
  }

  #event(event: SystemEvent): void {
    if (!this.#isClosed) this.#listeners.event(event);
  }

  #count(name: string): void {
    this.#counts.set(name, (this.#counts.get(name) ?? 0) + 1);
  }
}

/** What brings `hrtime`, which all threads share, to the driver's clock. */
function clockOffset(now: () => number): number {
  return now() - Number(process.hrtime.bigint()) / 1e6;
}

function isSame(a: Source, b: Source): boolean {
  return a === b || (a.kind === 'outer' && b.kind === 'outer' && a.vrf === b.vrf);
}
