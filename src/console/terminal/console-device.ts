/** The device behind a terminal: what a session asks of it, whoever drives it. */
import type { DeviceModel } from '../../config/index.ts';
import type { ExecDevice, ExecResult } from '../exec.ts';

/** What a command asks for beyond text: it takes time, or changes something. */
export type ExecRequest = Exclude<ExecResult, Readonly<{ kind: 'text' | 'error' }>>;

/** Where a request's output goes as it comes. `done` ends it and is called once. */
export type RequestOutput = Readonly<{ write: (text: string) => void; done: () => void }>;

export type ConsoleDevice = ExecDevice &
  Readonly<{
    name: string;
    /** A device that is switched off answers nothing. */
    isOn: () => boolean;
    /** The configuration in force. */
    model: () => DeviceModel;
    /** Text of the configuration that it started with, and that text's name in positions. */
    configText: () => Readonly<{ text: string; file: string }>;
    /** Runs another configuration; only what differs is touched. */
    configure: (model: DeviceModel) => void;
    /** Carries a request out; gives what stops it, after which `done` still comes. */
    perform: (request: ExecRequest, output: RequestOutput) => () => void;
    /** What `write memory` can truly say. */
    save: () => string;
  }>;
