#!/usr/bin/env node
/** The command line: what there is to call. Each command's code is loaded when it is called. */
import { Command, Help, InvalidArgumentError, Option } from 'commander';
import { IpAddress } from '../base/index.ts';
import type { Interfacing } from '../convert/index.ts';

const RUN_EXAMPLE = 'wheelwright lab run examples/hub-and-spoke/topology.yaml --virtual-time';
const MONITOR_EXAMPLE = 'wheelwright lab monitor examples/hub-and-spoke/topology.yaml --virtual-time --json';
const EXPLAIN_EXAMPLE = 'wheelwright explain tunnel spoke1 Tunnel1 spoke1.cfg hub1.cfg';
const CHECK_EXAMPLE = 'wheelwright check examples/hub-and-spoke/topology.yaml';
const MTU_EXAMPLE = 'wheelwright explain mtu examples/hub-and-spoke/topology.yaml';
const PACKET_EXAMPLE =
  'wheelwright explain packet spoke1 --from 10.1.1.10 --to 10.1.2.10 --both examples/hub-and-spoke/topology.yaml';
const GATEWAY_EXAMPLE = 'wheelwright run spoke1.cfg';
const SHOW_EXAMPLE = 'wheelwright show crypto ikev2 sa';
const PEER_EXAMPLE = 'wheelwright peer-of hub.cfg --dialect iosxe --tunnel Tunnel1 --out /tmp/peer';
const GENERATE_EXAMPLE = 'wheelwright lab generate hub-spoke --hubs 2 --spokes 500 /tmp/fabric';

const program = new Command('wheelwright')
  .description('A route-based IPsec VPN gateway that runs and explains Cisco configuration.')
  .version('0.1.0')
  .configureHelp({
    subcommandTerm: (command) => command.name(),
    // The first screen has room for commands alone.
    visibleOptions: (command) => (command.parent === null ? [] : new Help().visibleOptions(command)),
  })
  .helpCommand(false)
  .showHelpAfterError('(wheelwright --help shows what there is)')
  .exitOverride((error) => process.exit(error.exitCode === 0 ? 0 : 2))
  .addHelpText('after', `\nExamples:\n  ${RUN_EXAMPLE}\n  ${GATEWAY_EXAMPLE}`);

const lab = program
  .command('lab')
  .description('whole topologies in one process: no root, no kernel feature')
  .addHelpText('after', `\nExamples:\n  ${RUN_EXAMPLE}\n  ${GENERATE_EXAMPLE}`);

lab
  .command('run')
  .description('bring a topology up, verify it, and ask its devices')
  .argument('<topology>', 'topology file, in the shape that containerlab reads')
  .option('--until <state>', 'when to go on', converged, 'converged')
  .addOption(
    new Option('--timeout <time>', 'give up then, such as 90s or 500ms').argParser(duration).default(60_000, '60s'),
  )
  .option('--virtual-time', 'as fast as it computes, not as fast as the clock')
  .option('--seed <n>', 'the same seed gives the same bytes', whole, 1)
  .addOption(repeated('--exec <command>', "such as 'hub1: show route'; may be repeated"))
  .addOption(repeated('--capture <link=file>', 'write pcapng of a link; may be repeated'))
  .option('--keys <dir>', "write Wireshark's key tables there")
  .option('--json', 'print one document instead of text')
  .option('--events <file>', 'write what happens on every device there, a JSON line each; - is the standard output')
  .addHelpText('after', `\nExample:\n  ${RUN_EXAMPLE}`)
  .action(async (topology: string, options) => {
    const { labRun } = await import('./lab-run.ts');
    process.exitCode = await labRun(topology, options);
  });

