/** Holds the documents to the code: files and scripts that they name exist, links lead somewhere, samples are read. */
import assert from 'node:assert/strict';
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { loadAsa } from './config/index.ts';
import { readHostFile } from './host/index.ts';
import { loadTopology } from './lab/index.ts';
import { formatDiagnostic } from './yaml/index.ts';

const root = join(dirname(fileURLToPath(import.meta.url)), '..');
const read = (path: string): string => readFileSync(join(root, path), 'utf8');
const exists = (path: string): boolean => existsSync(join(root, path));

const documents = [
  'README.md',
  'ARCHITECTURE.md',
  'CHANGELOG.md',
  ...readdirSync(join(root, 'docs'))
    .filter((name) => name.endsWith('.md'))
    .map((name) => `docs/${name}`),
].filter(exists);

/** The fenced blocks of one language. */
function blocks(text: string, language: string): string[] {
  return [...text.matchAll(/^```(\S*)\n([\s\S]*?)^```$/gm)].flatMap(([, tag, body]) =>
    tag === language && body !== undefined ? [body] : [],
  );
}

/** What stands between backticks, fenced blocks left out. */
function quoted(text: string): string[] {
  const prose = text.replaceAll(/^```[\s\S]*?^```$/gm, '');
  return [...prose.matchAll(/`([^`\n]+)`/g)].map((match) => match[1] ?? '');
}

test('there are documents', () => {
  assert.deepEqual(documents.slice(0, 3), ['README.md', 'ARCHITECTURE.md', 'CHANGELOG.md']);
  assert.ok(documents.includes('docs/rfc.md') && documents.includes('docs/topology.md'));
});

for (const document of documents) {
  const text = read(document);

  test(`${document}: no line is longer than 120 characters, but for rows of tables`, () => {
    const isLong = (line: string): boolean => line.length > 120 && !line.startsWith('|');
    const long = text.split('\n').flatMap((line, i) => (isLong(line) ? [`line ${i + 1}: ${line.length}`] : []));
    assert.deepEqual(long, []);
  });

  test(`${document}: links lead to files`, () => {
    const targets = [...text.matchAll(/\]\(([^)#\s]+)(?:#[^)\s]*)?\)/g)].map((match) => match[1] ?? '');
    const local = targets.filter((target) => !/^[a-z]+:/.test(target));
    assert.deepEqual(
      local.filter((target) => !exists(join(dirname(document), target))),
      [],
    );
  });

  test(`${document}: files that it names exist`, () => {
    const isPath = (word: string): boolean => /^[\w.-]+(\/[\w.-]+)+(\.(ts|mjs|json|yaml|cfg|md)|\/)$/.test(word);
    const missing = quoted(text)
      .filter(isPath)
      .filter((path) => !exists(path) && !exists(join('src', path)));
    assert.deepEqual(missing, []);
  });

  test(`${document}: npm scripts and options of the command that it shows exist`, () => {
    const shown = [...blocks(text, 'sh'), ...quoted(text)].join('\n');
    const { scripts } = JSON.parse(read('package.json')) as { scripts: Record<string, string> };
    const named = [...shown.matchAll(/\bnpm (?:run ([\w:-]+)|(start|test)\b)/g)].map(([, a, b]) => a ?? b ?? '');
    assert.deepEqual(
      named.filter((name) => !Object.hasOwn(scripts, name)),
      [],
    );
    const command = read('src/cli/main.ts');
    const options = shown
      .split('\n')
      .filter((line) => line.includes('wheelwright lab') || line.startsWith('--'))
      .flatMap((line) => [...line.matchAll(/(?<=^|\s)--[a-z-]+/g)].map(([option]) => option));
    assert.deepEqual(
      options.filter((option) => !command.includes(`'${option}`)),
      [],
    );
  });

  test(`${document}: configurations and topologies that it shows are read without complaint`, () => {
    for (const config of blocks(text, 'cisco')) {
      const { diagnostics } = loadAsa(config, document);
      assert.deepEqual(
        diagnostics.map(({ message, position }) => `${position.line}: ${message}`),
        [],
      );
    }
    for (const topology of blocks(text, 'yaml')) {
      if (!/^topology:/m.test(topology)) {
        const host = readHostFile(topology, 'wheelwright.yaml');
        assert.deepEqual(host.ok ? [] : host.error.map(formatDiagnostic), []);
        continue;
      }
      const loaded = loadTopology('lab.yaml', (path) => (path === 'lab.yaml' ? topology : ''));
      assert.deepEqual(loaded.ok ? [] : loaded.error.map(formatDiagnostic), []);
    }
  });
}

/** Rows of docs/rfc.md with the folders that their part of the page names. */
function rfcRows(): Readonly<{ rfcs: string[]; status: string; names: string[]; folders: string[]; line: string }>[] {
  return read('docs/rfc.md')
    .split(/^## /m)
    .slice(1)
    .flatMap((part) => {
      const folders = quoted(/^Files stand in .*$/m.exec(part)?.[0] ?? '');
      const ofPart = /^RFC (\d+)/.exec(part)?.[1];
      const rows = part.split('\n').filter((line) => /^\|/.test(line) && !/^\|(---| RFC| section)/.test(line));
      return rows.map((line) => {
        const [, first = '', , status = '', ...files] = line.split('|').map((cell) => cell.trim());
        const own = [...first.matchAll(/\b(\d{3,4})\b(?!\.)/g)].map((match) => match[1] ?? '');
        return { rfcs: ofPart === undefined ? own : [ofPart], status, names: quoted(files.join(' ')), folders, line };
      });
    });
}

test('docs/rfc.md: every file and test exists and speaks of the RFC', () => {
  const rows = rfcRows();
  assert.ok(rows.length > 50, `${rows.length} rows`);
  const wrong: string[] = [];
  for (const { rfcs, status, names, folders, line } of rows) {
    const found = names.map((name) => {
      const places = [...folders, ''].flatMap((folder) => [`${folder}${name}.ts`, `${folder}${name}.test.ts`]);
      const there = places.filter(exists);
      if (there.length === 0) wrong.push(`${name} in ${line}`);
      return there.map(read).join('\n');
    });
    if (!/^(done|partial|not|never|taken)/.test(status)) wrong.push(`status in ${line}`);
    const isClaimed = !/^not/.test(status) && names.length > 0;
    if (isClaimed && !rfcs.some((rfc) => found.some((text) => text.includes(rfc)))) wrong.push(`RFC of ${line}`);
  }
  assert.deepEqual(wrong, []);
});
