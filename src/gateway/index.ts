/** The whole control plane of one device. */
export type { GatewayEffect, GatewayEvent, OperatorRequest, PingProbe, PingRequest } from './contract.ts';
export { Gateway, type GatewayOptions, type GatewayStatus } from './gateway.ts';
export { ModelIndex } from './model-index.ts';
export type { BgpTableSnapshot, GatewayLogEvent, GatewaySnapshot, InterfaceSnapshot } from './snapshot.ts';