lab
  .command('monitor')
  .description('bring a topology up and print what happens on its devices, each event with its causes')
  .argument('<topology>', 'topology file, in the shape that containerlab reads')
  .addOption(
    new Option('--timeout <time>', 'give up then, such as 90s or 500ms').argParser(duration).default(60_000, '60s'),
  )
  .option('--virtual-time', 'as fast as it computes, not as fast as the clock')
  .option('--seed <n>', 'the same seed gives the same bytes', whole, 1)
  .option('--json', 'a JSON line for each event instead of syslog')
  .addHelpText('after', `\nExample:\n  ${MONITOR_EXAMPLE}`)
  .action(async (topology: string, { json, ...options }) => {
    const { labRun } = await import('./lab-run.ts');
    const eventForm = json === true ? 'json' : 'text';
    process.exitCode = await labRun(topology, { ...options, exec: [], capture: [], events: '-', eventForm });
  });

lab
  .command('generate')
  .description('write a topology of any size, configurations included')
  .argument('<shape>', 'hub-spoke')
  .argument('<dir>', 'folder to write to; made when missing')
  .option('--hubs <n>', 'number of hubs, 1 to 8', whole, 2)
  .option('--spokes <n>', 'number of spokes', whole, 2)
  .option('--hosts <n>', 'number of spokes with a host on their LAN', whole, 2)
  .addHelpText('after', `\nExample:\n  ${GENERATE_EXAMPLE}`)
  .action(async (shape: string, dir: string, options) => {
    const { labGenerate } = await import('./lab-generate.ts');
    process.exitCode = labGenerate(shape, dir, options);
  });

// A reader that has seen enough (`| head`) closes the pipe: no fault, and captures go on. A full disk is one.
process.stdout.on('error', ({ code }: NodeJS.ErrnoException) => {
  if (code === 'EPIPE') return;
  process.stderr.write(`wheelwright: the output can not be written: ${code}\n`);
  process.exit(2);
});

program
  .command('check')
  .summary('what is wrong with configurations, before anything runs')
  .description('what is wrong with configurations, of one device or of many that belong together; nothing runs')
  .argument('<path...>', 'configuration files, folders or topologies')
  .addOption(
    new Option('--format <format>', 'how findings are printed')
      .choices(['text', 'json', 'sarif', 'junit'] as const)
      .default('text' as const),
  )
  .addOption(
    new Option('--fail-on <severity>', 'end with status 1 when something is as bad as this')
      .choices(['error', 'warning', 'note'] as const)
      .default('warning' as const),
  )
  .option('--baseline <file>', 'leave out what is in this file')
  .option('--write-baseline <file>', 'write all that is found there, to be left out from now on')
  .option('--watch', 'check again whenever a file changes')
  .addHelpText('after', `\nExample:\n  ${CHECK_EXAMPLE}`)
  .action(async (paths: string[], options) => {
    const { check } = await import('./check.ts');
    process.exitCode = await check(paths, options, program.version() ?? '');
  });

program
  .command('explain')
  .summary('why a tunnel, session or route fails, and what sizes fit')
  .description('why a tunnel, BGP session or route fails, and what sizes fit into tunnels')
  .usage(
    '[options] <tunnel|bgp|route> <device> <name> <config...>\n       wheelwright explain mtu <topology|config...>\n       wheelwright explain packet --from <address> --to <address> <device> <topology>',
  )
  .argument('<what>', 'tunnel, bgp, route, mtu, packet, or a rule of check by its id')
  .argument(
    '[words...]',
    'hostname of the device that is asked, then tunnel interface, neighbour or destination, then configuration files of both ends or of one; with mtu a topology, or configuration files',
  )
  .option('--json', 'print the answer as JSON')
  .option('--from <address>', 'packet: its source')
  .option('--to <address>', 'packet: its destination')
  .option('--proto <protocol>', 'packet: tcp, udp, icmp or a number', 'icmp')
  .addOption(new Option('--port <n>', 'packet: destination port').argParser(whole))
  .addOption(new Option('--sport <n>', 'packet: source port').argParser(whole))
  .addOption(new Option('--size <n>', 'packet: bytes of the whole packet').argParser(whole))
  .option('--df', 'packet: it may not be cut')
  .option('--vrf <name>', 'packet: VRF where it begins')
  .option('--input <interface>', 'packet: interface where it comes in; otherwise the one that its source is behind')
  .option('--both', 'packet: walk the answer too')
  .option('--mermaid', 'packet: draw its way')
  .option('--socket [path]', 'packet: ask a gateway that runs, instead of a topology')
  .addOption(
    new Option('--timeout <time>', 'packet: wait this long for the topology to come up')
      .argParser(duration)
      .default(60_000, '60s'),
  )
  .addOption(new Option('--seed <n>', 'packet: the same seed gives the same bytes').argParser(whole).default(1))
  .addHelpText('after', `\nExamples:\n  ${EXPLAIN_EXAMPLE}\n  ${MTU_EXAMPLE}\n  ${PACKET_EXAMPLE}`)
  .action(async (what: string, words: string[], options) => {
    if (what === 'packet') {
      const { explainPacketOf } = await import('./explain-packet.ts');
      process.exitCode = await explainPacketOf(words, options);
      return;
    }
    const { explain } = await import('./explain.ts');
    process.exitCode = explain(what, words, options);
  });

