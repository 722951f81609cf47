/** What `swanctl --raw` prints: `list-sa event {name {key=value list=[a b] section {…}}}`, one message a line. */
export type RawSection = Readonly<{
  values: ReadonlyMap<string, string>;
  lists: ReadonlyMap<string, readonly string[]>;
  sections: ReadonlyMap<string, RawSection>;
}>;

/** Messages with their heads, such as `list-sa event`. Words in a value after its first are left out. */
export function parseRaw(text: string): readonly (readonly [head: string, body: RawSection])[] {
  return text.split('\n').flatMap((line) => {
    const brace = line.indexOf('{');
    if (brace < 0) return [];
    return [[line.slice(0, brace).trim(), parseSection(tokensOf(line.slice(brace + 1)))] as const];
  });
}

function tokensOf(text: string): string[] {
  return (text.match(/[{}]|[^\s{}[\]]*\[[^\]]*\]|[^\s{}]+/g) ?? []).toReversed();
}

/** Takes tokens off the end until the section closes. */
function parseSection(tokens: string[]): RawSection {
  const values = new Map<string, string>();
  const lists = new Map<string, readonly string[]>();
  const sections = new Map<string, RawSection>();
  for (let token = tokens.pop(); token !== undefined && token !== '}'; token = tokens.pop()) {
    const list = /^([^=]+)=\[([^\]]*)\]$/.exec(token);
    const equals = token.indexOf('=');
    if (list !== null) lists.set(list[1] ?? '', (list[2] ?? '').split(' ').filter(Boolean));
    else if (equals > 0) values.set(token.slice(0, equals), token.slice(equals + 1));
    else if (tokens.at(-1) === '{') {
      tokens.pop();
      sections.set(token, parseSection(tokens));
    }
  }
  return { values, lists, sections };
}
