/** `wheelwright doctor`: what this machine lacks for a gateway, and the command that mends it. */

import { schema } from '../console/index.ts';
import { gatherFacts } from '../host/index.ts';
import { EXIT } from './control-client.ts';
import { type Check, type Intended, judge, type Verdict, worst } from './doctor-verdicts.ts';
import { findHostFile } from './host-settings.ts';
import { StartupConfig } from './startup-config.ts';

const { list, object, oneOf, optional, publish, text } = schema;

export const doctorSchema = publish(
  'doctor',
  'wheelwright doctor --json',
  object({
    verdict: oneOf(['ok', 'warning', 'failed'], 'the worst of all'),
    checks: list(
      object({
        name: text('stable word'),
        verdict: oneOf(['ok', 'warning', 'failed'], 'failed: a gateway can not run here as it is'),
        text: text('what was found'),
        remedy: optional(text('what mends it')),
      }),
      'what was looked at',
    ),
  }),
);

const SIGNS: Readonly<Record<Verdict, string>> = { ok: 'ok      ', warning: 'warning ', failed: 'failed  ' };

/** Gives the exit status: 0 nothing failed, 1 something did, 2 a file can not be read. */
export function doctor(config: string | undefined, options: Readonly<{ host?: string; json?: boolean }>): number {
  const intended = intendedBy(config, options.host);
  if (intended === 'unreadable') return EXIT.misused;
  const checks = judge(gatherFacts(), intended);
  const verdict = worst(checks);
  if (options.json === true) process.stdout.write(`${JSON.stringify({ verdict, checks }, null, 2)}\n`);
  else process.stdout.write(checksText(checks));
  return verdict === 'failed' ? EXIT.problem : EXIT.fine;
}

export function checksText(checks: readonly Check[]): string {
  const lines = checks.flatMap(({ verdict, text: found, remedy }) => [
    `${SIGNS[verdict]}${found}`,
    ...(remedy === undefined ? [] : [`        -> ${remedy}`]),
  ]);
  const count = (wanted: Verdict): number => checks.filter(({ verdict }) => verdict === wanted).length;
  const sum = `${checks.length} checks: ${count('failed')} failed, ${count('warning')} warnings`;
  return `${[...lines, sum].join('\n')}\n`;
}

function intendedBy(config: string | undefined, hostFile: string | undefined): Intended | undefined | 'unreadable' {
  const complain = (line: string): void => void process.stderr.write(`${line}\n`);
  const found = findHostFile(hostFile, config);
  if (!found.ok) {
    for (const fault of found.error) complain(fault);
    return 'unreadable';
  }
  if (config === undefined) return undefined;
  const read = new StartupConfig(config).read();
  if (!read.ok) {
    complain(read.error);
    return 'unreadable';
  }
  // Its findings are for `run --check`; an unfinished configuration can be asked about as well.
  if (read.value.errors > 0) complain(`${config} has errors: 'wheelwright run --check ${config}' shows them`);
  return { model: read.value.model, host: found.value.host };
}
