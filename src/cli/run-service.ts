/** What a running gateway offers its operators: its console, its events, reload and status. */
import { type DeviceModel, planOf, printConfiguration } from '../config/index.ts';
import { type ConsoleDevice, control, schema } from '../console/index.ts';
import type { GatewayLogEvent, OperatedDevice } from '../gateway/index.ts';
import type { ProcessMemory } from '../host/index.ts';
import { consoleDevice } from './console-device.ts';
import type { SaveFile } from './save-file.ts';
import type { ReadConfig, StartupConfig } from './startup-config.ts';

export type RunningOptions = Readonly<{
  device: OperatedDevice;
  config: StartupConfig;
  /** What runs at first. */
  read: ReadConfig;
  pid: number;
  /** What exchanges keys on elliptic curves. */
  curves: string;
  memory: () => ProcessMemory;
  /** Wall-clock time of the driver's instant 0, in milliseconds since 1970. */
  epochMs: () => number;
  now: () => number;
  /** Why the model can not be run on this machine; undefined: it can. */
  refusal?: (model: DeviceModel) => string | undefined;
  /** Reads keys and certificates again, by a reload; gives what is wrong with them. */
  renew?: () => readonly string[];
  /** Runs another model; gives what the machine has not for it. Otherwise the device is told. */
  configure?: (model: DeviceModel, by: Readonly<{ user: string; command: string }>) => readonly string[];
  /** What would count only after a restart, by a reload that changes nothing. */
  renewable?: () => readonly string[];
  /** What runs differs now, by a reload. */
  reloaded?: () => void;
  saveFile?: SaveFile;
}>;

const { count, flag, object, oneOf, publish, text } = schema;

export const statusSchema = publish(
  'status',
  'wheelwright status --json',
  object({
    name: text('name of the gateway'),
    hostname: text('host name of its configuration'),
    state: oneOf(['running', 'stopping'], 'what it does'),
    pid: count('process'),
    upMs: count('milliseconds since it started'),
    memory: object({
      residentBytes: count('of the machine that the process has'),
      heapUsedBytes: count('of its objects, what waits to be collected included'),
      outsideHeapBytes: count('of buffers beside them'),
    }),
    curves: text('what exchanges keys on elliptic curves'),
    configuration: text('configuration file'),
    saved: flag('what runs is what the file says'),
    tunnels: object({ up: count('tunnels that are up'), wanted: count('tunnels that are to be up') }),
    bgp: object({ up: count('sessions that are established'), wanted: count('sessions that are to be') }),
  }),
);

export class RunningGateway implements control.ControlService {
  readonly device: ConsoleDevice;
  readonly #options: RunningOptions;
  readonly #listeners = new Set<(event: GatewayLogEvent) => void>();
  /** Model that the file says, and its text. */
  #startup: Readonly<{ model: DeviceModel; text: string }>;

