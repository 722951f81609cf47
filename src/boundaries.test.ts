/** Holds the direction of imports: who may import whom, and which of Node's own modules each folder may use. */
import assert from 'node:assert/strict';
import { readdirSync, readFileSync } from 'node:fs';
import { dirname, join, normalize, relative } from 'node:path';
import { test } from 'node:test';
import { fileURLToPath } from 'node:url';

type Rule = Readonly<{ imports: readonly string[]; node: readonly string[]; packages: readonly string[] }>;

/** Every folder below src with all that it may import. A folder that is not here may not exist. */
const rules: Readonly<Record<string, Rule>> = {
  base: { imports: [], node: [], packages: [] },
  crypto: { imports: ['base'], node: ['node:crypto'], packages: [] },
  ip: { imports: ['base'], node: [], packages: [] },
  esp: { imports: ['base', 'crypto'], node: [], packages: [] },
  ike: { imports: ['base', 'crypto'], node: [], packages: [] },
  bgp: { imports: ['base'], node: [], packages: [] },
  tcp: { imports: ['base', 'crypto', 'ip'], node: [], packages: [] },
  routing: { imports: ['base'], node: [], packages: [] },
  tunnel: { imports: ['base', 'ike'], node: [], packages: [] },
  plane: { imports: ['base', 'crypto', 'ip', 'esp'], node: [], packages: [] },
  config: { imports: ['base', 'crypto'], node: [], packages: [] },
  convert: { imports: ['base', 'config'], node: [], packages: [] },
  yaml: { imports: ['base', 'config'], node: [], packages: ['yaml'] },
  gateway: {
    imports: ['base', 'crypto', 'ip', 'esp', 'ike', 'bgp', 'tcp', 'routing', 'tunnel', 'plane/contract.ts', 'config'],
    node: [],
    packages: [],
  },
  host: {
    imports: ['base', 'crypto', 'ip', 'ike', 'tcp/contract.ts', 'plane', 'config', 'yaml', 'gateway'],
    node: [
      'node:fs',
      'node:path',
      'node:process',
      'node:crypto',
      'node:net',
      'node:worker_threads',
      'node:module',
      'node:url',
      'node:os',
    ],
    packages: ['koffi'],
  },
  lab: {
    imports: ['base', 'crypto', 'ip', 'ike', 'bgp', 'plane', 'config', 'yaml', 'gateway', 'explain'],
    node: ['node:path'],
    packages: [],
  },
  explain: {
    imports: [
      'base',
      'crypto',
      'ip',
      'esp',
      'ike',
      'bgp',
      'routing',
      'tunnel',
      'plane/contract.ts',
      'config',
      'gateway',
    ],
    node: [],
    packages: [],
  },
  check: {
    imports: ['base', 'crypto', 'ike', 'config', 'gateway', 'explain'],
    node: [],
    packages: [],
  },
  console: {
    imports: [
      'base',
      'crypto',
      'ip',
      'esp',
      'ike',
      'bgp',
      'tcp',
      'routing',
      'plane/contract.ts',
      'config',
      'gateway',
      'explain',
    ],
    node: [],
    packages: [],
  },
  cli: {
    imports: [
      'base',
      'config',
      'convert',
      'yaml',
      'gateway',
      'plane/contract.ts',
      'host',
      'lab',
      'console',
      'explain',
      'check',
    ],
    node: ['node:fs', 'node:path', 'node:process', 'node:readline', 'node:readline/promises', 'node:util', 'node:url'],
    packages: ['commander'],
  },
};

const src = dirname(fileURLToPath(import.meta.url));

function files(folder: string): string[] {
  return readdirSync(folder, { withFileTypes: true }).flatMap((entry) => {
    const path = join(folder, entry.name);
    if (entry.isDirectory()) return files(path);
    return entry.name.endsWith('.ts') ? [path] : [];
  });
}

type Import = Readonly<{ from: string; folder: string; target: string; isTest: boolean }>;

const imports: Import[] = files(src).flatMap((path) => {
  const from = relative(src, path);
  const text = readFileSync(path, 'utf8');
  const targets = [...text.matchAll(/(?:^|\n)\s*(?:import|export)\s[^;]*?from\s+'([^']+)'|import\('([^']+)'\)/g)];
  return targets.map((match) => ({
    from,
    folder: from.split('/')[0] ?? '',
    target: match[1] ?? match[2] ?? '',
    isTest: /(\.test|[.-]fixture|conformance|twin-planes)\.ts$/.test(from),
  }));
});

test('imports were found at all', () => {
  assert.ok(imports.length > 200, `only ${imports.length} imports seen`);
});

test('every folder has a rule', () => {
  const folders = new Set(imports.map(({ folder }) => folder).filter((folder) => !folder.endsWith('.ts')));
  assert.deepEqual(
    [...folders].filter((folder) => rules[folder] === undefined),
    [],
  );
});

test('arrows run one way', () => {
  const wrong = imports.filter(({ from, folder, target, isTest }) => {
    const rule = rules[folder];
    if (rule === undefined || isTest) return false;
    if (target.startsWith('node:')) return !rule.node.includes(target);
    if (!target.startsWith('.')) return !rule.packages.includes(target);
    const resolved = normalize(join(dirname(from), target));
    const other = resolved.split('/')[0] ?? '';
    if (other === folder) return false;
    return !rule.imports.includes(other) && !rule.imports.includes(resolved);
  });
  assert.deepEqual(
    wrong.map(({ from, target }) => `${from} -> ${target}`),
    [],
  );
});

test('other folders are entered by their index or contract alone, and nobody imports their own index', () => {
  const wrong = imports.filter(({ from, folder, target, isTest }) => {
    if (!target.startsWith('.') || from === 'boundaries.test.ts') return false;
    const resolved = normalize(join(dirname(from), target));
    const other = resolved.split('/')[0] ?? '';
    if (other === folder) return resolved === `${folder}/index.ts` && !isTest;
    const entry = resolved.slice(other.length + 1);
    return !isTest && entry !== 'index.ts' && entry !== 'contract.ts' && resolved !== 'config/model.ts';
  });
  assert.deepEqual(
    wrong.map(({ from, target }) => `${from} -> ${target}`),
    [],
  );
});

test('only host reads a clock, sets timers or draws entropy', () => {
  const clocks =
    /\b(Date\.now|new Date\(|performance\.now|setTimeout|setInterval|setImmediate|randomBytes|Math\.random|process\.hrtime)\b/;
  const wrong = files(src)
    .map((path) => relative(src, path))
    .filter((from) => !from.startsWith('host/') && !from.endsWith('.test.ts'))
    .filter((from) => clocks.test(readFileSync(join(src, from), 'utf8').replace(/\/\*[\s\S]*?\*\/|\/\/.*$/gm, '')));
  assert.deepEqual(wrong, []);
});
