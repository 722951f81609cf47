/** Says why: the first layer of a tunnel or a BGP session that fails, the lines that disagree, and what mends them. */
export { explainBgp } from './bgp.ts';
export { type Explained, explainCommand, isExplain } from './command.ts';
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
export { explainRoute } from './path.ts';
export { explainReplay, type ReplayReport, replayText } from './replay.ts';
export { explainTunnel } from './tunnel.ts';
