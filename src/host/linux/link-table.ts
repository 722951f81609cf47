/** What has been told about the kernel's interfaces, and what is news: netlink's messages in, `SystemEvent`s out. */
import type { SystemEvent, SystemLink } from '../system.ts';
import { type AddressMessage, decodeAddress } from './netlink/address.ts';
import { decodeLink, type LinkMessage } from './netlink/link.ts';
import type { NetlinkMessage } from './netlink/message.ts';
import { MessageType } from './netlink/numbers.ts';

/** Of VRF devices that a gateway made: a later run knows them by it, whoever killed the earlier one. */
export const VRF_GROUP = 0x7776_7266;

type Entry = { link: LinkMessage; addresses: readonly AddressMessage[]; told: SystemLink | undefined };

export class LinkTable {
  readonly #entries = new Map<number, Entry>();
  /** Links that may have news. */
  readonly #touched = new Set<number>();
  readonly #gone: string[] = [];

  /** Everything as it is now; what differs from what was told is news. */
  replace(links: readonly LinkMessage[], addresses: readonly AddressMessage[]): void {
    const seen = new Set(links.map(({ index }) => index));
    for (const index of [...this.#entries.keys()]) if (!seen.has(index)) this.#remove(index);
    for (const link of links) {
      this.#link(link);
      this.#addresses(link.index, () => addresses.filter(({ index }) => index === link.index));
    }
  }

  /** As they were last heard of. */
  links(): readonly SystemLink[] {
    return [...this.#entries.values()].map(({ link, addresses }) => systemLink(link, addresses, this.#nameOf));
  }

  apply(message: NetlinkMessage): void {
    switch (message.type) {
      case MessageType.NEWLINK: {
        const link = decodeLink(message.body);
        if (link !== undefined) this.#link(link);
        return;
      }
      case MessageType.DELLINK: {
        const link = decodeLink(message.body);
        if (link !== undefined) this.#remove(link.index);
        return;
      }
      case MessageType.NEWADDR: {
        const added = decodeAddress(message.body);
        if (added !== undefined) this.#addresses(added.index, (known) => [...known.filter(other(added)), added]);
        return;
      }
      case MessageType.DELADDR: {
        const removed = decodeAddress(message.body);
        if (removed !== undefined) this.#addresses(removed.index, (known) => known.filter(other(removed)));
        return;
      }
      default:
    }
  }

  /** Drains what changed since the last call; what changed and changed back is no news. */
  news(): readonly SystemEvent[] {
    const events: SystemEvent[] = this.#gone.splice(0).map((name) => ({ kind: 'link-gone', name }));
    for (const index of this.#touched) {
      const entry = this.#entries.get(index);
      if (entry === undefined) continue;
      const link = systemLink(entry.link, entry.addresses, this.#nameOf);
      if (entry.told !== undefined && sameLink(entry.told, link)) continue;
      if (entry.told !== undefined && entry.told.name !== link.name) {
        events.push({ kind: 'link-gone', name: entry.told.name });
      }
      entry.told = link;
      events.push({ kind: 'link', link });
    }
    this.#touched.clear();
    return events;
  }

  readonly #nameOf = (index: number): string | undefined => this.#entries.get(index)?.link.name;

  #link(link: LinkMessage): void {
    const known = this.#entries.get(link.index);
    if (known === undefined) this.#entries.set(link.index, { link, addresses: [], told: undefined });
    else known.link = link;
    this.#touched.add(link.index);
  }

  #addresses(index: number, change: (known: readonly AddressMessage[]) => readonly AddressMessage[]): void {
    const entry = this.#entries.get(index);
    if (entry === undefined) return;
    entry.addresses = change(entry.addresses);
    this.#touched.add(index);
  }

  #remove(index: number): void {
    const entry = this.#entries.get(index);
    if (entry?.told !== undefined) this.#gone.push(entry.told.name);
    this.#entries.delete(index);
  }
}

/** A link as the driver sees it, its usable addresses in order. */
export function systemLink(
  link: LinkMessage,
  addresses: readonly AddressMessage[],
  nameOf: (index: number) => string | undefined,
): SystemLink {
  const { index, name, up, mtu, vrfTable, group } = link;
  const master = link.master === undefined ? undefined : (nameOf(link.master) ?? `#${link.master}`);
  const usable = addresses.filter((address) => address.usable).map(({ address, length }) => ({ address, length }));
  return {
    index,
    name,
    up,
    mtu,
    addresses: usable.sort((a, b) => a.address.compare(b.address) || a.length - b.length),
    ...(master === undefined ? {} : { master }),
    ...(vrfTable === undefined ? {} : { vrf: { table: vrfTable, ours: group === VRF_GROUP } }),
  };
}

function other(address: AddressMessage): (candidate: AddressMessage) => boolean {
  return (candidate) => !candidate.address.equals(address.address) || candidate.length !== address.length;
}

function sameLink(a: SystemLink, b: SystemLink): boolean {
  return (
    a.name === b.name &&
    a.up === b.up &&
    a.mtu === b.mtu &&
    a.master === b.master &&
    a.vrf?.table === b.vrf?.table &&
    a.addresses.length === b.addresses.length &&
    a.addresses.every((one, i) => {
      const two = b.addresses[i];
      return two !== undefined && one.length === two.length && one.address.equals(two.address);
    })
  );
}
