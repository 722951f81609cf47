/** The only place with a clock, timers, files and sockets: what drives a gateway or a lab on a real machine. */
export { type HostClock, realClock, wallClock } from './clock.ts';
export { type FileSink, fileSink, readText, writeTexts } from './files.ts';
export { GatewayHost, type GatewayHostOptions } from './gateway-host.ts';
export { openLinux } from './linux/index.ts';
export { type Requirement, requirements } from './requirements.ts';
export { DEFAULT_SETTINGS, type HostSettings } from './settings.ts';
export type { OpenSystem, System, SystemFault, SystemLink, SystemRoute } from './system.ts';
