/** Why things went down, remembered so that what follows from it can say so: lines, BGP sessions, IKE sessions. */
import type { Cause } from '../ike/index.ts';

export class Reasons {
  /** Of interfaces without line protocol, by name. */
  readonly #lines = new Map<string, Cause>();
  /** Of BGP neighbours without a session, by address. */
  readonly #neighbors = new Map<string, Cause>();
  /** What BGP last said of a neighbour during the present event. */
  readonly #notices = new Map<string, Cause>();
  /** IKE sessions that ended during the present event, by the owner of their routes. */
  readonly #sessions = new Map<string, Cause>();
  /** By neighbour: the interface that last led there. */
  readonly #ways = new Map<string, string>();
  #present: Cause | undefined;

  /** A new event is taken in; `cause` stands behind all that it changes, where nothing nearer does. */
  begin(cause: Cause | undefined): void {
    this.#present = cause;
    this.#notices.clear();
    this.#sessions.clear();
  }

  /** What stands behind changes at this moment. */
  get present(): Cause | undefined {
    return this.#present;
  }

  /** What `act` changes is because of `cause`. */
  during<T>(cause: Cause, act: () => T): T {
    const outer = this.#present;
    this.#present = cause;
    const result = act();
    this.#present = outer;
    return result;
  }

  lineChanged(name: string, up: boolean): void {
    if (up) this.#lines.delete(name);
    else this.#lines.set(name, link('line-down', `line protocol of ${name} went down`, this.#present));
  }

  /** Why an interface is down; undefined: it is up, or never was. */
  lineDown(name: string): Cause | undefined {
    return this.#lines.get(name);
  }

  sessionEnded(owner: string, peer: string, because: Cause): void {
    this.#sessions.set(owner, link('ike-sa-down', `the IKE SA of ${peer} ended`, because));
  }

  /** Why the IKE session behind routes ended just now. */
  ended(owner: string): Cause | undefined {
    return this.#sessions.get(owner);
  }

  /** A route leads to a BGP neighbour by this interface. */
  neighborBehind(neighbor: string, name: string): void {
    this.#ways.set(neighbor, name);
  }

  noticed(neighbor: string, code: string, text: string): void {
    this.#notices.set(neighbor, { code, text });
  }

  /** A BGP session ended: gives why, as far back as is known. */
  neighborEnded(neighbor: string, reason: string): Cause {
    const said = this.#notices.get(neighbor) ?? { code: wordsAsCode(reason), text: reason };
    const way = this.#ways.get(neighbor);
    const line = way === undefined ? undefined : this.#lines.get(way);
    const cause = link(said.code, said.text, line ?? this.#present);
    this.#neighbors.set(neighbor, link('bgp-neighbor-down', `BGP neighbor ${neighbor} went down`, cause));
    return cause;
  }

  neighborBegan(neighbor: string): void {
    this.#neighbors.delete(neighbor);
  }

  /** Why a BGP session is down; undefined: it is up, or never was. */
  neighborDown(neighbor: string): Cause | undefined {
    return this.#neighbors.get(neighbor);
  }

  /** Forgets neighbours that are configured no more. */
  retainNeighbors(wanted: ReadonlySet<string>): void {
    for (const map of [this.#neighbors, this.#ways]) {
      for (const key of map.keys()) if (!wanted.has(key)) map.delete(key);
    }
  }
}

function link(code: string, text: string, because: Cause | undefined): Cause {
  return because === undefined ? { code, text } : { code, text, because };
}

function wordsAsCode(text: string): string {
  return text
    .toLowerCase()
    .replaceAll(/[^a-z0-9]+/g, '-')
    .replaceAll(/^-|-$/g, '');
}
