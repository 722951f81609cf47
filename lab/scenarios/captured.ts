/** What passed on links, as packets: for tests that count and measure what is on the wire. */
import { type Lab, PcapngWriter } from '../../src/lab/index.ts';

const PACKET_BLOCK = 6;
const BLOCK_HEADER = 8;
/** Interface, time stamp in two words, length kept, length it had. */
const PACKET_FIELDS = 20;
const ETHERNET_HEADER = 14;

/** Begins to capture on links; gives the IP packets of both directions so far, oldest first, when called. */
export function capture(lab: Lab, links: readonly string[]): () => readonly Uint8Array[] {
  const packets: Uint8Array[] = [];
  const writer = new PcapngWriter((block) => {
    const view = new DataView(block.buffer, block.byteOffset, block.byteLength);
    for (let at = 0; at + BLOCK_HEADER <= block.length; at += Math.max(BLOCK_HEADER, view.getUint32(at + 4, true))) {
      if (view.getUint32(at, true) !== PACKET_BLOCK) continue;
      const kept = view.getUint32(at + BLOCK_HEADER + 12, true);
      const start = at + BLOCK_HEADER + PACKET_FIELDS;
      packets.push(block.slice(start + ETHERNET_HEADER, start + kept));
    }
  });
  lab.capture(writer, links);
  return () => packets;
}
