/** Default administrative distances: the smaller, the more trusted; 255 is never used. */
export const Distance = { connected: 0, static: 1, vpn: 1, ebgp: 20, ospf: 110, ibgp: 200, never: 255 } as const;
