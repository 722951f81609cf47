import assert from 'node:assert/strict';
import { test } from 'node:test';
import { IpAddress, utf8 } from '../../base/index.ts';
import type { SystemEvent } from '../system.ts';
import { LinkTable } from './link-table.ts';
import { encodeAddress } from './netlink/address.ts';
import { NativeWriter, type NetlinkMessage } from './netlink/message.ts';
import { LinkAttribute, MessageType } from './netlink/numbers.ts';

function link(index: number, name: string, up = true, mtu = 1500, type: number = MessageType.NEWLINK): NetlinkMessage {
  const body = new NativeWriter()
    .u32(0)
    .u32(index)
    .u32(up ? 0x41 : 0)
    .u32(0);
  body.attribute(LinkAttribute.IFNAME, utf8(`${name}\0`)).attributeU32(LinkAttribute.MTU, mtu);
  return { type, flags: 0, sequence: 0, body: body.finish() };
}

function address(index: number, text: string, type: number = MessageType.NEWADDR): NetlinkMessage {
  const [host = '', length] = text.split('/');
  const parsed = IpAddress.parse(host);
  assert.ok(parsed !== undefined);
  return { type, flags: 0, sequence: 0, body: encodeAddress(index, parsed, Number(length)) };
}

/** One line for each event. */
function told(table: LinkTable): readonly string[] {
  return table.news().map((event: SystemEvent) => {
    if (event.kind === 'link-gone') return `gone ${event.name}`;
    assert.ok(event.kind === 'link');
    const { name, up, mtu, addresses } = event.link;
    return `${name} ${up ? 'up' : 'down'} ${mtu} ${addresses.map((one) => `${one.address}/${one.length}`).join(' ')}`;
  });
}

function after(table: LinkTable, ...messages: readonly NetlinkMessage[]): readonly string[] {
  for (const message of messages) table.apply(message);
  return told(table);
}

test('a link is told when it appears and when it differs, and not otherwise', () => {
  const table = new LinkTable();
  assert.deepEqual(after(table, link(2, 'eth0'), address(2, '192.0.2.1/24')), ['eth0 up 1500 192.0.2.1/24']);
  assert.deepEqual(after(table, link(2, 'eth0'), address(2, '192.0.2.1/24')), []);
  assert.deepEqual(after(table, link(2, 'eth0', false)), ['eth0 down 1500 192.0.2.1/24']);
  assert.deepEqual(after(table, link(2, 'eth0', true, 1400)), ['eth0 up 1400 192.0.2.1/24']);
});

test('what changed and changed back before anybody looked is no news', () => {
  const table = new LinkTable();
  after(table, link(2, 'eth0'));
  assert.deepEqual(after(table, link(2, 'eth0', false), link(2, 'eth0')), []);
});

test('addresses come in order whatever order they were told in, and go one by one', () => {
  const table = new LinkTable();
  const all = ['fd00::1/64', '192.0.2.9/24', '192.0.2.1/24'].map((text) => address(2, text));
  assert.deepEqual(after(table, link(2, 'eth0'), ...all), ['eth0 up 1500 192.0.2.1/24 192.0.2.9/24 fd00::1/64']);
  assert.deepEqual(after(table, address(2, '192.0.2.1/24', MessageType.DELADDR)), [
    'eth0 up 1500 192.0.2.9/24 fd00::1/64',
  ]);
});

test('a link that goes and one that takes another name are told by the old name', () => {
  const table = new LinkTable();
  after(table, link(2, 'eth0'), link(3, 'eth1'));
  assert.deepEqual(after(table, link(2, 'wan0')), ['gone eth0', 'wan0 up 1500 ']);
  assert.deepEqual(after(table, link(3, 'eth1', false, 1500, MessageType.DELLINK)), ['gone eth1']);
  // One of the same name is another link.
  assert.deepEqual(after(table, link(4, 'eth1')), ['eth1 up 1500 ']);
  assert.deepEqual(after(table, link(9, 'brief'), link(9, 'brief', true, 1500, MessageType.DELLINK)), []);
});

test('when messages were lost everything is looked at anew, and what differs is told', () => {
  const table = new LinkTable();
  after(table, link(2, 'eth0'), link(3, 'eth1'), address(2, '192.0.2.1/24'));
  const host = IpAddress.parse('192.0.2.1');
  assert.ok(host !== undefined);
  table.replace(
    [
      { index: 2, name: 'eth0', up: true, mtu: 1500 },
      { index: 5, name: 'eth5', up: true, mtu: 1500 },
    ],
    [{ index: 2, address: host, length: 24, usable: true }],
  );
  assert.deepEqual(told(table), ['gone eth1', 'eth5 up 1500 ']);
  assert.deepEqual(
    table
      .links()
      .map(({ name }) => name)
      .sort(),
    ['eth0', 'eth5'],
  );
});
