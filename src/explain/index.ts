/** Says why: the first layer of a tunnel or a BGP session that fails, the lines that disagree, and what mends them. */
export { type Algorithm, disagreements, nearestPair } from './algorithms.ts';
export { explainBgp, sessionFaults } from './bgp.ts';
export { type Explained, explainCommand, isExplain } from './command.ts';
export { deviceWalker, fateByNotes } from './device-walk.ts';
export {
  applyEdit,
  type Diagnosis,
  type Edit,
  formatDiagnosis,
  type Layer,
  type SourceLine,
  type Subject,
} from './diagnosis.ts';
export type { DeviceEvidence, Fabric } from './evidence.ts';
export { explainMtu, type MtuPath, type MtuReport, type WayBetween } from './mtu.ts';
export { mtuText } from './mtu-text.ts';
export { explainPacket, type PacketReport, type PacketWay } from './packet.ts';
export { type PacketQuery, readPacketQuery, readPacketTracer, walkFrom, walkPacket } from './packet-query.ts';
export { packetMermaid, packetText } from './packet-text.ts';
export {
  type HopFate,
  outlineOf,
  type PacketOutline,
  type PacketWalk,
  type PacketWalker,
  type WalkHop,
  type WalkStart,
} from './packet-walk.ts';
export { explainRoute } from './path.ts';
export { deleteLine, insertAfter, placeOf, replaceLine, setAttribute } from './places.ts';
export { byPrefixList } from './policy-verdict.ts';
export { explainReplay, type ReplayReport, replayText } from './replay.ts';
export { explainTunnel, tunnelFaults } from './tunnel.ts';
