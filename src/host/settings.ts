/** A VRF's device in the kernel, and the number of its routing table; what is not said is found or chosen. */
export type VrfSetting = Readonly<{ device?: string; table?: number }>;

/** What a machine has to say about a gateway that its configuration can not: the values behind `wheelwright.yaml`. */
export type HostSettings = Readonly<{
  /** Kernel interface by the configuration's hardware name or nameif. Others are found by address, then by name. */
  interfaces: ReadonlyMap<string, string>;
  /** 'match': the kernel's interfaces have the configured addresses already; 'apply': they are added, and taken away at the end. */
  addresses: 'match' | 'apply';
  /** By the configuration's name of the VRF. Others are devices of the same name, or made. */
  vrfs: ReadonlyMap<string, VrfSetting>;
  /** Whether routes go to the kernel at all, and into which table; 254 is its main one. */
  installRoutes: boolean;
  routeTable: number;
  /**
   * Metric of all our routes there. The RIB has compared distances already; this one says how they stand against routes
   * of others for the same prefix: better than what DHCP brings (100 and up), worse than what has none.
   */
  routeMetric: number;
  /** 'auto': the fast path beside the software plane where the machine can; 'fast': the start fails where it can not. */
  plane: 'auto' | 'fast' | 'software';
}>;

export const DEFAULT_SETTINGS: HostSettings = {
  interfaces: new Map(),
  addresses: 'match',
  vrfs: new Map(),
  installRoutes: true,
  routeTable: 254,
  routeMetric: 20,
  plane: 'auto',
};
