/** The only place with a clock, timers, files and sockets: what drives a gateway or a lab on a real machine. */
export { type HostClock, realClock, wallClock } from './clock.ts';
export {
  type ConnectFault,
  type ControlListener,
  connectControl,
  listenControl,
  MOST_PATH_BYTES,
} from './control-socket.ts';
export { type CurveChoice, chooseCurves } from './curves.ts';
export { gatherFacts, type LinkFact, type MachineFacts, type PortFact } from './doctor-facts.ts';
export { entropy } from './entropy.ts';
export { type FileSink, fileSink, makeFolderFor, readBytes, readText, reasonOf, writeTexts } from './files.ts';
export { GatewayHost, type GatewayHostOptions } from './gateway-host.ts';
export {
  controlPath,
  DEFAULT_FOLDERS,
  HOST_FILE_SECTIONS,
  type HostFile,
  type IkeEntry,
  type PpkEntry,
  readHostFile,
  type TrustpointFiles,
} from './host-file.ts';
export { type InstanceLock, type LockFault, lockInstance } from './instance-lock.ts';
export { openLinux } from './linux/index.ts';
export { LogFile } from './log-file.ts';
export { replaceFile } from './replace-file.ts';
export { type ProcessMemory, type RunProcess, type RunSignal, runProcess } from './run-process.ts';
export { DEFAULT_SETTINGS, type HostSettings } from './settings.ts';
export type { OpenSystem, System, SystemFault, SystemLink, SystemRoute } from './system.ts';
export { neededVrfs } from './vrfs.ts';
export { watchFolders } from './watch-folders.ts';
