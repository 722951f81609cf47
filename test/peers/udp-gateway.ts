/**
 * Our whole gateway in a process of its own, over plain UDP sockets and without a device for inner packets: IKE and ESP
 * meet real peers, the operator's ping is the traffic. Runs in a namespace; orders come by stdin, answers go by stdout,
 * events by stderr. `--rate N` lets its time pass N times as fast as the peer's, so that lifetimes come to their end;
 * `--delay MS` holds every packet back, each way, so that exchanges of both ends cross; `--deaf` hears nothing. `--record
 * FILE` draws randomness from a fixed seed and writes down all that the gateway is given, so that it can be done again.
 */
import { randomBytes } from 'node:crypto';
import { createSocket, type Socket } from 'node:dgram';
import { appendFileSync } from 'node:fs';
import { createInterface } from 'node:readline';
import { at, type Instant, IpAddress, SecretKey, seededRandom, toHex, utf8 } from '../../src/base/index.ts';
import { type DeviceModel, formatDiagnostic, loadAsa } from '../../src/config/index.ts';
import { type Credentials, type PeerSettings, readCredentials } from '../../src/gateway/index.ts';
import { type RecordedEvent, SESSION_SEED } from '../../src/gateway/recorded-session.fixture.ts';
import type { TrafficSelector } from '../../src/ike/index.ts';
import { buildIp, buildUdp, type IpHeader, Protocol, parseIp, parseUdp, Reassembler } from '../../src/ip/index.ts';
import { GatewayNode } from '../../src/lab/gateway-node.ts';
import type { Answer, CredentialTexts, GatewayView, Order, PingView, SettingsOrder } from './gateway-orders.ts';

const PORTS = [500, 4500];
const rate = option('--rate') || 1;
const delayMs = option('--delay');
const isDeaf = process.argv.includes('--deaf');
const recordFile = process.argv.includes('--record') ? process.argv[process.argv.indexOf('--record') + 1] : undefined;
const seeded = seededRandom(SESSION_SEED, 'gateway');
const record = (given: RecordedEvent): void => {
  if (recordFile !== undefined) appendFileSync(recordFile, `${JSON.stringify(given)}\n`);
};
const now = (): Instant => at(performance.now() * rate);

/** Address and port: the socket there, and the interface that has the address. */
const sockets = new Map<string, Readonly<{ socket: Socket; port: string }>>();
const reassembler = new Reassembler();
let node: GatewayNode | undefined;
let settings: readonly PeerSettings[] = [];
let timer: NodeJS.Timeout | undefined;

for await (const line of createInterface({ input: process.stdin })) {
  const { id, order } = JSON.parse(line) as Readonly<{ id: number; order: Order }>;
  const answer = (given: Answer): boolean => process.stdout.write(`${JSON.stringify({ id, answer: given })}\n`);
  if (order.kind === 'ping') ping(order, answer);
  else answer(await perform(order));
}
process.exit(0);

function option(name: string): number {
  const place = process.argv.indexOf(name);
  return place < 0 ? 0 : Number(process.argv[place + 1]);
}

/** Now, or after the delay. Packets keep their order. */
function later(act: () => void): void {
  if (delayMs === 0) act();
  else setTimeout(act, delayMs);
}

async function perform(order: Exclude<Order, { kind: 'ping' }>): Promise<GatewayView | null> {
  switch (order.kind) {
    case 'configure':
      await configure(order.text, order.credentials);
      return null;
    case 'settings':
      settings = order.settings.map(settingsOf);
      node?.setPeers(settings, now());
      arm();
      return null;
    case 'view':
      return view();
    case 'clear-ike':
    case 'clear-child': {
      const remote = order.remote === undefined ? undefined : IpAddress.parse(order.remote);
      node?.operator({ kind: order.kind, ...(remote === undefined ? {} : { remote }) }, now());
      return null;
    }
    case 'shutdown':
      node?.operator({ kind: 'shutdown' }, now());
      return null;
    default:
      return order satisfies never;
  }
}

