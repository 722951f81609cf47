/**
 * A terminal session on a device: prompts and levels, exec commands, `configure terminal`, help, pages, and what happens
 * meanwhile. It reads and writes nothing by itself; whoever owns the stream hands bytes in and writes the text.
 */
import {
  ConfigEditor,
  type DeviceModel,
  dialectOf,
  type Entered,
  type Expected,
  TERMINAL,
} from '../../config/index.ts';
import type { GatewayLogEvent } from '../../gateway/index.ts';
import { type RowResult, said } from '../commands/index.ts';
import { type Complaint, complaintText } from '../complaint.ts';
import { Debugging } from '../debugging.ts';
import { runExec } from '../exec.ts';
import { piped } from '../pipes.ts';
import type { Platform } from '../platform.ts';
import { MEANT, misreadComplaint } from '../reading.ts';
import { widthOf } from './cells.ts';
import type { ConsoleDevice, ExecRequest } from './console-device.ts';
import { enteredText } from './entered-text.ts';
import { asaHelp, bySubject, completion, fitting, inColumns, iosHelp, lastWord, settled, withNames } from './help.ts';
import { LineEditor, type LineEvent, LONGEST_LINE } from './line-editor.ts';
import { logLines } from './log-line.ts';
import { MORE } from './pager.ts';
import { Pages } from './pages.ts';
import { type Level, promptOf } from './prompts.ts';
import type { SessionActions } from './session-commands.ts';
import { type ExtraSyntax, SessionGrammar } from './session-grammar.ts';

export type TerminalOptions = Readonly<{
  device: ConsoleDevice;
  /** Writes to the terminal: whole texts with carriage returns, ready as they are. */
  write: (text: string) => void;
  columns: number;
  rows: number;
  /** The session has ended; called once. */
  closed: () => void;
  /** Greets before the first prompt. */
  banner?: string;
  /** Commands besides those of the device, at every prompt outside of configuration. */
  commands?: readonly ExtraSyntax[];
  /** Where the session starts; privileged unless the operator has to say `enable`. */
  level?: 'user' | 'privileged';
}>;

/** How a device is operated from here. */
type Seat = {
  readonly device: ConsoleDevice;
  level: Level;
  readonly debugging: Debugging;
  editor: ConfigEditor | undefined;
  known: DeviceModel | undefined;
};

/** A request that runs. `column` tells whether its output stands within a line. */
type Task = { cancel: () => void; isInLine: boolean };

const BELL = '\u0007';
const PASTE_MARKS = { on: '\u001b[?2004h', off: '\u001b[?2004l' } as const;
/** Severity up to which `terminal monitor` shows messages unless `logging monitor` says otherwise. */
const INFORMATIONAL = 6;
const NO: Expected = { text: 'no', help: 'Negate a command or set its defaults', keyword: true };
const DO_WORD: Expected = { text: 'do', help: 'To run exec commands in config mode', keyword: true };
/** A command from within configuration. */
const DO = /^\s*do\s+(.*)$/i;
/** What is said as `configure terminal` begins. */
const CONFIGURING: Readonly<Record<Platform, string | undefined>> = {
  asa: undefined,
  iosxe: 'Enter configuration commands, one per line.  End with CNTL/Z.\n',
};
const TOO_LONG = `the line is longer than ${LONGEST_LINE} characters; nothing was done`;

export class TerminalSession {
  readonly #options: TerminalOptions;
  readonly #editor: LineEditor;
  readonly #grammars: Readonly<Record<Platform, SessionGrammar>>;
  readonly #actions: SessionActions;
  readonly #seats = new Map<ConsoleDevice, Seat>();
  #seat: Seat;
  #task: Task | undefined;
  readonly #pages: Pages;
  #isMonitor = false;
  #isRunning = false;
  #isClosed = false;

  constructor(options: TerminalOptions) {
    this.#options = options;
    this.#editor = new LineEditor(options.write, options.columns, options.rows);
    this.#pages = new Pages(
      (text) => this.#write(text),
      this.#editor,
      () => MORE[this.#platform],
    );
    const extra = options.commands ?? [];
    this.#grammars = { asa: new SessionGrammar('asa', extra), iosxe: new SessionGrammar('iosxe', extra) };
    this.#actions = this.#makeActions();
    this.#seat = this.#seatAt(options.device);
    options.write(PASTE_MARKS.on);
    this.#write(options.banner ?? '');
    this.#run();
  }

