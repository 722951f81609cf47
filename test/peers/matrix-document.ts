/** The matrix as the document that people read: every cell a test that ran. */
import { type Area, columnsOf, matrix, type Row } from './matrix.ts';

/** `docs/interoperability.md`, whole. */
export function matrixDocument(): string {
  const areas: readonly Area[] = Object.values(matrix);
  const cells = areas.map(cellCount).reduce((sum, count) => sum + count, 0);
  return `# Interoperability

What was proven against real peers: each of these ${cells} cells is a test that \`npm run test:peers\` runs, with the peers'
own daemons in network namespaces of one machine. This page is drawn from the list of those tests
(\`test/peers/matrix.ts\`); a test compares the two.

| proven | against | cells |
|---|---|---|
${areas.map((area) => `| [${area.title}](#${anchorOf(area.title)}) | ${area.peer} | ${cellCount(area)} |`).join('\n')}

${areas.map(sectionOf).join('\n\n')}
`;
}

function cellCount(area: Area): number {
  return area.rows.reduce((sum, row) => sum + columnsOf(area, row).length, 0);
}

function sectionOf(area: Area): string {
  const line = (row: Row): string => {
    const has = columnsOf(area, row);
    return `| ${row.name} | ${area.columns.map((column) => (has.includes(column) ? '✓' : '')).join(' | ')} |`;
  };
  return `## ${area.title}

Against ${area.peer}.

| | ${area.columns.join(' | ')} |
|---|${area.columns.map(() => ':-:').join('|')}|
${area.rows.map(line).join('\n')}`;
}

/** As the usual viewers of Markdown make them. */
function anchorOf(title: string): string {
  return title
    .toLowerCase()
    .replace(/[^\w\- ]/g, '')
    .replaceAll(' ', '-');
}
