/** One connection of an operator's program: its request, and what follows from that until it ends. */
import { utf8 } from '../../base/index.ts';
import type { GatewayLogEvent } from '../../gateway/index.ts';
import { eventDocument } from '../syslog/event-document.ts';
import { causeLines, syslogLines } from '../syslog/index.ts';
import { TerminalSession } from '../terminal/session.ts';
import { askDevice } from './ask.ts';
import { type ControlFrame, encodeFrame, FrameReader, outputFrames } from './frames.ts';
import { type ControlPeer, Outbox } from './outbox.ts';
import type { ControlAction } from './requests.ts';
import type { ControlAnswer, ControlService } from './service.ts';

/** What waits for a program that reads slower than things happen; what is beyond is counted, not kept. */
const MOST_WAITING_BYTES = 1 << 20;
/** A terminal that reads nothing while it is written that much is gone. */
const MOST_TERMINAL_BYTES = 8 << 20;
/** Least and most that a terminal may say it has; one without a size is taken for the usual one. */
const SIZE = { columns: { least: 20, most: 1000, usual: 80 }, rows: { least: 2, most: 1000, usual: 24 } } as const;

const STATUS = { fine: 0, problem: 1, misused: 2 } as const;

type Running = Readonly<{
  input?: (bytes: Uint8Array) => void;
  resize?: (columns: number, rows: number) => void;
  /** There is no more input. */
  ended?: () => void;
  /** The program has gone. */
  stop: () => void;
}>;

export class ControlSession {
  readonly #service: ControlService;
  readonly #peer: ControlPeer;
  readonly #outbox: Outbox;
  readonly #reader = new FrameReader();
  #running: Running | undefined;
  #isAsked = false;
  #isOver = false;

  constructor(service: ControlService, peer: ControlPeer) {
    this.#service = service;
    this.#peer = peer;
    this.#outbox = new Outbox(peer);
  }

  /** Whether the request has come. */
  get isAsked(): boolean {
    return this.#isAsked;
  }

