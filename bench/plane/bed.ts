/** A subject that carries packets, with the load's servers at the far end: what runs are made on. */
import { readFileSync } from 'node:fs';
import type { Running } from '../../test/peers/process.ts';
import { until } from '../../test/peers/until.ts';
import { HOSTS, Network } from './network.ts';
import type { Programs } from './programs.ts';
import type { Started, Subject, Suite } from './subject.ts';

export const UDP_PORT = 7007;

export class Bed {
  readonly subject: Subject;
  readonly suite: Suite;
  readonly network: Network;
  readonly started: Started;
  readonly programs: Programs;
  readonly #receiver: Running;

  private constructor(
    subject: Subject,
    suite: Suite,
    network: Network,
    started: Started,
    programs: Programs,
    receiver: Running,
  ) {
    this.subject = subject;
    this.suite = suite;
    this.network = network;
    this.started = started;
    this.programs = programs;
    this.#receiver = receiver;
  }

  static async open(subject: Subject, suite: Suite, programs: Programs): Promise<Bed> {
    const network = await Network.open(`${subject.name}${suite.slice(4, 7)}`);
    try {
      const started = await subject.start(network, suite);
      const far = network.lans[1];
      const server = far.spawn('iperf3', ['--server', '--forceflush']);
      const receiver = far.spawn(process.execPath, [programs.receiver, String(UDP_PORT)]);
      await until('the load listens', () => [server, receiver].every((one) => one.runs() && /listen/.test(one.output)));
      await until(`${subject.name} carries packets`, () => started.runs() && network.lans[0].pings(HOSTS[1]));
      return new Bed(subject, suite, network, started, programs, receiver);
    } catch (error) {
      await network.close();
      throw error;
    }
  }

  /** UDP datagrams that the receiver has read so far, as its kernel counts them. */
  received(): number {
    const snmp = readFileSync(`/proc/${this.#receiver.child.pid}/net/snmp`, 'latin1');
    const [names, values] = snmp
      .split('\n')
      .filter((line) => line.startsWith('Udp: '))
      .map((line) => line.split(' '));
    return Number(values?.[names?.indexOf('InDatagrams') ?? -1]);
  }

  close(): Promise<void> {
    return this.network.close();
  }
}
