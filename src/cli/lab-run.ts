/** `wheelwright lab run`: bring a topology up, verify it, ask its devices. */
import { after } from '../base/index.ts';
import { type FileSink, fileSink, realClock, writeTexts } from '../host/index.ts';
import {
  type DecryptionTables,
  GatewayNode,
  isConverged,
  type Lab,
  PcapngWriter,
  type PingReport,
  runRealTime,
  startPings,
  whyNotConverged,
} from '../lab/index.ts';
import { type EventForm, type EventWriter, openEvents } from './event-lines.ts';
import { askDevice } from './lab-ask.ts';
import { type LabOutcome, labDocument } from './lab-document.ts';
import { type LabPrompt, labPrompt } from './lab-prompt.ts';
import { pingLines, progressLines } from './lab-table.ts';
import { openLab } from './open-lab.ts';

export type LabRunOptions = Readonly<{
  timeout: number;
  virtualTime?: boolean;
  seed: number;
  exec: readonly string[];
  capture: readonly string[];
  keys?: string;
  json?: boolean;
  /** File for the events of all devices, `-` for the standard output: the report goes to the other one then. */
  events?: string;
  /** JSON lines unless told otherwise. */
  eventForm?: EventForm;
}>;

const EXIT = { fine: 0, problem: 1, misused: 2 } as const;
/** How long the topology's pings may take to end. */
const PING_LIMIT_MS = 30_000;
/** How long an answer to `--exec` may take: a traceroute into nowhere goes through thirty silent hops. */
const ASK_LIMIT_MS = 300_000;
const PROGRESS_EVERY_MS = 100;

/** Gives the exit status: 0 all converged and answered, 1 not, 2 unreadable input. */
export async function labRun(path: string, options: LabRunOptions): Promise<number> {
  const complain = (text: string): void => void process.stderr.write(`${text}\n`);
  const commands = options.exec.map(parseExec);
  const misread = options.exec.find((_, i) => commands[i] === undefined);
  if (misread !== undefined) {
    complain(`--exec '${misread}' is not of the form 'DEVICE: COMMAND'`);
    return EXIT.misused;
  }
  if (options.events === '-' && options.json === true) {
    complain('--events - and --json both want the standard output: give --events a file');
    return EXIT.misused;
  }
  let prompt: LabPrompt | undefined;
  let events: EventWriter | undefined;
  let running: Lab | undefined;
  const opened = openLab(path, options.seed, complain, (device, event) => {
    prompt?.log(device, event);
    const model = running?.nodes(GatewayNode).find((node) => node.name === device)?.model;
    events?.write(device, event, model);
  });
  if (opened === undefined) return EXIT.misused;
  if (options.events !== undefined) {
    events = openEvents(options.events, options.eventForm ?? 'json', complain);
    if (events === undefined) return EXIT.misused;
  }
  const { lab, keys } = opened;
  running = lab;
  // Written empty at once: a folder that can not be written is told now, not after the run.
  if (!writeKeys(options.keys, keys, complain)) return EXIT.misused;
  const closers = openCaptures(lab, options.capture, complain);
  if (closers === undefined) return EXIT.misused;
  const drive = driver(lab, options.virtualTime ?? false);
  const isLive = process.stdout.isTTY === true && options.json !== true && options.events !== '-';

  const reached = await converge(lab, options, drive, isLive);
  const convergedAtMs = lab.now;
  const pings = reached ? await ping(lab, drive) : [];
  const silent = pings.filter(({ ping: { count }, replies }) => replies < count);
  const outcome: LabOutcome = {
    converged: reached,
    ...(reached ? { convergedAtMs } : {}),
    reasons: [
      ...(reached ? [] : whyNotConverged(lab.nodes(GatewayNode), lab.now)),
      ...silent.map(
        ({ ping: { from, to, count }, replies }) => `${from} got ${replies} of ${count} answers from ${to}`,
      ),
    ],
    pings,
  };
  const isFine = reached && silent.length === 0;
  print(lab, outcome, options, isLive);

  let status: number = isFine ? EXIT.fine : EXIT.problem;
  for (const command of commands) {
    if (command === undefined) continue;
    const { ok, text } = await ask(lab, drive, command.device, command.line);
    if (!ok) status = Math.max(status, EXIT.problem);
    const isTaken = options.json === true || options.events === '-';
    const out = isTaken || !ok ? process.stderr : process.stdout;
    out.write(`${command.device}# ${command.line}\n${text}`);
  }
  if (!writeKeys(options.keys, keys, complain)) status = EXIT.misused;
  if (isLive && process.stdin.isTTY === true && commands.length === 0) {
    prompt = labPrompt(lab, process.stdin, process.stdout);
    await runRealTime(lab, realClock, () => prompt?.closed() ?? true);
    if (!writeKeys(options.keys, keys, complain)) status = EXIT.misused;
  }
  const eventFault = events?.close();
  if (eventFault !== undefined) {
    complain(eventFault);
    status = EXIT.misused;
  }
  for (const close of closers) {
    const closed = close();
    if (closed.ok) continue;
    complain(closed.error);
    status = EXIT.misused;
  }
  return status;
}

