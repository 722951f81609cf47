/**
 * The pattern language of grammar rows, compiled to a graph of states.
 *
 *   tunnel destination / <address>      keywords and parameters; a `no` line may end at the slash
 *   set pfs [<group>]                   optional part
 *   {seconds <s>|kilobytes <k>}         alternatives
 *   set peer <peers>...                 one or more
 */
export type Element =
  | Readonly<{ kind: 'word'; text: string }>
  | Readonly<{ kind: 'param'; name: string; repeats: boolean }>
  | Readonly<{ kind: 'optional'; body: readonly Element[] }>
  | Readonly<{ kind: 'either'; branches: readonly (readonly Element[])[] }>
  | Readonly<{ kind: 'stop' }>;

export type Edge = Readonly<{ kind: 'word'; text: string; to: State } | { kind: 'param'; name: string; to: State }>;

/** A place in a pattern: what may come next, and whether a line (or a `no` line) may end here. */
export type State = Readonly<{ edges: readonly Edge[]; final: boolean; stop: boolean }>;

/** Parses a pattern. A malformed one is our own mistake and throws. */
export function parsePattern(pattern: string): readonly Element[] {
  const parts = pattern.match(/<[\w-]+>(?:\.\.\.)?|[{}[\]|/]|[^\s{}[\]|<>/]+/g) ?? [];
  const cursor = { parts, at: 0 };
  const elements = parseSequence(cursor);
  if (cursor.at !== parts.length) throw new Error(`pattern not understood: ${pattern}`);
  return elements;
}

type Cursor = { readonly parts: readonly string[]; at: number };

function parseSequence(cursor: Cursor): Element[] {
  const elements: Element[] = [];
  for (;;) {
    const part = cursor.parts[cursor.at];
    if (part === undefined || part === ']' || part === '}' || part === '|') return elements;
    cursor.at++;
    if (part === '[') elements.push({ kind: 'optional', body: parseUntil(cursor, ']') });
    else if (part === '{') elements.push(parseEither(cursor));
    else if (part === '/') elements.push({ kind: 'stop' });
    else if (part.startsWith('<')) {
      const name = part.slice(1, part.indexOf('>'));
      elements.push({ kind: 'param', name, repeats: part.endsWith('...') });
    } else elements.push({ kind: 'word', text: part });
  }
}

function parseUntil(cursor: Cursor, end: string): Element[] {
  const body = parseSequence(cursor);
  if (cursor.parts[cursor.at++] !== end) throw new Error(`pattern lacks ${end}: ${cursor.parts.join(' ')}`);
  return body;
}

function parseEither(cursor: Cursor): Element {
  const branches: Element[][] = [];
  for (;;) {
    branches.push(parseSequence(cursor));
    const end = cursor.parts[cursor.at++];
    if (end === '}') return { kind: 'either', branches };
    if (end !== '|') throw new Error(`pattern lacks }: ${cursor.parts.join(' ')}`);
  }
}

/** Compiles elements to their first state. */
export function compile(elements: readonly Element[]): State {
  return compileBefore(elements, { edges: [], final: true, stop: false });
}

function compileBefore(elements: readonly Element[], after: State): State {
  return elements.reduceRight((next, element) => compileOne(element, next), after);
}

function compileOne(element: Element, next: State): State {
  switch (element.kind) {
    case 'word':
      return { edges: [{ kind: 'word', text: element.text, to: next }], final: false, stop: false };
    case 'param': {
      if (!element.repeats)
        return { edges: [{ kind: 'param', name: element.name, to: next }], final: false, stop: false };
      const edges: Edge[] = [...next.edges];
      const loop: State = { edges, final: next.final, stop: next.stop };
      const edge: Edge = { kind: 'param', name: element.name, to: loop };
      edges.unshift(edge);
      return { edges: [edge], final: false, stop: false };
    }
    case 'optional':
      return join([compileBefore(element.body, next), next]);
    case 'either':
      return join(element.branches.map((branch) => compileBefore(branch, next)));
    case 'stop':
      return { ...next, stop: true };
    default:
      return element satisfies never;
  }
}

function join(states: readonly State[]): State {
  return {
    edges: states.flatMap((state) => state.edges),
    final: states.some((state) => state.final),
    stop: states.some((state) => state.stop),
  };
}

/** Writes the pattern with values; undefined when a mandatory one is missing. `upToStop` ends at the slash. */
export function renderPattern(
  elements: readonly Element[],
  write: (name: string) => string | undefined,
  upToStop = false,
): string | undefined {
  const out: string[] = [];
  for (const element of elements) {
    if (element.kind === 'stop') {
      if (upToStop) break;
      continue;
    }
    const text = renderElement(element, write);
    if (text === undefined) return upToStop ? out.join(' ') : undefined;
    if (text !== '') out.push(text);
  }
  return out.join(' ');
}

function renderElement(element: Exclude<Element, { kind: 'stop' }>, write: (name: string) => string | undefined) {
  switch (element.kind) {
    case 'word':
      return element.text;
    case 'param':
      return write(element.name);
    case 'optional':
      return mentions(element.body).some((name) => write(name) !== undefined)
        ? (renderPattern(element.body, write) ?? '')
        : '';
    case 'either':
      return renderBranches(element.branches, write);
    default:
      return element satisfies never;
  }
}

/** The branch that uses most of the values at hand; one without parameters is the last resort. */
function renderBranches(
  branches: readonly (readonly Element[])[],
  write: (name: string) => string | undefined,
): string | undefined {
  const scored = branches.map((branch) => ({
    text: renderPattern(branch, write),
    uses: mentions(branch).filter((name) => write(name) !== undefined).length,
  }));
  const possible = scored.filter((one) => one.text !== undefined).sort((x, y) => y.uses - x.uses);
  return possible[0]?.text;
}

/** Names of all parameters in it. */
export function mentions(elements: readonly Element[]): string[] {
  return elements.flatMap((element) => {
    if (element.kind === 'param') return [element.name];
    if (element.kind === 'optional') return mentions(element.body);
    return element.kind === 'either' ? element.branches.flatMap(mentions) : [];
  });
}
