/** `wheelwright run`: the machine becomes the gateway that a configuration describes, until it is told to stop. */
import { join } from 'node:path';
import { control, syslog } from '../console/index.ts';
import type { Credentials, PeerSettings } from '../gateway/index.ts';
import {
  type ControlListener,
  chooseCurves,
  controlPath,
  DEFAULT_FOLDERS,
  DEFAULT_SETTINGS,
  entropy,
  GatewayHost,
  type HostFile,
  type HostSettings,
  type InstanceLock,
  LogFile,
  listenControl,
  lockInstance,
  type RunProcess,
  readText,
  realClock,
  type SystemFault,
  wallClock,
} from '../host/index.ts';
import { EXIT } from './control-client.ts';
import { loadCredentials } from './credentials.ts';
import { findHostFile } from './host-settings.ts';
import { loadPeerSettings } from './peer-settings.ts';
import { HostFileRenewal } from './renewal.ts';
import { runLogText } from './run-log.ts';
import { RunningGateway } from './run-service.ts';
import { saveFilesBelow } from './save-file.ts';
import { type ReadConfig, StartupConfig } from './startup-config.ts';

export type RunOptions = Readonly<{
  /** The host file. */
  host?: string;
  /** Only says what is wrong and what would run. */
  check?: boolean;
  logLevel: number;
  json?: boolean;
}>;

/** What is to run, read and checked. */
type Prepared = Readonly<{
  name: string;
  host: HostFile;
  hostFile: string | undefined;
  config: StartupConfig;
  read: ReadConfig;
  credentials: Credentials;
  peerSettings: readonly PeerSettings[];
  settings: HostSettings;
  control: string;
}>;

/** Gives the exit status: 0 after a clean stop, 1 when it can not run here, 2 when what it is to run can not be read. */
export async function run(path: string, options: RunOptions, around: RunProcess): Promise<number> {
  const prepared = prepare(path, options, around.stderr);
  if (prepared === undefined) return EXIT.misused;
  if (options.check === true) {
    around.stdout(checkedText(prepared));
    return EXIT.fine;
  }
  const complain = (text: string): void => around.stderr(`wheelwright: ${text}\n`);
  const { name, host } = prepared;
  const folder = host.run ?? DEFAULT_FOLDERS.run;
  for (const path of [folder, host.state ?? DEFAULT_FOLDERS.state]) {
    const made = around.makeFolder(path, host.user);
    if (made.ok) continue;
    complain(`${made.error}; give other folders as 'run' and 'state' in wheelwright.yaml, or run it as root`);
    return EXIT.problem;
  }
  const lock = lockInstance(join(folder, `${name}.lock`));
  if (!lock.ok) {
    const ask = `'wheelwright status --name ${name}' asks it`;
    const { error } = lock;
    complain(error.kind === 'held' ? `${name} runs already, as process ${error.pid}: ${ask}` : error.text);
    return EXIT.problem;
  }
  const status = await runLocked(prepared, lock.value, options, around, complain);
  lock.value.release();
  return status;
}

