/** The operator's commands over one gateway: text drawn from typed snapshots. */
export { type ExecDevice, type ExecResult, exec, execHelp } from './exec.ts';
export { pingText } from './ping-text.ts';
export { cipherName, hashName, transformName, upTime } from './show/names.ts';
export * as schema from './show/schema.ts';
export { type TracerouteProbe, tracerouteText } from './traceroute-text.ts';
