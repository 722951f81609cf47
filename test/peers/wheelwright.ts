/** The product as its users run it: `wheelwright run CONFIG` in a namespace, asked by `wheelwright show`. */
import { mkdirSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { type BuiltCommand, buildCommand, root } from '../../src/cli/command-fixture.ts';
import type { Namespace } from './namespaces.ts';
import { type Outcome, outcomeOf, type Running } from './process.ts';
import { until } from './until.ts';

export type { BuiltCommand };

/** What may differ from a plain start. */
export type WheelwrightSettings = Readonly<{
  /** Another Node than this one, and options for it. */
  node?: string;
  nodeOptions?: readonly string[];
  /** Further lines of `wheelwright.yaml`. */
  host?: readonly string[];
}>;

/** The bundle in a folder of its own, with the packages it calls beside it as an installation has them. */
export function installCommand(): BuiltCommand {
  const command = buildCommand();
  symlinkSync(join(root, 'node_modules'), join(command.scratch, 'node_modules'));
  return command;
}

export class Wheelwright {
  readonly #running: Running;
  readonly #program: string;
  readonly #folder: string;

  private constructor(running: Running, program: string, folder: string) {
    this.#running = running;
    this.#program = program;
    this.#folder = folder;
  }

  /** Runs a configuration; `links` are kernel interfaces by the configuration's hardware names. */
  static async start(
    command: BuiltCommand,
    namespace: Namespace,
    config: string,
    links: Readonly<Record<string, string>>,
    { node = process.execPath, nodeOptions = [], host: more = [] }: WheelwrightSettings = {},
  ): Promise<Wheelwright> {
    const folder = join(namespace.folder, 'wheelwright');
    mkdirSync(folder, { recursive: true });
    const socket = socketIn(folder);
    const interfaces = Object.entries(links).map(([name, link]) => `  ${name}: ${link}\n`);
    const host = `state: ${folder}\nrun: ${folder}\ncontrol: ${socket}\ninterfaces:\n${interfaces.join('')}${more.map((line) => `${line}\n`).join('')}`;
    writeFileSync(join(folder, 'wheelwright.yaml'), host);
    writeFileSync(join(folder, 'gateway.cfg'), config);
    const program = join(command.scratch, 'bundle/wheelwright.mjs');
    const running = namespace.spawn(node, [...nodeOptions, program, 'run', join(folder, 'gateway.cfg')]);
    const wheelwright = new Wheelwright(running, program, folder);
    const answers = async () => running.runs() && (await wheelwright.outcomeOf('status')).status === 0;
    await until('wheelwright runs', answers, 30_000);
    return wheelwright;
  }

  /** What an operator's command ends with; its start does not take the processor from what it asks about. */
  outcomeOf(...words: readonly string[]): Promise<Outcome> {
    const command = [process.execPath, this.#program, ...words, '--socket', socketIn(this.#folder)];
    return outcomeOf('nice', ['-n', '15', ...command]);
  }

  async show(...words: readonly string[]): Promise<string> {
    const { status, stdout, stderr } = await this.outcomeOf('show', ...words);
    if (status !== 0) throw new Error(`show ${words.join(' ')}: exit ${status}\n${stdout}${stderr}`);
    return stdout;
  }

  /** Runs another configuration by `wheelwright reload`; gives what it said. */
  async reload(config: string): Promise<string> {
    writeFileSync(join(this.#folder, 'gateway.cfg'), config);
    const { status, stdout, stderr } = await this.outcomeOf('reload');
    if (status !== 0) throw new Error(`reload: exit ${status}\n${stdout}${stderr}`);
    return stdout;
  }

  /** True while it runs; fails, with what it said, when it has ended. */
  runs(): true {
    return this.#running.runs();
  }

  get pid(): number {
    return this.#running.child.pid ?? 0;
  }

  stop(signal?: NodeJS.Signals): Promise<void> {
    return this.#running.stop(signal);
  }

  signal(signal: NodeJS.Signals): void {
    this.#running.signal(signal);
  }

  log(): string {
    return this.#running.output;
  }
}

function socketIn(folder: string): string {
  return join(folder, 'control.sock');
}
