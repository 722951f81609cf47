/**
 * `debug crypto ikev2 …` of one terminal: which of the device's events it asked for, and their text. Events tell what
 * IKE did and why; keys are in none of them.
 */
import type { GatewayLogEvent } from '../gateway/index.ts';

/** What can be debugged: the exchanges with peers, and what becomes of them in the device. */
export const debugSubjects = {
  protocol: 'crypto ikev2 protocol',
  platform: 'crypto ikev2 platform',
} as const;

export type DebugSubject = keyof typeof debugSubjects;

export const DEBUG_LEVELS = { least: 1, most: 255, usual: 1 } as const;

/** From this level on the whole chain of causes is told. */
const CHAINS_FROM = 2;

const LABELS: Readonly<Record<DebugSubject, string>> = { protocol: 'PROTO', platform: 'PLAT' };

/** Filters the events of a device for one terminal. */
export class Debugging {
  readonly #levels = new Map<DebugSubject, number>();

  set(subject: DebugSubject, level: number): void {
    this.#levels.set(subject, level);
  }

  clear(subject?: DebugSubject): void {
    if (subject === undefined) this.#levels.clear();
    else this.#levels.delete(subject);
  }

  /** What is on, with its level. */
  list(): readonly Readonly<{ subject: DebugSubject; level: number }>[] {
    return Array.from(this.#levels, ([subject, level]) => ({ subject, level }));
  }

  /** Lines to print for an event, none if it was not asked for. */
  lines(event: GatewayLogEvent): readonly string[] {
    if (this.#levels.size === 0) return [];
    const subject = subjectOf(event);
    const level = subject === undefined ? undefined : this.#levels.get(subject);
    if (subject === undefined || level === undefined) return [];
    const peer = event.remote === undefined ? '' : ` [${event.remote}]`;
    const label = `IKEv2-${LABELS[subject]}-${weightOf(event)}:${peer} `;
    const lines = [`${label}${event.text}`];
    if (level >= CHAINS_FROM) {
      for (let cause = event.cause; cause !== undefined; cause = cause.because) {
        lines.push(`${label}  because ${cause.text} (${cause.code})`);
      }
    }
    // Text that strangers sent is in it: control characters never reach the terminal.
    return lines.map((line) => line.replaceAll(/\p{Cc}/gu, '.'));
  }
}

/** Which debugging an event belongs to; undefined: it is not IKE's. */
function subjectOf({ details }: GatewayLogEvent): DebugSubject | undefined {
  switch (details?.kind) {
    case 'ike':
      return 'protocol';
    case 'child-sa':
    case 'tunnel':
    case 'path-mtu':
    case 'esp':
      return 'platform';
    default:
      return undefined;
  }
}

/** The platform's own scale: 1 is an error, 4 and 5 tell how things go. */
function weightOf({ severity }: GatewayLogEvent): number {
  if (severity <= 4) return 1;
  return severity - 2;
}
