/** The two ends of one tunnel, put side by side for the rules: what each end's lines say and what each end sees. */
import type { IpAddress } from '../base/index.ts';
import type { EspProposalModel, InterfaceModel, IpsecProfileModel, TunnelGroupModel } from '../config/index.ts';
import type { InterfaceSnapshot, ModelIndex } from '../gateway/index.ts';
import type { IkeSaSnapshot } from '../ike/index.ts';
import type { Diagnosis, Layer, Subject } from './diagnosis.ts';
import type { DeviceEvidence, Fabric } from './evidence.ts';

/** One end: absent fields are what its configuration does not have. */
export type TunnelEnd = Readonly<{
  device: DeviceEvidence;
  index: ModelIndex;
  /** The tunnel interface, or the virtual template that the tunnel-group names. */
  tunnel?: InterfaceModel;
  /** Interface that outer packets leave from, and its address. */
  source?: InterfaceModel;
  address?: IpAddress;
  profile?: IpsecProfileModel;
  proposals: readonly EspProposalModel[];
  /** The tunnel-group that it takes for the other end. */
  group?: TunnelGroupModel;
  /** The tunnel as it stands: its own interface or the clone that serves the other end. */
  state?: InterfaceSnapshot;
  /** The IKE SA, established or under way. */
  ikeSa?: IkeSaSnapshot;
}>;

export type TunnelCase = Readonly<{
  fabric: Fabric;
  subject: Subject;
  near: TunnelEnd;
  /** Absent: no device that is known has the destination's address. */
  far?: TunnelEnd;
  /** Whether the near end names the far one (`tunnel destination`); else it waits for it on a virtual template. */
  initiates: boolean;
  /** The near end's address as the far one sees it: behind NAT it is not the one that is configured. */
  seenByFar?: IpAddress;
  /** The address that the question was about, when the near end waits for the other. */
  peer?: IpAddress;
}>;

/** What a rule found; subject and layer are added for it. */
export type Finding = Pick<Diagnosis, 'code' | 'claim'> & Partial<Diagnosis>;

/** One idea of what may be wrong: looks at both ends and says so, or says nothing. */
export type TunnelRule = (one: TunnelCase) => Finding | undefined;

/** Rules of one layer. Those of a tunnel that is up are asked 'always', the others only while it is down. */
export type TunnelLayer = Readonly<{ layer: Layer; asked: 'down' | 'always'; rules: readonly TunnelRule[] }>;
