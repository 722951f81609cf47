/** What a capture of a gateway holds, as a pcapng file: IP packets without frames, an interface for each of the device's. */
import { concat } from '../base/index.ts';
import type { TappedPacket } from '../plane/contract.ts';
import { LinkType, PcapngWriter } from './pcapng.ts';

const COMMENTS = { decrypted: 'decrypted', 'to-encrypt': 'before encryption' } as const;

/** `nameOf` gives what an interface is called in the file. */
export function captureFile(packets: readonly TappedPacket[], nameOf: (name: string) => string): Uint8Array {
  const blocks: Uint8Array[] = [];
  const writer = new PcapngWriter((block) => blocks.push(block));
  const interfaces = new Map<string, number>();
  for (const { interface: name, at, bytes, length, direction, cleartext } of packets) {
    const id = interfaces.get(name) ?? writer.addInterface(nameOf(name), name, LinkType.RAW_IP);
    interfaces.set(name, id);
    const comment = cleartext === undefined ? undefined : COMMENTS[cleartext];
    writer.packet(id, at, bytes, comment, { length, direction });
  }
  return concat(...blocks);
}
