/** charon's control protocol, as far as a benchmark needs it: requests over a Unix socket, each answered in turn. */
import { connect, type Socket } from 'node:net';

const CMD_REQUEST = 0;
const CMD_RESPONSE = 1;
const SECTION_START = 1;
const SECTION_END = 2;
const KEY_VALUE = 3;

/** Values of an answer by the names of their sections, such as `ikesas.total`. */
export type ViciAnswer = ReadonlyMap<string, string>;

export class Vici {
  readonly #socket: Socket;
  readonly #waiting: ((answer: ViciAnswer) => void)[] = [];
  #received = Buffer.alloc(0);

  private constructor(socket: Socket) {
    this.#socket = socket;
    socket.on('data', (data) => this.#take(data));
  }

  static open(path: string): Promise<Vici> {
    return new Promise((resolve, reject) => {
      const socket = connect(path, () => resolve(new Vici(socket)));
      socket.once('error', reject);
    });
  }

  request(command: string, values: Readonly<Record<string, string>> = {}): Promise<ViciAnswer> {
    const name = Buffer.from(command);
    const parts = [Buffer.of(CMD_REQUEST, name.length), name];
    for (const [key, value] of Object.entries(values)) {
      const text = Buffer.from(value);
      parts.push(
        Buffer.of(KEY_VALUE, key.length),
        Buffer.from(key),
        Buffer.of(text.length >> 8, text.length & 255),
        text,
      );
    }
    const body = Buffer.concat(parts);
    const length = Buffer.alloc(4);
    length.writeUInt32BE(body.length);
    this.#socket.write(Buffer.concat([length, body]));
    return new Promise((resolve) => this.#waiting.push(resolve));
  }

  close(): void {
    this.#socket.destroy();
  }

  #take(data: Buffer): void {
    this.#received = Buffer.concat([this.#received, data]);
    while (this.#received.length >= 4) {
      const end = 4 + this.#received.readUInt32BE(0);
      if (this.#received.length < end) return;
      const packet = this.#received.subarray(4, end);
      this.#received = this.#received.subarray(end);
      if (packet[0] === CMD_RESPONSE) this.#waiting.shift()?.(valuesOf(packet.subarray(1)));
    }
  }
}

/** Sections nest; lists are of no use here and end what is read. */
function valuesOf(message: Buffer): ViciAnswer {
  const values = new Map<string, string>();
  const sections: string[] = [];
  let at = 0;
  const text = (length: number): string => {
    at += length;
    return message.toString('utf8', at - length, at);
  };
  while (at < message.length) {
    const type = message[at++];
    if (type === SECTION_END) sections.pop();
    else if (type === SECTION_START) sections.push(text(message[at++] ?? 0));
    else if (type === KEY_VALUE) {
      const key = text(message[at++] ?? 0);
      const length = message.readUInt16BE(at);
      at += 2;
      values.set([...sections, key].join('.'), text(length));
    } else break;
  }
  return values;
}
