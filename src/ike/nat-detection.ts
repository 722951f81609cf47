/** NAT detection, RFC 7296 section 2.23: both ends hash the addresses they see and compare. */
import { bytesEqual, EMPTY, type Endpoint, IpAddress, Writer } from '../base/index.ts';
import { sha1 } from '../crypto/index.ts';
import { spiBytes } from './keys.ts';
import type { IkePath } from './policy.ts';
import { type IkeHeader, NotifyType, type Payload, ProtocolId } from './wire/message.ts';

/** SPIs as in the header of the message that carries the hashes: the first request has responder SPI 0. */
export type Spis = Pick<IkeHeader, 'initiatorSpi' | 'responderSpi'>;

/** Where a NAT stands. `supported`: the peer sent both kinds of hash. */
export type NatSituation = Readonly<{ local: boolean; remote: boolean; supported: boolean }>;

/**
 * The two notifications of an IKE_SA_INIT message that we send on `path`. Who wants ESP in UDP without a NAT on the way
 * (section 2.23 foresees it) says of itself what no address is, so that the peer finds a NAT before us.
 */
export function natNotifies(spis: Spis, path: IkePath, forced = false): Payload[] {
  const source = forced ? { address: IpAddress.any(path.local.address.family), port: 0 } : path.local;
  return [
    notify(NotifyType.NAT_DETECTION_SOURCE_IP, natHash(spis, source)),
    notify(NotifyType.NAT_DETECTION_DESTINATION_IP, natHash(spis, path.remote)),
  ];
}

/** Compares the peer's hashes with what we see; a peer may send several source hashes, of which one must fit. */
export function detectNat(payloads: readonly Payload[], spis: Spis, path: IkePath): NatSituation {
  const sources = hashesOf(payloads, NotifyType.NAT_DETECTION_SOURCE_IP);
  const destinations = hashesOf(payloads, NotifyType.NAT_DETECTION_DESTINATION_IP);
  if (sources.length === 0 || destinations.length === 0) return { local: false, remote: false, supported: false };
  const expectedSource = natHash(spis, path.remote);
  const expectedDestination = natHash(spis, path.local);
  return {
    local: !destinations.some((hash) => bytesEqual(hash, expectedDestination)),
    remote: !sources.some((hash) => bytesEqual(hash, expectedSource)),
    supported: true,
  };
}

/** SHA-1(SPIi | SPIr | address | port). */
function natHash(spis: Spis, { address, port }: Endpoint): Uint8Array {
  const place = new Writer(18).bytes(address.toBytes()).u16(port).finish();
  return sha1(spiBytes(spis.initiatorSpi), spiBytes(spis.responderSpi), place);
}

function hashesOf(payloads: readonly Payload[], type: number): Uint8Array[] {
  return payloads.flatMap((payload) => (payload.kind === 'notify' && payload.type === type ? [payload.data] : []));
}

function notify(type: number, data: Uint8Array): Payload {
  return { kind: 'notify', protocol: ProtocolId.NONE, spi: EMPTY, type, data };
}
