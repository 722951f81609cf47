/**
 * Honest initiators, for `flood.test.ts`: one IKE core with a UDP socket on each of the addresses of this namespace.
 *
 *     honest-peers.ts HUB FIRST_ADDRESS COUNT EVERY_MS PATIENCE_MS
 *
 * Once told to on its input they begin one after another, and each has so long to get in. Prints that it is ready, that
 * all have begun, and at last how many got in and how long they took.
 */
import { createSocket } from 'node:dgram';
import { once } from 'node:events';
import { setTimeout as wait } from 'node:timers/promises';
import { at, IpAddress, SecretKey, utf8 } from '../../src/base/index.ts';
import { Encr, Ke, Prf } from '../../src/crypto/index.ts';
import { entropy, realClock } from '../../src/host/index.ts';
import { anySelectors, Ike, type IkeConfig, type IkeEffect, type IkeEvent } from '../../src/ike/index.ts';

const [hubText = '', firstText = '', countText = '', everyText = '', patienceText = ''] = process.argv.slice(2);
const hub = IpAddress.parse(hubText);
const first = IpAddress.parse(firstText);
if (hub === undefined || first === undefined) throw new Error('honest-peers.ts HUB FIRST COUNT EVERY_MS PATIENCE_MS');

function configOf(own: IpAddress, remote: IpAddress): IkeConfig {
  const key = new SecretKey(utf8('cisco'));
  return {
    addresses: [own],
    proposals: [
      {
        encryption: [{ encr: Encr.AES_GCM_16, keyBits: 256 }],
        integrity: [],
        prf: [Prf.HMAC_SHA2_256],
        groups: [Ke.CURVE25519],
      },
    ],
    peers: [
      {
        name: 'hub',
        group: remote.toString(),
        isDefault: false,
        remote,
        local: own,
        initiate: true,
        validateIdentity: 'none',
        localKey: key,
        remoteKey: key,
        ikeLifetimeMs: 86_400_000,
        child: {
          proposals: [{ encryption: [{ encr: Encr.AES_GCM_16, keyBits: 128 }], integrity: [], esn: [false] }],
          mode: 'tunnel',
          localSelectors: anySelectors(4),
          remoteSelectors: anySelectors(4),
          lifetimeMs: 28_800_000,
          replayWindow: 64,
        },
        sendRoutes: [],
        acceptRoutes: false,
      },
    ],
    cookieThreshold: 100,
    maxHalfOpen: 100,
    natKeepaliveMs: 0,
  };
}

/** Tries to get in; answers in how many milliseconds it did. */
function begin(own: IpAddress, remote: IpAddress, patienceMs: number): Promise<number | undefined> {
  return new Promise((resolve) => {
    const socket = createSocket('udp4');
    const ike = new Ike({ random: entropy, lastInbound: () => undefined });
    const begun = realClock.now();
    let timer: NodeJS.Timeout | undefined;
    let isOver = false;
    const end = (result: number | undefined): void => {
      if (isOver) return;
      isOver = true;
      clearTimeout(timer);
      socket.close();
      resolve(result);
    };
    const perform = (effect: IkeEffect): void => {
      if (effect.kind === 'send') {
        socket.send(effect.message, effect.path.remote.port, effect.path.remote.address.toString(), () => undefined);
      } else if (effect.kind === 'install-child-sa') end(realClock.now() - begun);
    };
    const handle = (event: IkeEvent): void => {
      if (isOver) return;
      const now = at(realClock.now());
      for (const effect of ike.handle(event, now)) perform(effect);
      clearTimeout(timer);
      const wake = Math.min(ike.wakeAt() ?? Number.POSITIVE_INFINITY, begun + patienceMs);
      if (now >= begun + patienceMs) end(undefined);
      else if (!isOver) timer = setTimeout(() => handle({ kind: 'tick' }), Math.max(1, wake - now));
    };
    const path = { local: { address: own, port: 500 }, remote: { address: remote, port: 500 } };
    socket.on('message', (message) => handle({ kind: 'datagram', path, message: new Uint8Array(message) }));
    socket.on('error', () => end(undefined));
    socket.bind(500, own.toString(), () => {
      handle({ kind: 'configure', config: configOf(own, remote) });
      handle({ kind: 'peer-reachable', peer: 'hub', reachable: true });
    });
  });
}

process.stdout.write('ready\n');
await once(process.stdin, 'data');
process.stdin.destroy();
const tries: Promise<number | undefined>[] = [];
for (let i = 0; i < Number(countText); i++) {
  tries.push(begin(first.plus(i), hub, Number(patienceText)));
  await wait(Number(everyText));
}
process.stdout.write('all have begun\n');
const took = (await Promise.all(tries)).filter((one) => one !== undefined).sort((a, b) => a - b);
process.stdout.write(
  `${JSON.stringify({ in: took.length, medianMs: took[took.length >> 1] ?? 0, slowestMs: took.at(-1) ?? 0 })}\n`,
);
