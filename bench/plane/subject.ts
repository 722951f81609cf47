/** What can be measured: something that carries packets between the two gateways of a `Network`. */
import type { Network } from './network.ts';

export const SUITES = ['aes-256-gcm', 'aes-128-cbc-sha1'] as const;
export type Suite = (typeof SUITES)[number];

export type Subject = Readonly<{
  name: string;
  title: string;
  /** Those that it is measured with; a subject that has one cipher of its own stands with the first. */
  suites: readonly Suite[];
  /** Whether hostile packets are sent to it: to ours alone, one of each plane. */
  isAttacked: boolean;
  start: (network: Network, suite: Suite) => Promise<Started>;
}>;

/** It carries packets now. */
export type Started = Readonly<{
  /** Processes of its gateways: their time and memory are counted. */
  pids: readonly number[];
  /** True while it runs; fails, with what it said, when it has ended. */
  runs: () => true;
  /** What of it is worth knowing beside the figures. */
  notes?: readonly string[];
  /** What it said, for when something fails. */
  log: () => string;
}>;

/** It can not be measured here, for a reason that the report says; any other error ends the benchmark. */
export class Unavailable extends Error {}