  constructor(options: RunningOptions) {
    this.#options = options;
    const { device, config, read, epochMs, saveFile } = options;
    this.#startup = read;
    config.adopt(read);
    const configText = (): Readonly<{ text: string; file: string }> =>
      device.model() === this.#startup.model
        ? { text: this.#startup.text, file: config.file }
        : { text: printConfiguration(device.model(), { secrets: 'plain' }), file: 'running-config' };
    const around = { epochMs: 0, configText, save: () => this.save() };
    const shown = consoleDevice(device, saveFile === undefined ? around : { ...around, saveFile });
    // The clock of the machine may be set while we run; what is shown follows it.
    this.device = Object.defineProperty({ ...shown }, 'epochMs', { get: epochMs, enumerable: true });
  }

  /** Something happened: to be given each event of the gateway. */
  tell(event: GatewayLogEvent): void {
    for (const listener of [...this.#listeners]) listener(event);
  }

  listen(listener: (event: GatewayLogEvent) => void): () => void {
    this.#listeners.add(listener);
    return () => void this.#listeners.delete(listener);
  }

  /** `write memory`. */
  save(): string {
    const { device, config } = this.#options;
    const model = device.model();
    const saved = config.save(model);
    if (!saved.ok) return `ERROR: ${saved.error}\n`;
    const read = config.read();
    // Positions of what runs are still those of its own text.
    this.#startup = { model, text: read.ok ? read.value.text : this.#startup.text };
    return saved.value;
  }

  reload(dryRun: boolean): control.ControlAnswer {
    const { device, config, refusal, reloaded, renew, renewable, configure } = this.#options;
    const { file } = config;
    const read = config.read();
    if (!read.ok) return refused(file, [read.error], `${read.error}; nothing was changed\n`);
    const { model, findings, errors } = read.value;
    let told = findings.map((finding) => `${finding}\n`).join('');
    if (errors > 0) {
      const sum = `${errors} ${errors === 1 ? 'error' : 'errors'} in ${file}; nothing was changed\n`;
      return refused(file, findings, told + sum);
    }
    const why = refusal?.(model);
    if (why !== undefined) return refused(file, [...findings, why], `${told}${why}; nothing was changed\n`);
    const plan = planOf(device.model(), model);
    const host = (dryRun ? renewable?.() : renew?.()) ?? [];
    told += host.map((fault) => `${fault}\n`).join('');
    let lacking: readonly string[] = [];
    if (!dryRun) {
      const by = { user: 'reload', command: `reload of ${file}` };
      if (configure === undefined) device.configure(model, by);
      else lacking = configure(model, by);
      this.#startup = read.value;
      config.adopt(read.value);
      reloaded?.();
    }
    const isSame = control.isEmptyPlan(plan);
    const outcome = isSame ? 'unchanged' : dryRun ? 'planned' : 'applied';
    const head = {
      unchanged: `${file} says what runs already.\n`,
      planned: `A reload of ${file} would change this:\n`,
      applied: `${file} runs now. This was changed:\n`,
    }[outcome];
    const value: control.ReloadDocument = { file, outcome, findings: [...findings, ...host, ...lacking], plan };
    const missing = lacking.map((fault) => `${fault}\n`).join('');
    return { status: lacking.length === 0 ? 0 : 1, text: `${told}${head}${control.planText(plan)}${missing}`, value };
  }

  status(): control.ControlAnswer {
    const { device, config, pid, memory, now, curves } = this.#options;
    const { tunnelsUp, tunnelsWanted, bgpUp, bgpWanted } = device.status();
    const { hostname } = device.model();
    const saved = control.isEmptyPlan(planOf(this.#startup.model, device.model()));
    const upMs = Math.max(0, Math.round(now() - (device.snapshot()?.startedAt ?? 0)));
    const value = {
      name: device.name,
      hostname,
      state: device.isOn() ? 'running' : 'stopping',
      pid,
      upMs,
      memory: memory(),
      curves,
      configuration: config.file,
      saved,
      tunnels: { up: tunnelsUp, wanted: tunnelsWanted },
      bgp: { up: bgpUp, wanted: bgpWanted },
    } as const satisfies schema.Value<typeof statusSchema.schema>;
    const lines = [
      `${device.name} (${hostname}) is ${value.state}, process ${pid}, for ${durationText(upMs)}`,
      `configuration ${config.file}${saved ? '' : "; what runs is not saved ('write memory' does)"}`,
      `tunnels ${tunnelsUp} of ${tunnelsWanted} up, BGP sessions ${bgpUp} of ${bgpWanted} established`,
      `keys are exchanged by ${curves}`,
    ];
    return { status: 0, text: `${lines.join('\n')}\n`, value };
  }
}

function refused(file: string, findings: readonly string[], text: string): control.ControlAnswer {
  const value: control.ReloadDocument = { file, outcome: 'refused', findings, plan: [] };
  return { status: 1, text, value };
}

function durationText(ms: number): string {
  const seconds = Math.floor(ms / 1000);
  const units = [
    [86_400, 'd'],
    [3_600, 'h'],
    [60, 'm'],
  ] as const;
  const parts = units.flatMap(([size, unit], i) => {
    const within = i === 0 ? seconds : seconds % (units[i - 1]?.[0] ?? 1);
    const number = Math.floor(within / size);
    return number === 0 ? [] : [`${number}${unit}`];
  });
  return [...parts, `${seconds % 60}s`].join(' ');
}
