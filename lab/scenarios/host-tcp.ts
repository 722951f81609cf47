/** TCP for hosts of scenarios: one transfer between two of them, with segments as full as the other side lets them be. */
import { after, seededRandom } from '../../src/base/index.ts';
import { buildIp, Protocol } from '../../src/ip/index.ts';
import { HostNode, type Lab } from '../../src/lab/index.ts';
import { Tcp, type TcpEvent } from '../../src/tcp/index.ts';
import { address } from './scenario.ts';

/** What Ethernet allows, less both headers. */
const HOST_MSS = 1460;
const PORT = 5001;

class HostTcp {
  readonly #lab: Lab;
  readonly #host: HostNode;
  readonly #tcp: Tcp;
  received = 0;
  connected = false;

  constructor(lab: Lab, name: string) {
    this.#lab = lab;
    this.#host = lab.node(name, HostNode);
    this.#tcp = new Tcp({ random: seededRandom(1, name) });
    this.#host.onProtocol(Protocol.TCP, ({ source, destination, payloadOffset, totalLength }, packet) => {
      const segment = packet.slice(payloadOffset, totalLength);
      this.handle({ kind: 'segment', local: destination, remote: source, segment });
    });
  }

  handle(event: TcpEvent): void {
    for (const effect of this.#tcp.handle(event, this.#lab.now)) {
      if (effect.kind === 'connected') this.connected = true;
      if (effect.kind === 'data') this.received += effect.data.length;
      if (effect.kind !== 'send') continue;
      const { local: source, remote: destination, segment } = effect;
      this.#host.send(buildIp({ source, destination, protocol: Protocol.TCP, df: true }, segment), destination, true);
    }
    const wake = this.#tcp.wakeAt();
    if (wake !== undefined) this.#lab.at(wake, () => this.#tick());
  }

  #tick(): void {
    const wake = this.#tcp.wakeAt();
    if (wake !== undefined && wake <= this.#lab.now) this.handle({ kind: 'tick' });
  }
}

/** Sends `bytes` from one host to another; gives how many arrived within `withinMs`. */
export function transfer(
  lab: Lab,
  { from, to, bytes, withinMs = 20_000 }: Readonly<{ from: string; to: string; bytes: number; withinMs?: number }>,
): number {
  const [client, server] = [new HostTcp(lab, from), new HostTcp(lab, to)];
  const local = lab.node(from, HostNode).address(4) ?? address('0.0.0.0');
  const remote = lab.node(to, HostNode).address(4) ?? address('0.0.0.0');
  server.handle({ kind: 'listen', port: PORT, mss: HOST_MSS });
  const limit = after(lab.now, withinMs);
  client.handle({ kind: 'connect', connection: 1, local, remote: { address: remote, port: PORT }, mss: HOST_MSS });
  lab.run({ until: () => client.connected, limit, everyMs: 10 });
  client.handle({ kind: 'write', connection: 1, data: new Uint8Array(bytes) });
  lab.run({ until: () => server.received >= bytes, limit, everyMs: 10 });
  client.handle({ kind: 'abort', connection: 1 });
  return server.received;
}
