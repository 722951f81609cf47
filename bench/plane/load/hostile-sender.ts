/**
 * Hostile packets as fast as they can be sent, or at a rate:
 *
 *     hostile-sender KIND LINK OWN_ADDRESS DESTINATION SECONDS PACKETS_PER_SECOND
 *
 * Outer kinds run where the peer is and have its address; they capture a few of its ESP packets first. Prints `ready`,
 * waits for a line, and at the end prints what was sent as a line of JSON. A super-packet counts as one.
 */
import { once } from 'node:events';
import { IpAddress } from '../../../src/base/index.ts';
import { openLibc } from '../../../src/host/linux/libc.ts';
import { FROM_LAN, type HostileKind } from '../hostile-kinds.ts';
import { espFlood } from './hostile-esp.ts';
import { offloadFlood } from './hostile-offload.ts';
import { pace } from './pacer.ts';

const BATCH = 64;

const [kind = '', link = '', own = '', to = '', seconds, rate] = process.argv.slice(2);
const source = IpAddress.parse(own);
const destination = IpAddress.parse(to);
const opened = openLibc();
if (!opened.ok || source === undefined || destination === undefined) {
  throw new Error('hostile-sender KIND LINK OWN_ADDRESS DESTINATION SECONDS RATE');
}
const [libc, named] = [opened.value, kind as HostileKind];
const place = { libc, link, source, destination, batch: BATCH };
const send = FROM_LAN.includes(named) ? offloadFlood(named, place) : espFlood(named, place);
process.stdout.write('ready\n');
await once(process.stdin, 'data');
const paced = pace({ perSecond: Number(rate), seconds: Number(seconds), batch: BATCH, send });
process.stdout.write(`${JSON.stringify(paced)}\n`, () => process.exit(0));
