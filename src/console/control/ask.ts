/** One command line to a device from outside of a terminal, and its answer as it comes. */
import { Grammar, readLine } from '../../config/index.ts';
import { deviceWalker, type Explained, explainCommand, isExplain } from '../../explain/index.ts';
import { refused, said } from '../commands/index.ts';
import { type ExecResult, exec } from '../exec.ts';
import { piped } from '../pipes.ts';
import { platformOf } from '../platform.ts';
import type { ConsoleDevice } from '../terminal/console-device.ts';
import { sessionCommands } from '../terminal/session-commands.ts';

/** Where the answer goes. `done` comes once, at once or (ping) later. */
export type AskOutput = Readonly<{ write: (text: string, isError: boolean) => void; done: (isFine: boolean) => void }>;

const TEXT_ONLY = refused('this command has text only');

/** Commands of a session that mean something without one. */
const saving = new Grammar(sessionCommands('asa').filter(({ pattern }) => /^(?:write|copy)/.test(pattern)));

/** Runs a line; gives what stops it, after which `done` still comes. `json` asks for the value instead of the text. */
export function askDevice(device: ConsoleDevice, line: string, json: boolean, output: AskOutput): () => void {
  const nothing = (): void => undefined;
  if (json && line.includes('|')) {
    output.write("ERROR: JSON and a filter do not go together; leave out what stands behind '|'\n", true);
    output.done(false);
    return nothing;
  }
  const result = answerOf(device, line, json ? [' json'] : undefined);
  if (result.kind === 'text' || result.kind === 'error') {
    const isFine = result.kind === 'text';
    output.write(result.text, !isFine);
    output.done(isFine);
    return nothing;
  }
  if (json) {
    const only = said(platformOf(device), TEXT_ONLY);
    output.write(only.kind === 'error' ? only.text : '', true);
    output.done(false);
    return nothing;
  }
  return device.perform(result, {
    write: (text) => output.write(text, false),
    done: () => output.done(true),
  });
}

function answerOf(device: ConsoleDevice, line: string, asJson: readonly string[] | undefined): ExecResult {
  const [command = '', ...filters] = line.split('|');
  const words = command.trim().split(/\s+/);
  const explained = isExplain(words) ? explain(device, words) : undefined;
  if (explained?.value === undefined && explained !== undefined) return { kind: 'error', text: explained.text };
  if (explained !== undefined) {
    const value: unknown = JSON.parse(JSON.stringify(explained.value));
    const result = piped({ kind: 'text', text: explained.text, value: value as null }, asJson ?? filters);
    return said(platformOf(device), result);
  }
  if (saving.match('privileged', readLine(command)).ok) {
    const result = asJson === undefined ? piped({ kind: 'text', text: device.save() }, filters) : TEXT_ONLY;
    return said(platformOf(device), result);
  }
  return exec(asJson === undefined ? line : `${line} |${asJson.join('')}`, device);
}

function explain(
  device: ConsoleDevice,
  words: readonly string[],
): Readonly<{ text: string; value?: Explained }> | undefined {
  const { name, planeTwin } = device;
  const snapshot = device.snapshot();
  const own = {
    name,
    model: device.model(),
    configuration: device.configText(),
    snapshot,
    bgpPaths: device.bgpPaths,
    ...(planeTwin === undefined ? {} : { walker: () => deviceWalker(name, snapshot.now, planeTwin) }),
  };
  return explainCommand(new Map([[name, own]]), name, words);
}
