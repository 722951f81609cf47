/** Links in rtnetlink: `ifinfomsg` and its attributes (rtnetlink(7)). */
import { fromUtf8, utf8 } from '../../../base/index.ts';
import { Domain } from '../socket-numbers.ts';
import { decodeAttributes, NativeWriter, nativeU32 } from './message.ts';
import {
  ADDR_GEN_MODE_NONE,
  Inet6Attribute,
  LinkAttribute,
  LinkFlag,
  LinkInfoAttribute,
  SKIP_STATISTICS,
  VrfAttribute,
} from './numbers.ts';

export type LinkMessage = Readonly<{
  index: number;
  name: string;
  up: boolean;
  mtu: number;
  /** Index of the link that it is a part of: a VRF device, a bridge, a bond. */
  master?: number;
  group?: number;
  /** Routing table of a VRF device. */
  vrfTable?: number;
}>;

/** What is to be changed of a link. */
export type LinkChange = Readonly<{
  up?: boolean;
  mtu?: number;
  queueLength?: number;
  noLinkLocal?: boolean;
  group?: number;
  /** Index of the link that it becomes a part of; 0: of none. */
  master?: number;
}>;

const VRF = 'vrf';
const IFINFOMSG = 16;

/** Undefined when it is not a link, or one of a bridge's own notes about its ports. */
export function decodeLink(body: Uint8Array): LinkMessage | undefined {
  if (body.length < IFINFOMSG || (body[0] ?? 0) !== 0) return undefined;
  const attributes = decodeAttributes(body, IFINFOMSG);
  const name = attributes.get(LinkAttribute.IFNAME);
  if (name === undefined) return undefined;
  const flags = nativeU32(body, 8);
  const master = numberOf(attributes.get(LinkAttribute.MASTER));
  const group = numberOf(attributes.get(LinkAttribute.GROUP));
  const vrfTable = vrfTableOf(attributes.get(LinkAttribute.LINKINFO));
  return {
    index: nativeU32(body, 4),
    name: textOf(name),
    up: (flags & LinkFlag.UP) !== 0 && (flags & LinkFlag.RUNNING) !== 0,
    mtu: nativeU32(attributes.get(LinkAttribute.MTU) ?? new Uint8Array(4), 0),
    ...(master === undefined || master === 0 ? {} : { master }),
    ...(group === undefined || group === 0 ? {} : { group }),
    ...(vrfTable === undefined ? {} : { vrfTable }),
  };
}

function vrfTableOf(info: Uint8Array | undefined): number | undefined {
  if (info === undefined) return undefined;
  const attributes = decodeAttributes(info);
  const kind = attributes.get(LinkInfoAttribute.KIND);
  const data = attributes.get(LinkInfoAttribute.DATA);
  if (kind === undefined || data === undefined || textOf(kind) !== VRF) return undefined;
  return numberOf(decodeAttributes(data).get(VrfAttribute.TABLE));
}

function numberOf(value: Uint8Array | undefined): number | undefined {
  return value === undefined || value.length < 4 ? undefined : nativeU32(value, 0);
}

/** Asks for all links, or for the one of a name. */
export function encodeLinkQuery(name?: string): Uint8Array {
  const writer = header(0, 0, 0);
  if (name !== undefined) writer.attribute(LinkAttribute.IFNAME, zeroEnded(name));
  return writer.attributeU32(LinkAttribute.EXT_MASK, SKIP_STATISTICS).finish();
}

export function encodeLinkChange(index: number, change: LinkChange): Uint8Array {
  const { up, mtu, queueLength, noLinkLocal, group, master } = change;
  const writer = header(index, up === true ? LinkFlag.UP : 0, up === undefined ? 0 : LinkFlag.UP);
  if (mtu !== undefined) writer.attributeU32(LinkAttribute.MTU, mtu);
  if (queueLength !== undefined) writer.attributeU32(LinkAttribute.TXQLEN, queueLength);
  if (group !== undefined) writer.attributeU32(LinkAttribute.GROUP, group);
  if (master !== undefined) writer.attributeU32(LinkAttribute.MASTER, master);
  if (noLinkLocal === true) {
    writer.nested(LinkAttribute.AF_SPEC, (outer) => {
      outer.nested(Domain.INET6, (inner) => {
        inner.attributeU8(Inet6Attribute.ADDR_GEN_MODE, ADDR_GEN_MODE_NONE);
      });
    });
  }
  return writer.finish();
}

/** A VRF device to be made, up at once, whose routes stand in `table`; without one the kernel refuses it. */
export function encodeVrf(name: string, table: number | undefined, group: number): Uint8Array {
  const writer = header(0, LinkFlag.UP, LinkFlag.UP).attribute(LinkAttribute.IFNAME, zeroEnded(name));
  writer.attributeU32(LinkAttribute.GROUP, group);
  return writer
    .nested(LinkAttribute.LINKINFO, (info) => {
      info.attribute(LinkInfoAttribute.KIND, utf8(VRF));
      if (table === undefined) return;
      info.nested(LinkInfoAttribute.DATA, (data) => {
        data.attributeU32(VrfAttribute.TABLE, table);
      });
    })
    .finish();
}

/** Names one link, to be deleted. */
export function encodeLinkKey(index: number): Uint8Array {
  return header(index, 0, 0).finish();
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
