/** What BGP's packets are known by on the wire. */

/** RFC 4271 section 8.2.1. */
export const BGP_PORT = 179;
/** RFC 5082 section 3: what a direct neighbour's packets must still have. */
export const GTSM_TTL = 255;
