/**
 * Records the sessions in `test/vectors/strongswan-sessions.json`: `node --import tsx test/peers/record-sessions.ts`, as
 * root. Both roles; IKE_SA_INIT, IKE_AUTH in fragments, CREATE_CHILD_SA for child and IKE SAs, INFORMATIONAL, ESP in UDP.
 */
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { RecordedEvent } from '../../src/gateway/recorded-session.fixture.ts';
import { INSIDE, siteConfig } from './asa-config.ts';
import { GatewayProcess } from './gateway-process.ts';
import { Namespaces } from './namespaces.ts';
import { outcomeOf } from './process.ts';
import { StrongSwan } from './strongswan.ts';
import { espProposal, ikeProposal, policyLines, proposalLines, USUAL_ESP, USUAL_IKE } from './suites.ts';
import { connectionConfig } from './swanctl-config.ts';
import { until } from './until.ts';

const [OURS, THEIRS] = ['192.0.2.1', '192.0.2.2'];
const OUTPUT = new URL('../vectors/strongswan-sessions.json', import.meta.url);

const { stdout: version } = await outcomeOf('dpkg-query', ['--show', 'charon-systemd']);
const source =
  `Recorded by test/peers/record-sessions.ts from ${version.trim().replace(/\s+/, ' ')} of Debian, with throw-away keys: ` +
  'what strongSwan sent to a gateway of ours, and the ticks between.';
const sessions: Record<string, readonly RecordedEvent[]> = {};
for (const initiator of ['us', 'them'] as const) sessions[`initiated by ${initiator}`] = await recorded(initiator);
const rows = Object.entries(sessions).map(
  ([name, events]) =>
    `    ${JSON.stringify(name)}: [\n${events.map((event) => `      ${JSON.stringify(event)}`).join(',\n')}\n    ]`,
);
writeFileSync(OUTPUT, `{\n  "source": ${JSON.stringify(source)},\n  "sessions": {\n${rows.join(',\n')}\n  }\n}\n`);
process.exit(0);

async function recorded(initiator: 'us' | 'them'): Promise<readonly RecordedEvent[]> {
  const namespaces = new Namespaces(`record-${initiator}`);
  try {
    const here = await namespaces.add('gateway');
    const there = await namespaces.add('peer');
    await namespaces.cable(
      { at: here, name: 'eth0', addresses: [`${OURS}/24`] },
      { at: there, name: 'eth0', addresses: [`${THEIRS}/24`] },
    );
    const strongSwan = await StrongSwan.start(there, { settings: 'fragment_size = 300' });
    await there.ip(`address add ${INSIDE.theirs}/32 dev lo`);
    await strongSwan.load(
      connectionConfig({
        ...{ local: THEIRS, remote: OURS, remoteId: OURS },
        ...{ proposals: ikeProposal(USUAL_IKE), espProposals: espProposal(USUAL_ESP) },
        connection: ['fragmentation = yes', 'dpd_delay = 2s'],
      }),
    );
    const file = join(here.folder, 'record.jsonl');
    const gateway = new GatewayProcess(here, { record: file });
    await gateway.configure(
      siteConfig({
        ...{ local: OURS, remote: THEIRS, policy: policyLines(USUAL_IKE), proposal: proposalLines(USUAL_ESP) },
        profile: initiator === 'them' ? ['responder-only'] : [],
      }),
    );
    if (initiator === 'them') await strongSwan.initiate('net');
    const first = await gateway.untilUp();
    await there.pings(INSIDE.ours, INSIDE.theirs, 5);
    await strongSwan.rekey('child', 'net');
    const child = (sa: typeof first): string => sa.children[0]?.inboundSpi ?? '';
    const second = await gateway.untilUp(undefined, (sa) => sa.children.length === 1 && child(sa) !== child(first));
    await there.pings(INSIDE.ours, INSIDE.theirs, 5);
    await strongSwan.rekey('ike', 'site');
    const third = await gateway.untilUp(undefined, (sa) => sa.localSpi !== second.localSpi);
    const messages = async (): Promise<number> => (await gateway.view()).counters['received'] ?? 0;
    const known = await messages();
    await until('strongSwan asks whether we live', async () => (await messages()) > known);
    await there.pings(INSIDE.ours, INSIDE.theirs, 5);
    await gateway.untilUp(undefined, ({ localSpi }) => localSpi === third.localSpi);
    const lines = readFileSync(file, 'utf8').trim().split('\n');
    return lines.map((line) => JSON.parse(line) as RecordedEvent);
  } finally {
    await namespaces.close();
  }
}
