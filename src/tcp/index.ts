/**
 * TCP: RFC 9293, 5681 and 6582 (NewReno), 6928, 3042, 6298, 5961, 7323 (the peer's window scale alone), 2385 (MD5).
 */
export { HIGH_WATER_BYTES } from './connection.ts';
export type * from './contract.ts';
export { Tcp } from './tcp.ts';
