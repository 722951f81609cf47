/** RIB and recursion. */
export type * from './contract.ts';
