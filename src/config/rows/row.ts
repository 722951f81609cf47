/** Modes of the rows that both dialects share, and their makers. */
import type { Assembly } from '../assembly.ts';
import type { CertificateMapModel } from '../certificate-map-model.ts';
import type { Draft } from '../draft.ts';
import type { DeviceModel, RouteMapModel } from '../model.ts';
import { type Row, rowKinds } from '../row.ts';
import type { CertificateChainModel, CertificateModel, TrustpointModel } from '../trustpoint-model.ts';

type Pair<T, V> = Readonly<{ target: T; view: V }>;
export type Clause = RouteMapModel['clauses'][number];

/** What these rows need of a dialect's modes. */
export type SharedModes = Readonly<{
  config: Pair<Assembly, DeviceModel>;
  'route-map': Pair<Draft<Clause>, Clause>;
  trustpoint: Pair<Draft<TrustpointModel>, TrustpointModel>;
  'certificate-chain': Pair<Draft<CertificateChainModel>, CertificateChainModel>;
  'certificate-map': Pair<Draft<CertificateMapModel>, CertificateMapModel>;
  'certificate-data': Pair<Draft<CertificateModel>, CertificateModel>;
}>;
export type SharedRow = Row<keyof SharedModes>;

export const { used, harmless, unsupported } = rowKinds<SharedModes>();