function ping(order: Extract<Order, { kind: 'ping' }>, answer: (given: PingView) => void): void {
  const destination = IpAddress.parse(order.destination);
  const source = order.source === undefined ? undefined : IpAddress.parse(order.source);
  if (destination === undefined || node === undefined) throw new Error(`can not ping ${order.destination}`);
  const { count, size } = order;
  const times = { timeoutMs: order.timeoutMs * rate, intervalMs: 10 * rate };
  const request = { destination, ...(source === undefined ? {} : { source }), count, size, df: false, ...times };
  node.ping(request, now(), (probes) => {
    const results = probes.map(({ result }) => result);
    answer({ replies: results.filter((result) => result === 'reply').length, results });
  });
}

/** The texts themselves stand for the files. */
function credentialsOf({ keypairs, trustpoints }: CredentialTexts): Credentials {
  const files = { keypairs: new Map(Object.entries(keypairs)), trustpoints: new Map(Object.entries(trustpoints)) };
  const { credentials, faults } = readCredentials(files, utf8);
  if (faults.length > 0) throw new Error(faults.map(({ text }) => text).join('; '));
  return credentials;
}

async function configure(text: string, texts: CredentialTexts | undefined): Promise<void> {
  const { model, diagnostics } = loadAsa(text, 'gateway.cfg');
  const errors = diagnostics.filter(({ severity }) => severity === 'error');
  if (errors.length > 0) throw new Error(errors.map((one) => formatDiagnostic(one, text)).join('\n'));
  await open(model);
  const credentials = texts === undefined ? undefined : credentialsOf(texts);
  if (node !== undefined && credentials !== undefined) node.renew(credentials, now());
  if (node === undefined) {
    const outlet = { transmit, resolves: () => true, changed: () => void setImmediate(arm) };
    const random = recordFile === undefined ? (length: number) => new Uint8Array(randomBytes(length)) : seeded;
    node = new GatewayNode(model.hostname, {
      ...{ model, outlet, random, peerSettings: settings },
      ...(credentials === undefined ? {} : { credentials }),
      onLog: (_, { code, text: said, remote, cause }) =>
        process.stderr.write(`${code} ${said} ${remote ?? ''} ${cause === undefined ? '' : JSON.stringify(cause)}\n`),
    });
    const when = now();
    record({ at: when, configure: text });
    node.start(when);
  } else node.configure(model, now());
  for (const { name, kind } of model.interfaces) {
    if (kind !== 'ethernet') continue;
    const when = now();
    record({ at: when, carrier: name });
    node.carrier(name, true, when);
  }
  arm();
}

function settingsOf({ ppk, ...rest }: SettingsOrder): PeerSettings {
  if (ppk === undefined) return rest;
  const { id, key, required } = ppk;
  return { ...rest, ppk: { id: utf8(id), type: 'fixed', key: new SecretKey(utf8(key)), required } };
}

/** Opens the ports of IKE and of ESP in UDP on every address of an interface. */
async function open(model: DeviceModel): Promise<void> {
  for (const { name, kind, addresses } of model.interfaces) {
    if (kind !== 'ethernet') continue;
    for (const { address } of addresses) {
      for (const port of PORTS) await listen(name, address, port);
    }
  }
}

async function listen(name: string, address: IpAddress, port: number): Promise<void> {
  const key = `${address} ${port}`;
  if (sockets.has(key)) return;
  const socket = createSocket({ type: address.family === 4 ? 'udp4' : 'udp6', ipv6Only: address.family === 6 });
  socket.on('error', (error) => process.stderr.write(`socket ${key}: ${error.message}\n`));
  await new Promise<void>((resolve) => void socket.bind(port, address.toString(), resolve));
  sockets.set(key, { socket, port: name });
  socket.on('message', (payload, from) => {
    const source = IpAddress.parse(from.address);
    if (source === undefined || isDeaf) return;
    const udp = buildUdp({ address: source, port: from.port }, { address, port }, new Uint8Array(payload));
    const packet = buildIp({ source, destination: address, protocol: Protocol.UDP }, udp);
    later(() => {
      const when = now();
      record({ at: when, port: name, packet: toHex(packet) });
      node?.receive(name, packet, when);
      arm();
    });
  });
}

