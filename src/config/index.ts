/**
 * Configuration: the text of a device to the model, and back. Cisco's words end here.
 *
 *   lines.ts -> tree.ts -> <dialect>/load.ts -> model.ts -> plan
 */
export { cipherName, espIntegrityIds, integrityIds, prfIds } from './asa/algorithms.ts';
export { emptyAsaModel as emptyModel } from './asa/defaults.ts';
export { asaGrammar } from './asa/grammar/index.ts';
export { loadAsa } from './asa/load.ts';
export { printAsa } from './asa/print.ts';
export type { AsaMode, AsaRow } from './asa/row.ts';
export { formatDiagnostic } from './diagnostics.ts';
export type { Dialect } from './dialect.ts';
export { type DialectName, dialectOf, loadConfiguration, printConfiguration, showRunning } from './dialects.ts';
export { ConfigEditor, type Entered, TERMINAL } from './editor.ts';
export { type Expected, Grammar, type Match, type Mismatch, type Syntax } from './grammar.ts';
export { canonicalInterface } from './interface-name.ts';
export * as iosxeDefaults from './iosxe/defaults.ts';
export {
  defaultEspProposal,
  defaultIkeProposal,
  defaultIkeSelection,
  defaultIpsecProfile,
} from './iosxe/defaults.ts';
export { loadIosxe } from './iosxe/load.ts';
export { printIosxe } from './iosxe/print.ts';
export { type Line, readLine, splitToken } from './lines.ts';
export type * from './model.ts';
export { nearestLine } from './nearest.ts';
export * as parameters from './parameters.ts';
export { type PlanChange, type PlanItem, type PlanKind, planOf } from './plan.ts';
export type { PrintOptions } from './print.ts';
export { emptyBgpFamily, emptyNeighborFamily } from './rows/bgp.ts';
export { firstSecret, MASK, maskSecrets } from './secrets.ts';
export { weakGroups } from './weak-groups.ts';