  /** Bytes as the terminal sent them. */
  input(bytes: Uint8Array): void {
    if (this.#isClosed) return;
    this.#editor.handle(bytes);
    this.#run();
  }

  resize(columns: number, rows: number): void {
    this.#editor.resize(columns, rows);
  }

  /** Goes to another device; levels and modes there are as they were left. */
  attach(device: ConsoleDevice): void {
    this.#seat = this.#seatAt(device);
  }

  get device(): ConsoleDevice {
    return this.#seat.device;
  }

  /** Something happened on the device: shown if `terminal monitor` or `debug` says so, above the line being typed. */
  log(event: GatewayLogEvent): void {
    if (this.#isClosed) return;
    const { debugging, device } = this.#seat;
    for (const line of debugging.lines(event)) this.#message(line);
    if (!this.#isMonitor) return;
    const upTo = device.model().logging.monitorLevel ?? INFORMATIONAL;
    for (const line of logLines(event, device.model(), upTo)) this.#message(line);
  }

  /** The stream is gone, or the session is to end: what runs is stopped, quietly. */
  close(): void {
    if (this.#isClosed) return;
    this.#isClosed = true;
    this.#task?.cancel();
    this.#editor.stop();
    this.#options.write(PASTE_MARKS.off);
    this.#options.closed();
  }

  #message(line: string): void {
    if (this.#pages.isShowing) this.#pages.keep(line);
    else if (this.#editor.isActive) this.#editor.above(`${line}\r\n`);
    else {
      if (this.#task?.isInLine === true) this.#write('\n');
      if (this.#task !== undefined) this.#task.isInLine = false;
      this.#write(`${line}\n`);
    }
  }

  /** Works off what was typed until something has to be waited for. */
  #run(): void {
    if (this.#isRunning) return;
    this.#isRunning = true;
    while (!this.#isClosed) {
      if (this.#task !== undefined) {
        if (!this.#editor.interrupted()) break;
        this.#task.cancel();
      } else if (this.#pages.isShowing) {
        const key = this.#editor.key();
        if (key === undefined) break;
        this.#pages.turn(key);
      } else {
        if (!this.#editor.isActive) this.#editor.prompt(this.#prompt);
        const event = this.#editor.next();
        if (event === undefined) break;
        this.#handle(event);
      }
    }
    this.#isRunning = false;
  }

  get #platform(): Platform {
    return this.#seat.device.model().dialect;
  }

  get #grammar(): SessionGrammar {
    return this.#grammars[this.#platform];
  }

  get #prompt(): string {
    const { device, level, editor } = this.#seat;
    const mode = editor?.promptOf(editor.mode) ?? 'config';
    return promptOf(this.#platform, device.model().hostname, level, mode);
  }

  #complaint(complaint: Complaint): string {
    return complaintText(this.#platform, complaint);
  }

  #handle(event: LineEvent): void {
    switch (event.kind) {
      case 'line':
        this.#execute(event.line);
        break;
      case 'help':
        this.#help(event.before);
        break;
      case 'complete':
        this.#complete(event.before);
        break;
      case 'interrupt':
        break;
      case 'leave':
        this.#end();
        break;
      case 'end-of-input':
        this.#exit();
        break;
      case 'too-long':
        this.#write(this.#complaint({ kind: 'refused', text: TOO_LONG }));
        break;
      default:
        event satisfies never;
    }
  }

  #execute(line: string): void {
    if (line.trim() === '') return;
    const { level } = this.#seat;
    if (level !== 'config') this.#command(line);
    else if (/^\s*(?:ex|exi|exit|qu|qui|quit)\s*$/i.test(line)) this.#exit();
    else if (/^\s*end\s*$/i.test(line)) this.#end();
    else if (this.#platform === 'iosxe') this.#inConfiguration(line);
    else {
      const editor = this.#configuration();
      if (editor.countOwn([line]) === 1) this.#configure(editor, line);
      else this.#command(line);
    }
  }

  /** A router takes exec commands behind `do` alone; whoever opened the session may have commands that are not its. */
  #inConfiguration(line: string): void {
    const [typed, command] = DO.exec(line) ?? [];
    if (typed !== undefined && command !== undefined) {
      this.#command(command, widthOf(line.slice(0, typed.length - command.length)));
      return;
    }
    const editor = this.#configuration();
    const isExtra = editor.countOwn([line]) === 0 && this.#grammar.isExtra('privileged', line);
    if (isExtra) this.#command(line);
    else this.#configure(editor, line);
  }

  /** Enters a line of configuration, with all that follow it and have been typed already: a paste is one batch. */
  #configure(editor: ConfigEditor, first: string): void {
    if (this.#isOff()) return;
    const { device } = this.#seat;
    const indent = widthOf(this.#prompt);
    const { hostname } = editor.model;
    let mode = editor.mode;
    const more = this.#editor.takeLines((lines) => Math.max(0, editor.countOwn([first, ...lines]) - 1));
    const outcomes = editor.enter([first, ...more]);
    this.#apply(editor, outcomes);
    const out: string[] = [];
    let host = hostname;
    for (const [index, outcome] of outcomes.entries()) {
      const prompt = promptOf(this.#platform, host, 'config', editor.promptOf(mode));
      if (index > 0) out.push(`${prompt}${outcome.line}\n`);
      out.push(enteredText(this.#platform, outcome, (index > 0 ? widthOf(prompt) : indent) % this.#editor.columns));
      mode = outcome.mode;
      if (outcome.ok && /^\s*(?:no\s+)?host/i.test(outcome.line)) host = device.model().hostname;
    }
    this.#write(out.join(''));
  }

  /** What was taken runs at once. */
  #apply(editor: ConfigEditor, outcomes: readonly Entered[]): void {
    if (!outcomes.some(({ ok }) => ok)) return;
    const { device } = this.#seat;
    device.configure(editor.model);
    this.#seat.known = device.model();
  }

  /** `offset`: how far into what was typed the command begins. */
  #command(line: string, offset = 0): void {
    const { device, level } = this.#seat;
    const [command = '', ...filters] = line.split('|');
    const found = this.#grammar.read(level === 'user' ? 'user' : 'privileged', command);
    if (!found.ok) {
      const indent = (widthOf(this.#prompt) + offset) % this.#editor.columns;
      const complaint = this.#complaint(misreadComplaint(found, command, indent));
      const isAsaConfiguring = level === 'config' && this.#platform === 'asa';
      this.#pages.show(isAsaConfiguring ? this.#forced(line, found.column, complaint, indent) : complaint);
      return;
    }
    const { meaning } = found.row;
    if (meaning.kind === 'session') {
      const text = meaning.row.act(this.#actions, found.values, found.negated);
      if (text !== undefined) this.#showResult(piped({ kind: 'text', text }, filters));
    } else if (meaning.kind === 'extra') {
      const result = meaning.row.run(found.values);
      if (result.kind === 'ask') this.#ask(result.device, [result.line, ...filters].join('|'));
      else this.#showResult(piped(result, filters));
    } else if (!this.#isOff()) {
      const { debugging } = this.#seat;
      const result = runExec(meaning.row, found, { ...device, debugging }, filters);
      if (result.kind === 'text' || result.kind === 'error') this.#pages.show(result.text);
      else this.#start(result);
    }
  }

  /** Runs a line on another device without going there. */
  #ask(device: ConsoleDevice, line: string): void {
    const here = this.#seat.device;
    this.attach(device);
    this.#command(line);
    this.attach(here);
  }

  /** A line that is no command either: perhaps damaged configuration that can be mended; else the complaint that got further. */
  #forced(line: string, column: number, complaint: string, indent: number): string {
    if (this.#isOff()) return '';
    const editor = this.#configuration();
    const outcomes = editor.enter([line]);
    this.#apply(editor, outcomes);
    const [outcome] = outcomes;
    if (outcome === undefined) return complaint;
    const [wrong] = outcome.diagnostics;
    if (outcome.ok || wrong === undefined || wrong.position.file !== TERMINAL || wrong.position.column > column)
      return enteredText(this.#platform, outcome, indent);
    const isBetter = wrong.position.column === column && (wrong.suggestion !== undefined || !complaint.includes(MEANT));
    return isBetter ? enteredText(this.#platform, outcome, indent) : complaint;
  }

  #showResult(result: RowResult): void {
    const told = said(this.#platform, result);
    if (told.kind === 'text' || told.kind === 'error') this.#pages.show(told.text);
  }

  /** Says so when the device answers nothing. */
  #isOff(): boolean {
    const { device } = this.#seat;
    if (device.isOn()) return false;
    this.#write(`${device.name} is switched off\n`);
    return true;
  }

  #start(request: ExecRequest): void {
    const task: Task = { cancel: () => undefined, isInLine: false };
    this.#task = task;
    const { device } = this.#seat;
    task.cancel = device.perform(request, {
      write: (text) => {
        if (this.#isClosed || text === '') return;
        task.isInLine = !text.endsWith('\n');
        this.#write(text);
      },
      done: () => {
        if (this.#task !== task) return;
        this.#task = undefined;
        if (task.isInLine) this.#write('\n');
        this.#run();
      },
    });
  }

  /** Leaves one mode; outside of all the session ends. */
  #exit(): void {
    const { level, editor } = this.#seat;
    if (level !== 'config') this.#logout();
    else if (editor?.leave() !== true) this.#leaveConfiguration();
  }

  #end(): void {
    if (this.#seat.level !== 'config') return;
    this.#seat.editor?.reset();
    this.#leaveConfiguration();
  }

  /** A router tells that it was configured once that is done, whatever was changed. */
  #leaveConfiguration(): void {
    const { device } = this.#seat;
    this.#seat.level = 'privileged';
    if (this.#platform !== 'iosxe' || !device.isOn()) return;
    const request = { kind: 'configured', by: { user: 'console', command: 'end' } } as const;
    device.perform({ kind: 'operator', request }, { write: () => undefined, done: () => undefined });
  }

  #logout(): void {
    this.#write('\nLogoff\n');
    this.close();
  }

  /** The editor of the present configuration, opened anew when somebody else changed that. */
  #configuration(): ConfigEditor {
    const seat = this.#seat;
    const { device } = seat;
    const model = device.model();
    if (seat.editor !== undefined && seat.known === model) return seat.editor;
    if (seat.editor !== undefined) this.#write('INFO: the configuration was changed elsewhere; all modes were left\n');
    const { text, file } = device.configText();
    seat.editor = new ConfigEditor(dialectOf(model), text, file);
    seat.known = model;
    return seat.editor;
  }

  #help(before: string): void {
    this.#editor.suspend('?');
    const word = lastWord(before);
    const pick = (all: readonly Expected[]): readonly Expected[] => bySubject(fitting(all, word));
    const [config = [], exec = []] = this.#expected(settled(before)).map(pick);
    const lines =
      this.#platform === 'asa' ? asaHelp(config, exec) : iosHelp(config, exec, before, this.#editor.columns);
    this.#pages.show(lines.length > 0 ? `${lines.join('\n')}\n` : this.#complaint({ kind: 'unrecognized' }));
  }

  #complete(before: string): void {
    const word = lastWord(before);
    const all = this.#expected(settled(before)).flat();
    const added = completion(all, word);
    const words = fitting(all, word).filter(({ keyword }) => keyword);
    if (added !== '') this.#editor.insert(added);
    else if (words.length === 0) this.#options.write(BELL);
    else {
      this.#editor.suspend('');
      const names = [...new Set(words.map(({ text }) => text))].sort();
      this.#pages.show(`${inColumns(names, this.#editor.columns).join('\n')}\n`);
    }
  }

  /** What may follow: in configuration, and as an exec command. */
  #expected(typed: string): readonly [readonly Expected[], readonly Expected[]] {
    const { level } = this.#seat;
    const named = (all: readonly Expected[]): readonly Expected[] => withNames(all, this.#seat.device);
    const mode = level === 'user' ? 'user' : 'privileged';
    const exec = (line: string): readonly Expected[] => named(this.#grammar.expected(mode, line));
    if (level !== 'config') return [[], exec(typed)];
    const isRouter = this.#platform === 'iosxe';
    const [, command] = (isRouter ? DO.exec(typed) : null) ?? [];
    if (command !== undefined) return [[], exec(command)];
    const config = named(this.#configuration().expected(typed));
    const all = typed.trim() === '' ? [...config, NO, ...(isRouter ? [DO_WORD] : [])] : config;
    return [all, isRouter ? [] : exec(typed)];
  }

  #write(text: string): void {
    if (text !== '') this.#options.write(text.replaceAll('\n', '\r\n'));
  }

  #seatAt(device: ConsoleDevice): Seat {
    const known = this.#seats.get(device);
    if (known !== undefined) return known;
    const level = this.#options.level ?? 'privileged';
    const seat: Seat = { device, level, debugging: new Debugging(), editor: undefined, known: undefined };
    this.#seats.set(device, seat);
    return seat;
  }

  #makeActions(): SessionActions {
    return {
      enable: () => {
        if (this.#seat.level === 'user') this.#seat.level = 'privileged';
      },
      disable: () => {
        this.#end();
        this.#seat.level = 'user';
      },
      configure: () => {
        if (this.#isOff() || this.#seat.level === 'config') return undefined;
        this.#configuration().reset();
        this.#seat.level = 'config';
        return CONFIGURING[this.#platform];
      },
      logout: () => this.#logout(),
      setPager: (lines) => {
        this.#pages.pager = lines;
      },
      setWidth: (columns) => this.#editor.resize(columns, this.#editor.rows),
      setMonitor: (on) => {
        this.#isMonitor = on;
      },
      showPager: () => (this.#pages.rows === 0 ? 'no pager\n' : `pager lines ${this.#pages.rows}\n`),
      history: () =>
        this.#editor.history
          .list()
          .map((line) => `  ${line}\n`)
          .join(''),
      help: () => this.#grammar.help(this.#seat.level === 'user' ? 'user' : 'privileged'),
      save: () => this.#seat.device.save(),
    };
  }
}
