/** The control socket's two halves without the socket: frames, and what a gateway does with a connection. */
export { ControlSession } from './control-session.ts';
export {
  type ControlFault,
  type ControlFrame,
  encodeFrame,
  FrameReader,
  MOST_BODY_BYTES,
  MOST_FRAME_BYTES,
} from './frames.ts';
export type { ControlPeer } from './outbox.ts';
export { isEmptyPlan, planText, type ReloadDocument, reloadSchema } from './plan-text.ts';
export { CONTROL_VERSION, type ControlAction, type ControlRequest } from './requests.ts';
export type { ControlAnswer, ControlService } from './service.ts';
