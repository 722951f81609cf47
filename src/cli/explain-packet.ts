/** `wheelwright explain packet`: a topology is brought up in virtual time, and a packet walked through it. */
import { after, ok } from '../base/index.ts';
import {
  type PacketReport,
  packetMermaid,
  packetText,
  readPacketQuery,
  walkFrom,
  walkPacket,
} from '../explain/index.ts';
import { GatewayNode, isConverged, type Lab, labEvidence, PacketWalker, whyNotConverged } from '../lab/index.ts';
import { openLab } from './open-lab.ts';
import { execLine } from './operate.ts';

export type PacketOptions = Readonly<{
  from?: string;
  to?: string;
  proto?: string;
  port?: number;
  sport?: number;
  vrf?: string;
  size?: number;
  df?: boolean;
  input?: string;
  both?: boolean;
  json?: boolean;
  mermaid?: boolean;
  timeout: number;
  seed: number;
  /** A gateway that runs, instead of a topology. */
  socket?: string | true;
}>;

const EXIT = { fine: 0, problem: 1, misused: 2 } as const;
const ASKED_EVERY_MS = 20;

/** Gives the exit status: 0 it arrives, 1 it does not, 2 unreadable input. */
export async function explainPacketOf(words: readonly string[], options: PacketOptions): Promise<number> {
  const complain = (text: string): void => void process.stderr.write(`${text}\n`);
  const [device, topology, ...more] = words;
  const question = wordsOf(options);
  const query = readPacketQuery(question);
  if (!query.ok) {
    complain(`explain packet: ${query.error}`);
    return EXIT.misused;
  }
  if (options.socket !== undefined) {
    if (options.mermaid === true) complain('explain packet: a gateway that runs draws no diagrams; text is printed');
    const which = options.socket === true ? {} : { socket: options.socket };
    return execLine(['explain', 'packet', ...question], { ...which, json: options.json === true });
  }
  if (device === undefined || topology === undefined || more.length > 0) {
    complain('explain packet needs a device and a topology, --from and --to');
    return EXIT.misused;
  }
  const opened = openLab(topology, options.seed, complain);
  if (opened === undefined) return EXIT.misused;
  const { lab } = opened;
  const node = lab.anyNode(device);
  if (node === undefined) {
    complain(`${topology} has no node ${device}; there are ${lab.topology.nodes.map(({ name }) => name).join(', ')}`);
    return EXIT.misused;
  }
  bringUp(lab, options.timeout, complain);
  const fabric = labEvidence(lab);
  const walked =
    node instanceof GatewayNode
      ? walkPacket(fabric, device, query.value)
      : ok(walkFrom(fabric, new PacketWalker(lab), { node: device }, query.value));
  if (!walked.ok) {
    complain(`explain packet: ${walked.error}`);
    return EXIT.misused;
  }
  process.stdout.write(drawn(walked.value, options));
  const { forth, back } = walked.value;
  const arrives = forth.verdict !== 'dropped' && forth.verdict !== 'circle' && forth.verdict !== 'waits';
  const returns = back === undefined || back.verdict === 'delivered' || back.verdict === 'left';
  return arrives && returns ? EXIT.fine : EXIT.problem;
}

/** What does not come up is told: the packet is walked through what is there. */
function bringUp(lab: Lab, timeoutMs: number, complain: (text: string) => void): void {
  const gateways = lab.nodes(GatewayNode);
  const until = (): boolean => isConverged(gateways, lab.now);
  if (lab.run({ until, limit: after(lab.now, timeoutMs), everyMs: ASKED_EVERY_MS })) return;
  complain(`not all came up within ${timeoutMs / 1000} s:`);
  for (const why of whyNotConverged(gateways, lab.now)) complain(`  ${why}`);
}

function drawn(report: PacketReport, { json, mermaid }: PacketOptions): string {
  if (json === true) return `${JSON.stringify(report, null, 2)}\n`;
  return mermaid === true ? packetMermaid(report) : packetText(report);
}

/** The options as the words that a console takes. */
function wordsOf(options: PacketOptions): readonly string[] {
  const { from = '', to = '', proto, port, sport, size, df, vrf, input, both } = options;
  const valued = { port, sport, size, vrf, input };
  return [
    from,
    to,
    ...(proto === undefined ? [] : [proto]),
    ...Object.entries(valued).flatMap(([word, value]) => (value === undefined ? [] : [word, String(value)])),
    ...(df === true ? ['df'] : []),
    ...(both === true ? ['both'] : []),
  ];
}
