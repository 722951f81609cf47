/** `wheelwright explain`: diagnosis of configurations alone, of both ends or of one; nothing runs. */
import { ruleText } from '../check/index.ts';
import { type Diagnosis, explainBgp, explainRoute, explainTunnel, formatDiagnosis } from '../explain/index.ts';
import { explainSizes } from './explain-mtu.ts';
import { readFabric } from './read-fabric.ts';

const QUESTIONS = { tunnel: explainTunnel, bgp: explainBgp, route: explainRoute } as const;

/** Gives the exit status: 0 nothing speaks against it, 1 something does, 2 unreadable input. */
export function explain(what: string, words: readonly string[], options: Readonly<{ json?: boolean }>): number {
  const complain = (text: string): void => void process.stderr.write(`${text}\n`);
  if (what === 'mtu') return explainSizes(words, options);
  const question = Object.entries(QUESTIONS).find(([word]) => word === what)?.[1];
  const rule = question === undefined && words.length === 0 ? ruleText(what) : undefined;
  if (rule !== undefined) {
    process.stdout.write(rule);
    return 0;
  }
  if (question === undefined) {
    complain(`'${what}' can not be explained; tunnel, bgp, route, mtu, packet and rules of check can`);
    return 2;
  }
  const [device, name, ...paths] = words;
  if (device === undefined || name === undefined || paths.length === 0) {
    complain(`explain ${what} needs a device, what is asked about, and configuration files`);
    return 2;
  }
  const fabric = readFabric(paths, complain);
  if (fabric === undefined) return 2;
  if (!fabric.has(device)) {
    complain(`no configuration is of a device ${device}; there are ${[...fabric.keys()].join(', ')}`);
    return 2;
  }
  const diagnosis: Diagnosis = question(fabric, device, name);
  // Nothing runs here: where no rule finds a fault there is nothing more to look at.
  const isSound = diagnosis.state === 'up' || diagnosis.code === 'unexplained';
  if (isSound && options.json !== true) {
    process.stdout.write(`${device} ${name}: nothing in ${paths.join(', ')} speaks against it\n`);
    return 0;
  }
  process.stdout.write(
    options.json === true ? `${JSON.stringify(diagnosis, null, 2)}\n` : `${formatDiagnosis(diagnosis).trimEnd()}\n`,
  );
  return isSound ? 0 : 1;
}
