/** Links in rtnetlink: `ifinfomsg` and its attributes (rtnetlink(7)). */
import { fromUtf8, utf8 } from '../../../base/index.ts';
import { Domain } from '../socket-numbers.ts';
import { decodeAttributes, NativeWriter, nativeU32 } from './message.ts';
import { ADDR_GEN_MODE_NONE, Inet6Attribute, LinkAttribute, LinkFlag, SKIP_STATISTICS } from './numbers.ts';

export type LinkMessage = Readonly<{ index: number; name: string; up: boolean; mtu: number }>;

/** What is to be changed of a link. */
export type LinkChange = Readonly<{
  up?: boolean;
  mtu?: number;
  queueLength?: number;
  noLinkLocal?: boolean;
  group?: number;
}>;

const IFINFOMSG = 16;

/** Undefined when it is not a link, or one of a bridge's own notes about its ports. */
export function decodeLink(body: Uint8Array): LinkMessage | undefined {
  if (body.length < IFINFOMSG || (body[0] ?? 0) !== 0) return undefined;
  const attributes = decodeAttributes(body, IFINFOMSG);
  const name = attributes.get(LinkAttribute.IFNAME);
  if (name === undefined) return undefined;
  const flags = nativeU32(body, 8);
  return {
    index: nativeU32(body, 4),
    name: textOf(name),
    up: (flags & LinkFlag.UP) !== 0 && (flags & LinkFlag.RUNNING) !== 0,
    mtu: nativeU32(attributes.get(LinkAttribute.MTU) ?? new Uint8Array(4), 0),
  };
}

/** Asks for all links, or for the one of a name. */
export function encodeLinkQuery(name?: string): Uint8Array {
  const writer = header(0, 0, 0);
  if (name !== undefined) writer.attribute(LinkAttribute.IFNAME, zeroEnded(name));
  return writer.attributeU32(LinkAttribute.EXT_MASK, SKIP_STATISTICS).finish();
}

export function encodeLinkChange(index: number, change: LinkChange): Uint8Array {
  const { up, mtu, queueLength, noLinkLocal, group } = change;
  const writer = header(index, up === true ? LinkFlag.UP : 0, up === undefined ? 0 : LinkFlag.UP);
  if (mtu !== undefined) writer.attributeU32(LinkAttribute.MTU, mtu);
  if (queueLength !== undefined) writer.attributeU32(LinkAttribute.TXQLEN, queueLength);
  if (group !== undefined) writer.attributeU32(LinkAttribute.GROUP, group);
  if (noLinkLocal === true) {
    writer.nested(LinkAttribute.AF_SPEC, (outer) => {
      outer.nested(Domain.INET6, (inner) => {
        inner.attributeU8(Inet6Attribute.ADDR_GEN_MODE, ADDR_GEN_MODE_NONE);
      });
    });
  }
  return writer.finish();
}

/** Names all links of a group, to be deleted. */
export function encodeLinkGroup(group: number): Uint8Array {
  return header(0, 0, 0).attributeU32(LinkAttribute.GROUP, group).finish();
}

function header(index: number, flags: number, changed: number): NativeWriter {
  return new NativeWriter().u8(0).u8(0).u16(0).u32(index).u32(flags).u32(changed);
}

function zeroEnded(text: string): Uint8Array {
  return utf8(`${text}\0`);
}

function textOf(bytes: Uint8Array): string {
  const end = bytes.indexOf(0);
  return fromUtf8(end < 0 ? bytes : bytes.subarray(0, end));
}
