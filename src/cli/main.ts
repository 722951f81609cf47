#!/usr/bin/env node
/** The command line: what there is to call. Each command's code is loaded when it is called. */
import { Command, InvalidArgumentError } from 'commander';

const program = new Command('wheelwright')
  .description('A route-based IPsec VPN gateway that runs, checks, explains and simulates Cisco configuration.')
  .version('0.1.0')
  .showHelpAfterError('(wheelwright --help shows what there is)')
  .exitOverride((error) => process.exit(error.exitCode === 0 ? 0 : 2));

const lab = program.command('lab').description('whole topologies in one process: no root, no kernel feature');

lab
  .command('run')
  .description('bring a topology up, verify it, and ask its devices')
  .argument('<topology>', 'topology file, in the shape that containerlab reads')
  .option('--until <state>', 'when to go on: converged (the only one so far)', converged, 'converged')
  .option('--timeout <time>', 'give up after this time, such as 60s or 500ms', duration, 60_000)
  .option('--virtual-time', 'as fast as it computes, not as fast as the clock')
  .option('--seed <n>', 'for keys, jitter and loss: the same seed gives the same bytes', whole, 1)
  .option('--exec <command>', "'hub1: show bgp summary', after convergence; repeat for more", collect, [])
  .option('--capture <link=file>', 'write what passes on a link as pcapng; repeat for more', collect, [])
  .option('--keys <dir>', 'write esp_sa and ikev2_decryption_table there, for Wireshark')
  .option('--json', 'print one document instead of text')
  .addHelpText(
    'after',
    '\nExample:\n  wheelwright lab run examples/hub-and-spoke/topology.yaml --virtual-time --exec "spoke1: show route"',
  )
  .action(async (topology: string, options) => {
    const { labRun } = await import('./lab-run.ts');
    process.exitCode = await labRun(topology, options);
  });

lab
  .command('generate')
  .description('write a topology of any size, configurations included')
  .argument('<shape>', 'hub-spoke')
  .argument('<dir>', 'folder to write to; made when missing')
  .option('--hubs <n>', 'number of hubs, 1 to 8', whole, 2)
  .option('--spokes <n>', 'number of spokes', whole, 2)
  .option('--hosts <n>', 'number of spokes with a host on their LAN', whole, 2)
  .addHelpText('after', '\nExample:\n  wheelwright lab generate hub-spoke --hubs 2 --spokes 500 /tmp/fabric')
  .action(async (shape: string, dir: string, options) => {
    const { labGenerate } = await import('./lab-generate.ts');
    process.exitCode = labGenerate(shape, dir, options);
  });

program.parseAsync().catch((error: unknown) => {
  process.stderr.write(`wheelwright: internal fault: ${error instanceof Error ? error.stack : String(error)}\n`);
  process.exitCode = 70;
});

function collect(value: string, before: readonly string[]): string[] {
  return [...before, value];
}

function whole(value: string): number {
  const number = Number(value);
  if (!Number.isSafeInteger(number) || number < 0) throw new InvalidArgumentError('a whole number is needed.');
  return number;
}

function converged(value: string): string {
  if (value !== 'converged') throw new InvalidArgumentError("only 'converged' is known.");
  return value;
}

/** `60s`, `500ms`, `2m` or `1h` as milliseconds; a bare number counts seconds. */
function duration(value: string): number {
  const match = /^(\d+(?:\.\d+)?)(ms|s|m|h)?$/.exec(value);
  const unit = { ms: 1, s: 1000, m: 60_000, h: 3_600_000 }[match?.[2] ?? 's'] ?? 1000;
  if (match === null) throw new InvalidArgumentError('a time such as 60s, 500ms or 2m is needed.');
  return Number(match[1]) * unit;
}
