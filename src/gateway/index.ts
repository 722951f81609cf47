/** The whole control plane of one device. */

export type {
  DriverEffect,
  GatewayEffect,
  GatewayEvent,
  HostTcpOrder,
  HostTcpReport,
  OperatorRequest,
  PeerSettings,
  PingProbe,
  PingRequest,
  TracerouteProbe,
  TracerouteRequest,
} from './contract.ts';
export {
  type CredentialFault,
  type CredentialFiles,
  type Credentials,
  NO_CREDENTIALS,
  readCredentials,
  type TrustpointMaterial,
} from './credentials.ts';
export { Device, type DeviceOptions, type OperatedDevice, operated } from './device.ts';
export type * from './event.ts';
export { Gateway, type GatewayOptions, type GatewayStatus } from './gateway.ts';
export { greFamily } from './gre-plan.ts';
export { type FormatSyslog, SYSLOG_PORT } from './log-hosts.ts';
export { ModelIndex } from './model-index.ts';
export type { OverlaySnapshot } from './overlay.ts';
export type { GatewaySnapshot, InterfaceSnapshot } from './snapshot.ts';
export { ASA_TRANSIT_DEFAULTS, trafficClassEntries, transitRuleName } from './transit.ts';
export type { TrustpointStatus } from './trustpoints.ts';
