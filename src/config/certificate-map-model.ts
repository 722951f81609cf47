/** Rules over certificates: which profile, or which group, the holder of one belongs to. */
import type { Written } from './written.ts';

export type CertificateField =
  | 'subject'
  | 'issuer'
  | 'alternative-name'
  | 'unstructured-name'
  | 'any-name'
  | 'serial'
  | 'key-usage'
  | 'valid-from'
  | 'valid-until';

export type CertificateConditionModel = Readonly<{
  field: CertificateField;
  /** This attribute of the name alone, such as `ou`; absent: all of it. */
  attribute?: string;
  relation: 'equals' | 'differs' | 'contains' | 'lacks' | 'before' | 'from';
  value: string;
}>;

/** One entry of a map: all its conditions have to hold. Entries of one name are alternatives, in their order. */
export type CertificateMapModel = Readonly<{
  name: string;
  sequence: number;
  conditions: readonly CertificateConditionModel[];
  written: Written;
}>;

/** How an ASA finds the tunnel-group of a peer with a certificate. */
export type TunnelGroupMapModel = Readonly<{
  /** `tunnel-group-map enable rules`. */
  usesRules: boolean;
  rules: readonly Readonly<{ map: string; sequence: number; group: string; written: Written }>[];
  defaultGroup?: string;
  written: Written;
}>;
