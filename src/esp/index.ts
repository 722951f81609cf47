/**
 * ESP in tunnel and transport mode: sealing, opening, the replay window and the sizes that follow.
 *
 * RFC 4303 (ESP, extended sequence numbers in section 2.2.1 and appendix A), 3602 (AES-CBC), 4106 (AES-GCM),
 * 7634 (ChaCha20-Poly1305), 2404 and 4868 (integrity), 3948 (UDP encapsulation, as far as sizes go).
 */
export { inferSequence } from './extended-sequence.ts';
export { type EspDrop, InboundEsp, type InboundEspOptions, type InboundMemory, type OpenedEsp } from './inbound-esp.ts';
export {
  addLateness,
  adviseWindow,
  LATENESS_BUCKETS,
  type Lateness,
  LatenessHistogram,
  REPLAY_WINDOWS,
  type WindowAdvice,
} from './lateness.ts';
export {
  asaOverhead,
  type EspLayer,
  type EspShape,
  espLayers,
  espOverhead,
  innerMtu,
  type MtuRule,
  sealedLength,
  transportModeMtu,
  tunnelMtu,
} from './mtu.ts';
export { OutboundEsp, type OutboundEspOptions, type OutboundMemory, takeSequence } from './outbound-esp.ts';
export { outerLengths, type TunnelSizes } from './outer-lengths.ts';
export { TWO_32 } from './packet.ts';
export { beginReplay, type Guard, type ReplayMemory, ReplayWindow, replayWords } from './replay-window.ts';
