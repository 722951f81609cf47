/** What is wrong with a command line, and how each platform says so. */
import { maskSecrets } from '../config/index.ts';
import type { Platform } from './platform.ts';

export type Complaint =
  | Readonly<{ kind: 'incomplete' }>
  /** The line, or the word of it, that may mean several things. */
  | Readonly<{ kind: 'ambiguous'; line: string }>
  /** A word that is not what belongs there, named in our own words. */
  | Readonly<{ kind: 'invalid'; what: string }>
  /** The line stops to make sense at a column, counted from 1; `more` is what we have to add. */
  | Readonly<{ kind: 'marked'; column: number; more: readonly string[] }>
  /** `?` where nothing may follow. */
  | Readonly<{ kind: 'unrecognized' }>
  | Readonly<{ kind: 'refused'; text: string }>;

/** The complaint as it is printed, newline included. A router sets it apart from the prompt that follows. */
export function complaintText(platform: Platform, complaint: Complaint): string {
  return platform === 'asa' ? `${asaWords(complaint)}\n` : `${iosWords(complaint)}\n\n`;
}

function asaWords(complaint: Complaint): string {
  switch (complaint.kind) {
    case 'incomplete':
      return 'ERROR: % Incomplete command';
    case 'ambiguous':
      return `ERROR: % Ambiguous command:  "${maskSecrets(complaint.line)}"`;
    case 'invalid':
      return `ERROR: % Invalid input detected: ${complaint.what}`;
    case 'marked':
      return marked(complaint, "ERROR: % Invalid input detected at '^' marker.");
    case 'unrecognized':
      return 'ERROR: % Unrecognized command';
    case 'refused':
      return `ERROR: ${complaint.text}`;
    default:
      return complaint satisfies never;
  }
}

function iosWords(complaint: Complaint): string {
  switch (complaint.kind) {
    case 'incomplete':
      return '% Incomplete command.';
    case 'ambiguous':
      return `% Ambiguous command:  "${maskSecrets(complaint.line)}"`;
    case 'invalid':
      return `% Invalid input detected: ${complaint.what}`;
    case 'marked':
      return marked(complaint, "% Invalid input detected at '^' marker.");
    case 'unrecognized':
      return '% Unrecognized command';
    case 'refused':
      return `% ${complaint.text}`;
    default:
      return complaint satisfies never;
  }
}

function marked({ column, more }: Extract<Complaint, { kind: 'marked' }>, sentence: string): string {
  return [`${' '.repeat(Math.max(0, column - 1))}^`, sentence, ...more].join('\n');
}
