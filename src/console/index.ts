/** The operator's commands over one gateway: text drawn from typed snapshots. */
export * as control from './control/index.ts';
export { Debugging, type DebugSubject } from './debugging.ts';
export { type ExecDevice, type ExecResult, exec } from './exec.ts';
export { PingText, pingText } from './ping-text.ts';
export { cipherName, hashName, transformName, upTime } from './show/names.ts';
export * as schema from './show/schema.ts';
export * as syslog from './syslog/index.ts';
export type { ConsoleDevice, ExecRequest, RequestOutput } from './terminal/console-device.ts';
export { LineEditor, type LineEvent } from './terminal/line-editor.ts';
export { type TerminalOptions, TerminalSession } from './terminal/session.ts';
export type { ExtraSyntax } from './terminal/session-grammar.ts';
export { TracerouteText, tracerouteText } from './traceroute-text.ts';