program
  .command('peer-of')
  .description("make the configuration of a device's peer: the other end of a tunnel")
  .argument('<config>', 'configuration file of the one end')
  .addOption(
    new Option('--dialect <dialect>', 'what the peer is').choices(['asa', 'iosxe', 'swanctl']).makeOptionMandatory(),
  )
  .addOption(new Option('--esp <where>', 'who does ESP on a Linux peer').choices(['kernel', 'user']))
  .option('--tunnel <name>', 'which tunnel interface, when there are several')
  .addOption(new Option('--peer <address>', 'which peer of a virtual template').argParser(anAddress))
  .option('--name <hostname>', 'hostname of the peer; otherwise as BGP describes it')
  .addOption(new Option('--outside <address/length>', "the peer's own address outside").argParser(anInterfacing))
  .addOption(new Option('--gateway <address>', "the peer's next hop outside").argParser(anAddress))
  .addOption(new Option('--seen-as <address>', 'where the peer reaches this end, behind a NAT').argParser(anAddress))
  .addOption(
    new Option('--tunnel-address <address/length>', "the peer's address in the tunnel; one per family")
      .argParser(interfacings)
      .default([], 'the other address of the network'),
  )
  .addOption(
    new Option('--lan <address/length>', "the peer's own address behind it; may be repeated")
      .argParser(interfacings)
      .default([], 'none'),
  )
  .option('--vrf <name>', "the peer's VRF of the tunnel")
  .option('--front-vrf <name>', "the peer's VRF of the outer packets")
  .option('--out <folder>', 'write files there, readable by their owner alone, keys included')
  .option('--show-secrets', 'print keys as well')
  .addHelpText('after', `\nExample:\n  ${PEER_EXAMPLE}`)
  .action(async (config: string, options) => {
    const { peerOfFile } = await import('./peer-of.ts');
    process.exitCode = peerOfFile(config, options);
  });

program
  .command('run')
  .summary('make this machine the gateway that a configuration says')
  .description('make this machine the gateway that a configuration describes')
  .argument('<config>', 'configuration file')
  .option('--host <file>', 'host file; otherwise wheelwright.yaml beside the configuration')
  .option('--check', 'only say what is wrong, and what would run')
  .addOption(new Option('--log-level <n>', 'messages up to this severity').argParser(severity).default(6))
  .option('--json', 'say what happens as JSON lines')
  .addHelpText('after', `\nExample:\n  ${GATEWAY_EXAMPLE}`)
  .action(async (config: string, options) => {
    const { run } = await import('./run.ts');
    const { runProcess } = await import('../host/index.ts');
    process.exitCode = await run(config, options, runProcess());
  });

operating('show', 'show something of a running gateway, as its console does')
  .argument('<what...>', "what stands behind 'show'")
  .option('--json', 'the value instead of the text')
  .addHelpText('after', `\nExample:\n  ${SHOW_EXAMPLE}`)
  .action(async (words: string[], options) => {
    const { execLine } = await import('./operate.ts');
    process.exitCode = await execLine(['show', ...words], options);
  });

