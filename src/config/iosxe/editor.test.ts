/** `configure terminal` on a router: modes followed, lines taken or refused, `no` and families left. */
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { test } from 'node:test';
import { ConfigEditor } from '../editor.ts';
import { iosxe } from './dialect.ts';
import { printIosxe } from './print.ts';

const hub = readFileSync(new URL('goldens/flexvpn-hub.conf', import.meta.url), 'utf8');
const open = (): ConfigEditor => new ConfigEditor(iosxe, hub, 'hub.conf');
const printed = (editor: ConfigEditor): string => printIosxe(editor.model, { secrets: 'plain' });

test('modes of a router are entered, fallen out of and left', () => {
  const editor = open();
  const rows = [
    ['interface Tunnel10', 'interface', 'config-if'],
    ['ip mtu 1400', 'interface', 'config-if'],
    ['crypto ikev2 keyring SPOKES', 'ikev2-keyring', 'config-ikev2-keyring'],
    ['peer NEW', 'ikev2-keyring-peer', 'config-ikev2-keyring-peer'],
    ['address 10.9.9.9', 'ikev2-keyring-peer', 'config-ikev2-keyring-peer'],
    ['ip access-list extended E', 'access-list-extended', 'config-ext-nacl'],
    ['permit ip any any', 'access-list-extended', 'config-ext-nacl'],
    ['router bgp 65000', 'router-bgp', 'config-router'],
    ['address-family ipv4', 'bgp-ipv4', 'config-router-af'],
    ['exit-address-family', 'router-bgp', 'config-router'],
    ['route-map LANS permit 20', 'route-map', 'config-route-map'],
    ['end', 'config', 'config'],
  ] as const;
  for (const [line, mode, prompt] of rows) {
    const [entered] = editor.enter([line]);
    assert.deepEqual([line, entered?.ok, editor.mode, editor.promptOf(editor.mode)], [line, true, mode, prompt]);
  }
});

test('a line and its no leave the configuration as it was', () => {
  const pairs = [
    ['router bgp 65000', 'neighbor SPOKES shutdown'],
    ['router bgp 65000', 'neighbor 10.9.9.9 remote-as 65009'],
    ['router bgp 65000', 'bgp listen range 10.200.0.0/16 peer-group SPOKES'],
    ['interface Loopback0', 'ip tcp adjust-mss 1300'],
    [undefined, 'ip route vrf RED 10.0.0.0 255.0.0.0 192.0.2.9 250'],
    [undefined, 'ip prefix-list OWN seq 10 deny 10.9.0.0/16'],
    ['ip access-list standard HUB-NETWORKS', '50 permit 10.9.0.0 0.0.255.255'],
    [undefined, 'logging host 10.0.0.5'],
    [undefined, 'crypto logging session'],
  ] as const;
  for (const [section, line] of pairs) {
    const editor = open();
    const before = printed(editor);
    const opener = section === undefined ? [] : [section];
    assert.ok(
      editor.enter([...opener, line]).every(({ ok }) => ok),
      line,
    );
    assert.notEqual(printed(editor), before, line);
    assert.ok(
      editor.enter([`no ${line}`]).every(({ ok }) => ok),
      line,
    );
    assert.equal(printed(editor), before, line);
  }
});

test('a refused line changes nothing', () => {
  const editor = open();
  const before = printed(editor);
  for (const line of ['nameif outside', 'router bgp 65001', 'ip route 10.0.0.1 255.0.0.0 192.0.2.9'])
    assert.deepEqual(
      editor.enter([line]).map(({ ok }) => ok),
      [false],
      line,
    );
  editor.enter(['router bgp 65000', 'neighbor 10.1.1.1 activate', 'neighbor X peer-group GONE']);
  assert.equal(printed(editor), before);
});
