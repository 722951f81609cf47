/** A peer that is made comes up with the device it was made for: in the lab, for all pairs of dialects. */
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { test } from 'node:test';
import fc from 'fast-check';
import { type DialectName, loadConfiguration, printConfiguration } from '../config/index.ts';
import { formatFault } from './fault.ts';
import type { Link } from './link.ts';
import { configurationOf, interfacing, ip, links, load, runPair } from './links.fixture.ts';
import { type Made, type PeerChoices, peerOf } from './peer-of.ts';

const DIALECTS: readonly DialectName[] = ['asa', 'iosxe'];

function made(text: string, dialect: DialectName, choices: PeerChoices = {}, tunnel?: string): Made {
  const { model } = loadConfiguration(text, 'x.cfg');
  const peer = peerOf(model, dialect, { choices, ...(tunnel === undefined ? {} : { tunnel }) });
  assert.ok(peer.ok, peer.ok ? '' : peer.error.map(formatFault).join('\n'));
  return peer.value;
}

for (const from of DIALECTS) {
  for (const to of DIALECTS) {
    test(`${from} with the ${to} that is made for it: tunnel and BGP come up`, () => {
      fc.assert(
        fc.property(links, (link: Link) => {
          const text = configurationOf(link, from);
          const peer = made(text, to, choicesFor(link));
          const wanted = { tunnels: 2, sessions: 2 * (link.routing?.sessions.length ?? 0) };
          assert.equal(runPair([load(text, from), load(peer.text, to)], wanted), '', `${text}\n${peer.text}`);
        }),
        { numRuns: 12, seed: 20_26 },
      );
    });

    test(`${from}: the peer of its peer, by way of ${to}, is itself`, () => {
      fc.assert(
        fc.property(links, (link: Link) => {
          // No line of an ASA says by which name a peer with a key calls itself.
          fc.pre(to === 'iosxe' || link.own.identity.kind === 'address');
          const text = configurationOf(link, from);
          const there = made(text, to, choicesFor(link));
          const back = made(there.text, from, { name: link.own.name, lans: link.own.lans ?? [] });
          assert.equal(back.text, printConfiguration(load(text, from), { secrets: 'plain' }));
        }),
        { numRuns: 40, seed: 20_26 },
      );
    });
  }
}

/** The peer has its network where the device has routes to it, or learns them. */
function choicesFor({ peer, routing }: Link): PeerChoices {
  const hasLan = routing !== undefined || peer.networks.length > 0;
  return { name: peer.name, ...(hasLan ? { lans: [interfacing('10.1.2.1/24')] } : {}) };
}

type Example = Readonly<{
  file: string;
  dialects: readonly DialectName[];
  choices?: PeerChoices;
  tunnel?: string;
  /** Outside of the given device. */
  outside?: string;
  /** BGP sessions over the tunnel. */
  sessions: number;
}>;

const SPOKE_OF_HUB = {
  peer: ip('10.0.0.1'),
  tunnelAddresses: ['172.16.1.5/31', '2001:db8:172::5/127'].map(interfacing),
};

const EXAMPLES: readonly Example[] = [
  { file: 'hub-and-spoke/spoke1.cfg', tunnel: 'Tunnel1', dialects: DIALECTS, sessions: 2 },
  { file: 'hub-and-spoke/spoke2.cfg', tunnel: 'VTI2', dialects: DIALECTS, sessions: 2 },
  { file: 'hub-and-spoke/hub1.cfg', choices: SPOKE_OF_HUB, dialects: DIALECTS, sessions: 2 },
  { file: 'hub-and-spoke-as-printed/hub1.cfg', dialects: DIALECTS, sessions: 1 },
  { file: 'asa-to-asr/asa-xfw01.cfg', dialects: DIALECTS, sessions: 1 },
  { file: 'asa-to-asr/asr-wan01.cfg', outside: 'GigabitEthernet0/1', dialects: DIALECTS, sessions: 1 },
];

for (const { file, dialects, choices, tunnel, outside, sessions } of EXAMPLES) {
  for (const dialect of dialects) {
    test(`${file} ${tunnel ?? ''} with the ${dialect} that is made for it`, () => {
      const text = readFileSync(new URL(`../../examples/${file}`, import.meta.url), 'utf8');
      const peer = made(text, dialect, choices, tunnel);
      const { model } = loadConfiguration(text, file);
      const wanted = { tunnels: 2, sessions: 2 * sessions };
      assert.equal(runPair([model, load(peer.text, dialect)], wanted, outside), '', peer.text);
    });
  }
}