async function runLocked(
  prepared: Prepared,
  lock: InstanceLock,
  options: RunOptions,
  around: RunProcess,
  complain: (text: string) => void,
): Promise<number> {
  const { name, host, config, read, settings } = prepared;
  const dropped = around.dropPrivileges(host.user);
  if (!dropped.ok) {
    complainOf(dropped.error, complain);
    return EXIT.problem;
  }
  const curves = chooseCurves(host.curves).text;
  const logFile = host['log-file'] === undefined ? undefined : new LogFile(host['log-file'], complain);
  const form = options.json === true ? 'json' : 'text';
  const log = { device: name, form, level: options.logLevel, isJournal: around.isJournal } as const;
  const epochMs = (): number => wallClock() - realClock.now();
  const gateway = new GatewayHost({
    name,
    model: read.model,
    open: around.open,
    settings,
    random: entropy,
    clock: realClock,
    wallClock,
    credentials: prepared.credentials,
    syslog: syslog.syslogDatagrams,
    peerSettings: prepared.peerSettings,
    forceEncapsulation: host['force-encapsulation'] ?? false,
    onLog: (event) => {
      running.tell(event);
      around.stdout(runLogText(event, epochMs(), log, gateway.device.model()));
      logFile?.append(runLogText(event, epochMs(), { ...log, isJournal: false }, gateway.device.model()));
    },
  });
  const renewal = new HostFileRenewal(options.host, config.file, host);
  const running: RunningGateway = new RunningGateway({
    device: gateway.device,
    config,
    read,
    pid: around.pid,
    curves,
    memory: around.memory,
    epochMs,
    now: () => realClock.now(),
    renew: () => renewal.apply(gateway),
    renewable: () => renewal.look(),
    configure: (model, by) => gateway.configure(model, by).map(faultText),
    saveFile: saveFilesBelow(host.state ?? DEFAULT_FOLDERS.state),
  });
  const open = await listenControl(prepared.control, (peer) => new control.ControlSession(running, peer), complain);
  if (!open.ok) {
    complain(open.error);
    return EXIT.problem;
  }
  const started = gateway.start();
  if (!started.ok) {
    complainOf(started.error, complain);
    open.value.close('the gateway could not start\n');
    return EXIT.problem;
  }
  if (options.json !== true) around.stdout(startedText(prepared, lock, gateway, curves));
  around.notify('ready', `${name} runs ${config.file}`);
  await untilStopped(running, around, logFile);
  around.notify('stopping', 'telling the peers');
  await stop(gateway, open.value);
  if (options.json !== true) around.stdout(`${name} has stopped\n`);
  return EXIT.fine;
}

/** Reads both files and says everything that is wrong with them. */
function prepare(path: string, { host: given }: RunOptions, stderr: (text: string) => void): Prepared | undefined {
  const found = findHostFile(given, path);
  if (!found.ok) for (const fault of found.error) stderr(`${fault}\n`);
  const config = new StartupConfig(path);
  const read = config.read();
  if (!read.ok) {
    stderr(`${read.error}\n`);
    return undefined;
  }
  for (const finding of read.value.findings) stderr(`${finding}\n`);
  const { errors, model } = read.value;
  if (errors > 0) stderr(`${errors} ${errors === 1 ? 'error' : 'errors'}; nothing was started\n`);
  if (errors > 0 || !found.ok) return undefined;
  const { file, host } = found.value;
  const unknown = unknownInterfaces(host, model.interfaces);
  for (const name of unknown) stderr(`${file}: the configuration has no interface ${name}\n`);
  const credentials = loadCredentials(host);
  const peerSettings = loadPeerSettings(host, readText);
  for (const read of [credentials, peerSettings]) if (!read.ok) for (const fault of read.error) stderr(`${fault}\n`);
  if (unknown.length > 0 || !credentials.ok || !peerSettings.ok) return undefined;
  const name = host.name ?? nameOf(model.hostname);
  return {
    name,
    host,
    hostFile: file,
    config,
    read: read.value,
    credentials: credentials.value,
    peerSettings: peerSettings.value,
    settings: settingsOf(host),
    control: controlPath(host, name),
  };
}

/** Interfaces that the host file names and the configuration has not. */
function unknownInterfaces(
  { interfaces }: HostFile,
  known: readonly Readonly<{ name: string; alias?: string }>[],
): readonly string[] {
  const names = new Set(known.flatMap(({ name, alias }) => [name, alias]));
  return [...(interfaces?.keys() ?? [])].filter((name) => !names.has(name));
}

/** A host name as a file's name. */
function nameOf(hostname: string): string {
  const name = hostname.replaceAll(/[^\w.-]/g, '_').replace(/^[.-]+/, '');
  return name === '' ? 'gateway' : name.slice(0, 63);
}