  receive(bytes: Uint8Array): void {
    for (const frame of this.#reader.push(bytes)) {
      if (this.#isOver) return;
      if (frame.ok) this.#handle(frame.value);
      else this.#fail(STATUS.misused, `The control connection is refused: ${frame.error.text}.\n`);
    }
  }

  /** The peer has room again. */
  drained(): void {
    this.#outbox.drained();
  }

  /** The connection has gone. */
  gone(): void {
    if (!this.#isOver) this.#stop();
    this.#outbox.clear();
  }

  /** Ends the connection with a sentence: the gateway stops. */
  dismiss(text: string): void {
    if (!this.#isOver) this.#fail(STATUS.problem, text);
  }

  #handle(frame: ControlFrame): void {
    switch (frame.kind) {
      case 'request':
        if (this.#isAsked) this.#fail(STATUS.misused, 'The control connection is refused: a second request.\n');
        else this.#begin(frame.request);
        break;
      case 'input':
        this.#running?.input?.(frame.bytes);
        break;
      case 'resize':
        this.#running?.resize?.(frame.columns, frame.rows);
        break;
      case 'end':
        this.#running?.ended?.();
        break;
      case 'output':
      case 'complaint':
      case 'exit':
        this.#fail(STATUS.misused, `The control connection is refused: a frame of the gateway's, ${frame.kind}.\n`);
        break;
      default:
        frame satisfies never;
    }
  }

  #begin(action: ControlAction): void {
    this.#isAsked = true;
    switch (action.kind) {
      case 'exec':
        this.#exec(action.line, action.json);
        break;
      case 'console':
        this.#console(action.columns, action.rows);
        break;
      case 'monitor':
        this.#monitor(action);
        break;
      case 'reload':
        this.#answer(this.#service.reload(action.dryRun), action.json);
        break;
      case 'status':
        this.#answer(this.#service.status(), action.json);
        break;
      default:
        action satisfies never;
    }
  }

  #answer({ status, text, value }: ControlAnswer, json: boolean): void {
    if (json) this.#write('output', `${JSON.stringify(value, null, 2)}\n`);
    else this.#write(status === STATUS.fine ? 'output' : 'complaint', text);
    this.#exit(status);
  }

  #exec(line: string, json: boolean): void {
    let isDone = false;
    const cancel = askDevice(this.#service.device, line, json, {
      write: (text, isError) => this.#write(isError ? 'complaint' : 'output', text),
      done: (isFine) => {
        isDone = true;
        this.#exit(isFine ? STATUS.fine : STATUS.problem);
      },
    });
    if (!isDone) this.#running = { stop: cancel };
  }

  #console(columns: number, rows: number): void {
    const session = new TerminalSession({
      device: this.#service.device,
      write: (text) => {
        this.#write('output', text);
        if (this.#outbox.bytes > MOST_TERMINAL_BYTES) this.#peer.abort();
      },
      columns: within(columns, SIZE.columns),
      rows: within(rows, SIZE.rows),
      closed: () => {
        unlisten();
        if (!this.#isOver) this.#exit(STATUS.fine);
      },
    });
    // A terminal that is slow loses messages, not answers: those were asked for.
    const unlisten = this.#service.listen((event) => {
      if (this.#outbox.bytes < MOST_WAITING_BYTES) session.log(event);
    });
    this.#running = {
      input: (bytes) => session.input(bytes),
      resize: (wide, high) => session.resize(within(wide, SIZE.columns), within(high, SIZE.rows)),
      ended: () => session.close(),
      stop: () => session.close(),
    };
  }

  #monitor({ json, from, level }: Extract<ControlAction, { kind: 'monitor' }>): void {
    const { device } = this.#service;
    let missed = 0;
    const tell = (event: GatewayLogEvent): void => {
      const lines = json ? [this.#documentOf(event)] : this.#linesOf(event, level);
      if (lines.length > 0) this.#write('output', `${lines.join('\n')}\n`);
    };
    if (from === 'journal') for (const event of device.snapshot().log) tell(event);
    const unlisten = this.#service.listen((event) => {
      if (this.#outbox.bytes > MOST_WAITING_BYTES) {
        missed++;
        return;
      }
      if (missed > 0) this.#write('complaint', `${missed} events are missing: they were not read in time\n`);
      missed = 0;
      tell(event);
    });
    this.#running = { ended: () => undefined, stop: unlisten };
  }

  #documentOf(event: GatewayLogEvent): string {
    const { name, epochMs, model } = this.#service.device;
    return JSON.stringify(eventDocument(name, event, epochMs ?? 0, model()));
  }

  #linesOf(event: GatewayLogEvent, level: number): readonly string[] {
    const { name, epochMs, model } = this.#service.device;
    const timeMs = epochMs === undefined ? undefined : epochMs + event.at;
    const lines = syslogLines(event, { timestamp: 'plain', timeMs, deviceId: name, level, model: model() });
    return lines.length === 0 ? [] : [...lines, ...causeLines(event.cause)];
  }

  #write(kind: 'output' | 'complaint', text: string): void {
    if (this.#isOver) return;
    for (const frame of outputFrames(kind, utf8(text))) this.#outbox.send(frame);
  }

  #fail(status: number, text: string): void {
    this.#write('complaint', text);
    this.#exit(status);
  }

  #exit(status: number): void {
    if (this.#isOver) return;
    this.#outbox.send(encodeFrame({ kind: 'exit', status }));
    this.#stop();
    this.#outbox.end();
  }

  #stop(): void {
    this.#isOver = true;
    const running = this.#running;
    this.#running = undefined;
    running?.stop();
  }
}

function within(
  value: number,
  { least, most, usual }: Readonly<{ least: number; most: number; usual: number }>,
): number {
  return value === 0 ? usual : Math.min(most, Math.max(least, value));
}
