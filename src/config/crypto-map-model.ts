/** Crypto maps: policies of an interface that protect what an access list permits. They are read, and not run. */
import type { IpAddress } from '../base/index.ts';
import type { Written } from './written.ts';

export type CryptoMapModel = Readonly<{
  name: string;
  sequence: number;
  accessList?: string;
  peers: readonly IpAddress[];
  /** Transform sets, most wanted first. */
  proposals: readonly string[];
  ikeProfile?: string;
  pfsGroup?: number;
  reverseRoute: boolean;
  written: Written;
}>;