/** Writes Wireshark's key files where they are wanted; says whether that went well. */
function writeKeys(folder: string | undefined, keys: DecryptionTables, complain: (text: string) => void): boolean {
  if (folder === undefined) return true;
  const files = new Map([
    ['esp_sa', keys.espSa],
    ['ikev2_decryption_table', keys.ikev2DecryptionTable],
  ]);
  const written = writeTexts(folder, files);
  if (!written.ok) complain(written.error);
  return written.ok;
}

type Drive = (until: () => boolean) => Promise<void>;

/** Runs the lab on, by the clock or as fast as it computes. */
function driver(lab: Lab, isVirtual: boolean): Drive {
  if (!isVirtual) return (until) => runRealTime(lab, realClock, until);
  return (until) => {
    lab.run({ until, everyMs: 10 });
    return Promise.resolve();
  };
}

async function converge(
  lab: Lab,
  { timeout, virtualTime }: LabRunOptions,
  drive: Drive,
  isLive: boolean,
): Promise<boolean> {
  const limit = after(lab.now, timeout);
  const display = isLive && virtualTime !== true ? liveDisplay(lab) : undefined;
  const gateways = lab.nodes(GatewayNode);
  let reached = false;
  await drive(() => {
    display?.update();
    reached = isConverged(gateways, lab.now);
    return reached || lab.now >= limit;
  });
  display?.clear();
  return reached;
}

/** Runs the topology's pings to their end; those that do not end in time count as unanswered. */
async function ping(lab: Lab, drive: Drive): Promise<readonly PingReport[]> {
  let reports: readonly PingReport[] | undefined;
  startPings(lab, lab.nodes(GatewayNode), (given) => {
    reports = given;
  });
  const limit = after(lab.now, PING_LIMIT_MS);
  await drive(() => reports !== undefined || lab.now >= limit);
  return reports ?? lab.topology.pings.map((one) => ({ ping: one, probes: [], replies: 0 }));
}

/** Redraws the progress in place. */
function liveDisplay(lab: Lab): Readonly<{ update: () => void; clear: () => void }> {
  let height = 0;
  let drawnAt = Number.NEGATIVE_INFINITY;
  const clear = (): void => {
    if (height > 0) process.stdout.write(`\u001b[${height}A\u001b[J`);
    height = 0;
  };
  return {
    clear,
    update: () => {
      const now = realClock.now();
      if (now - drawnAt < PROGRESS_EVERY_MS) return;
      drawnAt = now;
      clear();
      const lines = progressLines(lab);
      height = lines.length;
      process.stdout.write(`${lines.join('\n')}\n`);
    },
  };
}

function print(lab: Lab, outcome: LabOutcome, { json, timeout, events }: LabRunOptions, isLive: boolean): void {
  if (json === true) {
    process.stdout.write(`${JSON.stringify(labDocument(lab, outcome), null, 2)}\n`);
    return;
  }
  const lines = [
    ...progressLines(lab),
    '',
    ...(outcome.pings.length > 0 ? [...pingLines(outcome.pings), ''] : []),
    outcome.converged
      ? `${lab.topology.name}: converged after ${((outcome.convergedAtMs ?? 0) / 1000).toFixed(2)} s`
      : `${lab.topology.name}: not converged within ${timeout / 1000} s`,
    ...outcome.reasons.map((reason) => `  ${reason}`),
    ...(isLive ? [''] : []),
  ];
  const out = events === '-' ? process.stderr : process.stdout;
  out.write(`${lines.join('\n')}\n`);
}

/** Captures asked for as LINK=FILE; gives what closes them, or undefined after a complaint. */
function openCaptures(
  lab: Lab,
  wanted: readonly string[],
  complain: (text: string) => void,
): FileSink['close'][] | undefined {
  const closers: FileSink['close'][] = [];
  for (const text of wanted) {
    const [link = '', ...rest] = text.split('=');
    const file = rest.join('=');
    if (file === '' || !lab.topology.links.some(({ name }) => name === link)) {
      const known = lab.topology.links.slice(0, 12).map(({ name }) => name);
      complain(`--capture '${text}': LINK=FILE is needed, with a link such as ${known.join(', ')}`);
      return undefined;
    }
    const sink = fileSink(file);
    if (!sink.ok) {
      complain(sink.error);
      return undefined;
    }
    lab.capture(new PcapngWriter(sink.value.write), [link]);
    closers.push(sink.value.close);
  }
  return closers;
}

function parseExec(text: string): Readonly<{ device: string; line: string }> | undefined {
  const match = /^\s*([^\s:]+)\s*:\s*(\S.*)$/.exec(text);
  return match === null ? undefined : { device: match[1] ?? '', line: match[2] ?? '' };
}

async function ask(
  lab: Lab,
  drive: Drive,
  device: string,
  line: string,
): Promise<Readonly<{ ok: boolean; text: string }>> {
  let answer: Readonly<{ ok: boolean; text: string }> | undefined;
  askDevice(lab, device, line, (given) => {
    answer = given;
  });
  const limit = after(lab.now, ASK_LIMIT_MS);
  await drive(() => answer !== undefined || lab.now >= limit);
  return answer ?? { ok: false, text: 'no answer within five minutes\n' };
}
