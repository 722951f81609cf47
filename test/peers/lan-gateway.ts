/**
 * The LAN side of our gateway in a process of its own, in a namespace: the whole gateway and driver, the kernel's TCP,
 * and nothing of the machine besides. Orders come by stdin, answers go by stdout, one line of JSON each.
 */
import { createInterface } from 'node:readline';
import { type IpAddress, ok, seededRandom } from '../../src/base/index.ts';
import { type DeviceModel, formatDiagnostic, loadAsa } from '../../src/config/index.ts';
import { GatewayHost } from '../../src/host/gateway-host.ts';
import { DEFAULT_SETTINGS, realClock, type System, wallClock } from '../../src/host/index.ts';
import { openLibc } from '../../src/host/linux/libc.ts';
import { LinuxTcp } from '../../src/host/linux/tcp.ts';

export type LanOrder =
  | Readonly<{ kind: 'configure'; text: string }>
  | Readonly<{ kind: 'view' }>
  /** The clean stop. */
  | Readonly<{ kind: 'stop' }>;

export type LanView = Readonly<{
  neighbors: readonly Readonly<{
    address: string;
    state: string;
    received: number;
    sent: number;
    establishedCount: number;
    local: string | undefined;
    lastError: string | undefined;
  }>[];
  routes: number;
  logs: readonly Readonly<{ code: string; text: string; subject: string | undefined }>[];
  counters: Readonly<Record<string, number>>;
  descriptors: number;
}>;

const logs: LanView['logs'][number][] = [];
let host: GatewayHost | undefined;

for await (const line of createInterface({ input: process.stdin })) {
  const { id, order } = JSON.parse(line) as Readonly<{ id: number; order: LanOrder }>;
  process.stdout.write(`${JSON.stringify({ id, answer: await perform(order) })}\n`);
}
process.exit(0);

async function perform(order: LanOrder): Promise<LanView | null> {
  switch (order.kind) {
    case 'configure':
      configure(order.text);
      return null;
    case 'view':
      return view();
    case 'stop':
      await host?.stop();
      return null;
    default:
      return order satisfies never;
  }
}

function configure(text: string): void {
  const { model, diagnostics } = loadAsa(text, 'gateway.cfg');
  const errors = diagnostics.filter(({ severity }) => severity === 'error');
  if (errors.length > 0) throw new Error(errors.map((error) => formatDiagnostic(error, text)).join('\n'));
  if (host !== undefined) {
    host.configure(model);
    return;
  }
  host = new GatewayHost({
    name: 'gateway',
    model,
    random: seededRandom(process.pid, 'lan'),
    clock: realClock,
    wallClock,
    settings: DEFAULT_SETTINGS,
    open: ({ tcp }) => ok(lanSystem(model, tcp)),
    onLog: ({ code, text: said, subject }) => logs.push({ code, text: said, subject }),
    onFault: (fault) => process.stderr.write(`${JSON.stringify(fault)}\n`),
  });
  const started = host.start();
  if (!started.ok) throw new Error(started.error.text);
}

/** The interfaces are as configured; what is sent by anything but TCP gets lost. */
function lanSystem(model: DeviceModel, event: ConstructorParameters<typeof LinuxTcp>[0]['event']): System {
  const libc = openLibc();
  if (!libc.ok) throw new Error(libc.error.text);
  const tcp = new LinuxTcp({
    libc: libc.value,
    event,
    failed: (fault) => process.stderr.write(`${JSON.stringify(fault)}\n`),
  });
  const links = model.interfaces.map(({ name, addresses }, index) => ({ index, name, up: true, mtu: 1500, addresses }));
  const done = (): ReturnType<System['listen']> => ok(undefined);
  const nothing = (): void => undefined;
  return {
    links: () => links,
    listen: done,
    unlisten: nothing,
    sendOuter: nothing,
    openVrf: done,
    closeVrf: done,
    setVrf: done,
    openTun: done,
    setTun: done,
    closeTun: nothing,
    sendInner: nothing,
    routes: () => ok([]),
    setRoute: done,
    removeRoute: done,
    addAddress: done,
    removeAddress: done,
    tcp: () => tcp,
    counters: () => tcp.counters(),
    close: () => tcp.shutdown(),
  };
}

async function view(): Promise<LanView> {
  const { readdirSync } = await import('node:fs');
  const snapshot = host?.device.snapshot();
  const text = (address: IpAddress | undefined): string | undefined => address?.toString();
  return {
    neighbors: (snapshot?.bgp?.neighbors ?? []).map((one) => ({
      address: one.address.toString(),
      state: one.state,
      received: one.prefixesReceived,
      sent: one.prefixesSent,
      establishedCount: one.establishedCount,
      local: text(one.local?.address),
      lastError: one.lastError,
    })),
    routes: (snapshot?.routes ?? []).reduce((sum, { routes }) => sum + routes.length, 0),
    logs,
    counters: host?.counters() ?? {},
    descriptors: readdirSync('/proc/self/fd').length,
  };
}
