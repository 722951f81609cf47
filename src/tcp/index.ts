/** TCP: RFC 9293, 5681, 6298, 7323-free, 2385 (MD5 option). */
export type * from './contract.ts';
