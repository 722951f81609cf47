/** Places in configuration texts. */

/** Place in a configuration text; line and column count from 1. */
export type Position = Readonly<{ file: string; line: number; column: number }>;

/**
 * Where an object and its attributes were written. Keys of `attributes` are the attribute names of the object
 * (`destination`, `profile`, …); `start` is the line that opened it.
 */
export type Written = Readonly<{ start: Position; attributes: Readonly<Record<string, Position>> }>;
