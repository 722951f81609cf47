/** Finds lines in a device's configuration, and makes the parts of a finding from them. */
import { IpAddress, type SecretKey } from '../base/index.ts';
import type { InterfaceModel, Position, Written } from '../config/index.ts';
import { type Edit, editAt, type SourceLine, sourceLine } from './diagnosis.ts';
import type { DeviceEvidence } from './evidence.ts';

/** Where an attribute was written; where it was not, the line that opened its object. */
export function placeOf(written: Written, attribute: string): Position {
  return written.attributes[attribute] ?? written.start;
}

/** The line of an attribute, or the one that opened its object. */
export function lineOf(device: DeviceEvidence, written: Written, attribute?: string): SourceLine {
  return sourceLine(device, attribute === undefined ? written.start : placeOf(written, attribute));
}

/** The line at a place. */
export function lineAt(device: DeviceEvidence, position: Position): SourceLine {
  return sourceLine(device, position);
}

/** The line of one address of an interface; an interface may have several. */
export function addressPlace(device: DeviceEvidence, one: InterfaceModel, address: IpAddress): Position {
  const { start } = one.written;
  const lines = device.configuration.text.split('\n').slice(start.line, sectionEnd(device, start).line);
  const at = lines.findIndex((line) =>
    line.split(/[\s/]+/).some((word) => IpAddress.parse(word)?.equals(address) === true),
  );
  return at < 0 ? placeOf(one.written, 'addresses') : { file: start.file, line: start.line + at + 1, column: 2 };
}

/** The first line that matches, for what the model keeps no place of. */
export function findLine({ configuration }: DeviceEvidence, pattern: RegExp): Position | undefined {
  const lines = configuration.text.split('\n');
  const at = lines.findIndex((line) => pattern.test(line));
  if (at < 0) return undefined;
  return { file: configuration.file, line: at + 1, column: (lines[at] ?? '').search(/\S/) + 1 };
}

/** The last line of the section that an object was written in, for inserting behind it. */
export function sectionEnd({ configuration }: DeviceEvidence, { file, line }: Position): Position {
  const lines = configuration.text.split('\n');
  let last = line;
  while (/^\s+\S/.test(lines[last] ?? '')) last++;
  return { file, line: last, column: 1 };
}

type Change = Readonly<{ text: string; why: string; secrets?: readonly SecretKey[]; count?: number }>;

/** Replaces an attribute's line, or writes it as the first line of its object where there is none. */
export function setAttribute(device: DeviceEvidence, written: Written, attribute: string, change: Change): Edit {
  const known = written.attributes[attribute];
  if (known === undefined) return insertAfter(device, written.start, { ...change, text: ` ${change.text}` });
  return replaceLine(device, known, change);
}

/** Replaces a line by another with the same indentation. */
export function replaceLine(device: DeviceEvidence, position: Position, { text, ...rest }: Change): Edit {
  const indent = ' '.repeat(Math.max(0, position.column - 1));
  return editAt(device, position, { action: 'replace', text: `${indent}${text}`, ...rest });
}

export function insertAfter(device: DeviceEvidence, position: Position, change: Change): Edit {
  return editAt(device, position, { action: 'insert-after', ...change });
}

export function deleteLine(device: DeviceEvidence, position: Position, why: string): Edit {
  return editAt(device, position, { action: 'delete', text: '', why });
}

/** `file:line`, to refer to a line in a sentence. */
export function where({ position }: SourceLine): string {
  return `${position.file}:${position.line}`;
}