operating('exec', 'run any command of the console on a running gateway')
  .argument('<command...>', 'the command line')
  .option('--json', 'the value instead of the text')
  .addHelpText('after', "\nExample:\n  wheelwright exec 'clear crypto ikev2 sa 203.0.113.1'")
  .action(async (words: string[], options) => {
    const { execLine } = await import('./operate.ts');
    process.exitCode = await execLine(words, options);
  });

operating('console', 'the console of a running gateway')
  .addHelpText('after', '\nExample:\n  wheelwright console --name spoke1')
  .action(async (options) => {
    const { openConsole } = await import('./console.ts');
    process.exitCode = await openConsole(options);
  });

operating('monitor', 'print what happens on a running gateway, with its causes')
  .option('--json', 'a JSON line for each event')
  .option('--journal', 'from the oldest event that is kept, not from now on')
  .addOption(new Option('--level <n>', 'messages up to this severity').argParser(severity).default(6))
  .addHelpText('after', '\nExample:\n  wheelwright monitor --journal --json')
  .action(async (options) => {
    const { monitor } = await import('./operate.ts');
    process.exitCode = await monitor(options);
  });

operating('reload', 'read the configuration file again and change what differs')
  .option('--dry-run', 'only print what would change')
  .option('--json', 'print the plan as JSON')
  .addHelpText('after', '\nExample:\n  wheelwright reload --dry-run')
  .action(async (options) => {
    const { reload } = await import('./operate.ts');
    process.exitCode = await reload(options);
  });

operating('status', 'say whether a gateway runs, and how far it has come')
  .option('--json', 'print it as JSON')
  .addHelpText('after', '\nExample:\n  wheelwright status')
  .action(async (options) => {
    const { status } = await import('./operate.ts');
    process.exitCode = await status(options);
  });

program
  .command('doctor')
  .description('what this machine lacks for a gateway, and how to mend it')
  .argument('[config]', 'configuration that is to run here')
  .option('--host <file>', 'host file; otherwise wheelwright.yaml beside the configuration')
  .option('--json', 'print the checks as JSON')
  .addHelpText('after', '\nExample:\n  wheelwright doctor spoke1.cfg')
  .action(async (config: string | undefined, options) => {
    const { doctor } = await import('./doctor.ts');
    process.exitCode = doctor(config, options);
  });

program.parseAsync().catch((error: unknown) => {
  process.stderr.write(`wheelwright: internal fault: ${error instanceof Error ? error.stack : String(error)}\n`);
  process.exitCode = 70;
});

/** A command that asks a running gateway. */
function operating(name: string, description: string): Command {
  return program
    .command(name)
    .description(description)
    .option('--name <name>', 'which gateway, when several run')
    .option('--run <folder>', "the gateways' run folder, when the host file names one")
    .option('--socket <path>', 'its control socket, when it is elsewhere');
}

/** An option that may be given many times. */
function repeated(flags: string, description: string): Option {
  const collect = (value: string, before: readonly string[]): string[] => [...before, value];
  return new Option(flags, description).argParser(collect).default([], 'none');
}

function whole(value: string): number {
  const number = Number(value);
  if (!Number.isSafeInteger(number) || number < 0) throw new InvalidArgumentError('a whole number is needed.');
  return number;
}

function anAddress(value: string): IpAddress {
  const address = IpAddress.parse(value);
  if (address === undefined) throw new InvalidArgumentError('an IP address is needed.');
  return address;
}

function anInterfacing(value: string): Interfacing {
  const [address, length] = [IpAddress.parse(value.split('/')[0] ?? ''), /\/(\d{1,3})$/.exec(value)?.[1]];
  if (address === undefined || length === undefined || Number(length) > address.bits)
    throw new InvalidArgumentError('an address with its length is needed, such as 198.51.100.2/30.');
  return { address, length: Number(length) };
}

function interfacings(value: string, before: readonly Interfacing[]): readonly Interfacing[] {
  return [...before, anInterfacing(value)];
}

function severity(value: string): number {
  const number = whole(value);
  if (number > 7) throw new InvalidArgumentError('a severity from 0 to 7 is needed.');
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