function transmit(_port: string, _nextHop: IpAddress, packet: Uint8Array): void {
  const header = parseIp(packet);
  if (!header.ok) return;
  const { moreFragments, fragmentOffset } = header.value;
  if (!moreFragments && fragmentOffset === 0) send(header.value, packet);
  else {
    // The kernel cuts datagrams by itself.
    const whole = reassembler.add(header.value, packet, now());
    const again = whole === undefined ? undefined : parseIp(whole);
    if (whole !== undefined && again?.ok) send(again.value, whole);
  }
}

function send(header: IpHeader, packet: Uint8Array): void {
  const udp = parseUdp(header, packet);
  if (!udp.ok) return;
  const { sourcePort, destinationPort, payload } = udp.value;
  const socket = sockets.get(`${header.source} ${sourcePort}`)?.socket;
  const destination = header.destination.toString();
  later(() => socket?.send(payload, destinationPort, destination));
}

/** One timer, for whatever comes first. */
function arm(): void {
  clearTimeout(timer);
  const wakeAt = node?.wakeAt();
  if (wakeAt === undefined) return;
  timer = setTimeout(
    () => {
      const when = now();
      record({ at: when });
      node?.tick(when);
      arm();
    },
    Math.max(0, (wakeAt - now()) / rate),
  );
}

function view(): GatewayView {
  const shown = node?.snapshot(now());
  if (shown === undefined) return { sas: [], counters: {}, waiting: [], tunnels: [], drops: {} };
  return {
    sas: shown.ike.sas.map((sa) => ({
      ...{ session: sa.session, peer: sa.peer, status: sa.status, role: sa.role },
      ...{ local: `${sa.path.local.address} ${sa.path.local.port}` },
      ...{ remote: `${sa.path.remote.address} ${sa.path.remote.port}` },
      ...{ localSpi: sa.localSpi, remoteSpi: sa.remoteSpi },
      ...{ encr: sa.encr ?? 0, keyBits: sa.keyBits ?? 0, integ: sa.integ ?? 0, prf: sa.prf ?? 0, group: sa.group ?? 0 },
      ...(sa.rekeyAt === undefined ? {} : { rekeyInMs: (sa.rekeyAt - now()) / rate }),
      ...{ natLocal: sa.natLocal, natRemote: sa.natRemote },
      ...{ quantumSafe: sa.quantumSafe === true, mobike: sa.mobike === true },
      ...(sa.authentication === undefined ? {} : { authentication: sa.authentication }),
      children: sa.children.map((child) => ({
        ...{ inboundSpi: spiText(child.inboundSpi), outboundSpi: spiText(child.outboundSpi) },
        ...{ encr: child.encr, keyBits: child.keyBits, integ: child.integ, group: child.group },
        localSelectors: child.localSelectors.map(selectorText),
        remoteSelectors: child.remoteSelectors.map(selectorText),
        rekeying: child.rekeying,
        rekeyInMs: (child.softAt - now()) / rate,
      })),
    })),
    counters: shown.ike.counters,
    waiting: shown.ike.waiting.map(({ peer, lastFailure }) => ({
      peer,
      ...(lastFailure === undefined ? {} : { lastFailure }),
    })),
    tunnels: shown.interfaces.flatMap(({ name, kind, lineProtocol, tunnel }) =>
      kind === 'tunnel' || kind === 'virtual-access'
        ? [{ name, up: lineProtocol, ...(tunnel?.downReason === undefined ? {} : { downReason: tunnel.downReason }) }]
        : [],
    ),
    drops: { ...shown.plane.drops },
  };
}

function spiText(spi: number): string {
  return spi.toString(16).padStart(8, '0');
}

function selectorText({ start, end, protocol, startPort, endPort }: TrafficSelector): string {
  const ports = startPort === 0 && endPort === 65_535 ? '' : ` ports ${startPort}-${endPort}`;
  return `${start}-${end}${protocol === 0 ? '' : ` protocol ${protocol}`}${ports}`;
}