function settingsOf(host: HostFile): HostSettings {
  return {
    interfaces: host.interfaces ?? DEFAULT_SETTINGS.interfaces,
    addresses: host.addresses ?? DEFAULT_SETTINGS.addresses,
    vrfs: host.vrfs ?? DEFAULT_SETTINGS.vrfs,
    installRoutes: host['install-routes'] ?? DEFAULT_SETTINGS.installRoutes,
    routeTable: host['route-table'] ?? DEFAULT_SETTINGS.routeTable,
    routeMetric: host['route-metric'] ?? DEFAULT_SETTINGS.routeMetric,
    plane: host.plane ?? DEFAULT_SETTINGS.plane,
  };
}

function checkedText({ name, config, hostFile, read, control: socket }: Prepared): string {
  const lines = [
    `${config.file} can be run, as ${name}`,
    `host file ${hostFile ?? 'none: defaults'}`,
    `control socket ${socket}`,
    `tunnels ${namesOf(read, 'tunnel')}`,
  ];
  return `${lines.join('\n')}\n`;
}

function startedText(
  { name, config, control: socket, hostFile }: Prepared,
  lock: InstanceLock,
  gateway: GatewayHost,
  curves: string,
): string {
  const snapshot = gateway.device.snapshot();
  const links = gateway.links();
  const interfaces = (snapshot?.interfaces ?? []).flatMap(({ name: hardware, alias, kind, addresses }) => {
    const link = links.get(hardware);
    if (kind !== 'ethernet' || link === undefined) return [];
    const own = addresses.map(({ address, length }) => `${address}/${length}`).join(', ');
    return [`  ${alias ?? hardware} is ${link}${own === '' ? '' : `, ${own}`}`];
  });
  const tunnels = (snapshot?.interfaces ?? []).flatMap(({ name: hardware, kind }) =>
    kind === 'tunnel' || kind === 'virtual-template' ? [hardware] : [],
  );
  const lines = [
    `${name} runs ${config.file}${hostFile === undefined ? '' : `, with ${hostFile}`}`,
    ...(lock.wasLeft ? ['  an earlier run was killed: what it left was taken over'] : []),
    ...interfaces,
    `  tunnels: ${tunnels.length === 0 ? 'none' : tunnels.join(', ')}`,
    `  packets are carried by: the ${gateway.planeKind} plane`,
    `  IKE listens on: ${gateway.listening().join(', ') || 'no address'}`,
    `  keys are exchanged by ${curves}`,
    `  control socket: ${socket}`,
  ];
  return `${lines.join('\n')}\n`;
}

function namesOf({ model }: ReadConfig, kind: 'tunnel'): string {
  const names = model.interfaces.flatMap((one) =>
    one.kind === kind || one.kind === 'virtual-template' ? [one.name] : [],
  );
  return names.length === 0 ? 'none' : names.join(', ');
}

function faultText({ text, remedy }: SystemFault): string {
  return remedy === undefined ? text : `${text} ${remedy}`;
}

function isRefused(value: unknown): boolean {
  return (value as control.ReloadDocument).outcome === 'refused';
}

function complainOf({ text, remedy }: SystemFault, complain: (text: string) => void): void {
  complain(remedy === undefined ? text : `${text}\n  ${remedy}`);
}

/** Waits for the signal to stop; reloads meanwhile when asked. A second one to stop is obeyed at once. */
function untilStopped(running: RunningGateway, around: RunProcess, logFile: LogFile | undefined): Promise<void> {
  return new Promise((resolve) => {
    let isStopping = false;
    around.onSignal((signal) => {
      if (signal === 'stop') {
        if (isStopping) around.exit(EXIT.problem);
        isStopping = true;
        resolve();
      } else if (!isStopping) {
        around.notify('reloading', 'reading the configuration');
        logFile?.reopen();
        const { status, text, value } = running.reload(false);
        if (status === EXIT.fine) around.stdout(text);
        else around.stderr(text);
        around.notify('ready', isRefused(value) ? 'the reload was refused' : 'reloaded');
      }
    });
  });
}

async function stop(gateway: GatewayHost, listener: ControlListener): Promise<void> {
  await gateway.stop();
  listener.close('the gateway has stopped\n');
}
