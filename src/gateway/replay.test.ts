/** Links that reorder: what each platform's replay window drops and tells, and the window that would have kept it. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { askDevice } from '../cli/lab-ask.ts';
import { syslog } from '../console/index.ts';
import { explainReplay, replayText } from '../explain/index.ts';
import { HostNode, labEvidence } from '../lab/index.ts';
import { Fabric } from './fabric.fixture.ts';
import { routerText } from './iosxe.fixture.ts';
import { gatewayText, ip, modelOf } from './model.fixture.ts';

type Platform = Readonly<{ kind: 'asa' | 'iosxe'; esn: boolean }>;

const BURST = 20;
const BURSTS = 150;

/** A frame that is held back comes 5 ms later than those behind it: about a hundred packets at this rate. */
function reordering(kind: 'asa' | 'iosxe'): string {
  const [outside, inside] = kind === 'asa' ? ['outside', 'inside'] : ['GigabitEthernet0/0/0', 'GigabitEthernet0/0/1'];
  return `
topology:
  nodes:
    gw1: { kind: ${kind}, startup-config: gw1.cfg }
    gw2: { kind: ${kind}, startup-config: gw2.cfg }
    lan1: { kind: host, addresses: [10.1.1.10/24], gateway: 10.1.1.1 }
    lan2: { kind: host, addresses: [10.1.2.10/24], gateway: 10.1.2.1 }
  links:
    - { name: wan, endpoints: ["gw1:${outside}", "gw2:${outside}"], delay: 5ms, reorder: 2% }
    - { endpoints: ["gw1:${inside}", "lan1:e"] }
    - { endpoints: ["gw2:${inside}", "lan2:e"] }
`;
}

function textsOf({ kind, esn }: Platform, window: number | undefined): readonly string[] {
  const size = `security-association replay window-size ${window}`;
  if (kind === 'iosxe') {
    const transform = `esp-gcm 256${esn ? ' esn' : ''}`;
    const ipsec = window === undefined ? '' : ` set ${size}\n`;
    return [1, 2].map((n) => routerText(n, [3 - n], { transform, ipsec }));
  }
  const line = window === undefined ? '' : `crypto ipsec ${size}\n`;
  return [1, 2].map((n) => gatewayText(n, [3 - n]).replace('crypto ikev2 enable', `${line}crypto ikev2 enable`));
}

/** Sends a stream from one LAN to the other and gives what came of it. */
function stream(platform: Platform, window: number | undefined) {
  const fabric = new Fabric({ texts: textsOf(platform, window), topology: reordering(platform.kind) });
  fabric.run(100);
  fabric.until('the tunnel is up', () => fabric.isUp('gw1', 'Tunnel2') && fabric.isUp('gw2', 'Tunnel1'));
  fabric.until('the subnet is told', () => fabric.route('gw1', '10.1.2.0/24') !== undefined);
  const host = fabric.lab.node('lan1', HostNode);
  let arrived = 0;
  fabric.lab.node('lan2', HostNode).onUdp(7000, () => {
    arrived++;
  });
  for (let burst = 0; burst < BURSTS; burst++) {
    for (let i = 0; i < BURST; i++) host.sendUdp(5000, { address: ip('10.1.2.10'), port: 7000 }, new Uint8Array(100));
    fabric.run(1);
  }
  fabric.run(50);
  const [tunnel] = explainReplay(labEvidence(fabric.lab), 'gw2', 'Tunnel1').tunnels;
  assert.ok(tunnel);
  return { fabric, arrived, tunnel };
}

for (const platform of [
  { kind: 'asa', esn: false },
  { kind: 'iosxe', esn: false },
  { kind: 'iosxe', esn: true },
] as const) {
  test(`${platform.kind}${platform.esn ? ' with ESN' : ''}: 64 drops what comes late, the advised window does not`, () => {
    const sent = BURST * BURSTS;
    const small = stream(platform, undefined);
    assert.equal(small.tunnel.window, 64);
    const { replayed, lateness, advice, lines } = small.tunnel;
    assert.ok(replayed > 10 && small.arrived === sent - replayed, `${replayed} dropped, ${small.arrived} arrived`);
    assert.equal(
      lateness?.dropped.reduce((sum, one) => sum + one, 0),
      replayed,
    );
    assert.equal(advice?.window, 128);
    assert.deepEqual(
      lines,
      platform.kind === 'asa'
        ? ['crypto ipsec security-association replay window-size 128']
        : ['crypto ipsec profile VTI', ' set security-association replay window-size 128'],
    );
    const told = (small.fabric.logs.get('gw2') ?? []).find(({ code }) => code === 'esp-dropped');
    assert.ok(told?.details?.kind === 'esp' && told.details.reason === 'too-old');
    const [message] = syslog.messagesOf(told, modelOf(small.fabric.text('gw2'), 'gw2'));
    if (platform.kind === 'asa') assert.equal(message?.id, '402119');
    else
      assert.match(message?.text ?? '', / %IPSEC-3-REPLAY_ERROR: IPSec SA receives anti-replay error, DP Handle \d+, /);
    // A stream of a few hundred milliseconds: one message of each SA, however many packets were dropped.
    const logged = (small.fabric.logs.get('gw2') ?? []).filter(({ code }) => code === 'esp-dropped');
    assert.equal(logged.length, 1);
    let shown = '';
    askDevice(small.fabric.lab, 'gw2', 'show crypto ipsec sa detail', ({ text }) => {
      shown = text;
    });
    assert.match(shown, new RegExp(`#pkts replay failed \\(rcv\\): ${replayed}\\b`));

    const large = stream(platform, advice.window);
    assert.deepEqual([large.tunnel.window, large.tunnel.replayed, large.arrived], [128, 0, sent]);
    assert.ok((large.tunnel.lateness?.kept[6] ?? 0) > 10, 'as late as before');
    assert.equal(large.tunnel.lines, undefined);
    assert.match(replayText({ tunnels: [large.tunnel] }), /window 128, \d+ packets taken, 0 dropped/);
  });
}
