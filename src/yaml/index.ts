/** YAML files as people write them: every value with its place, every complaint with line and column. */
export { type Field, type Fields, formatDiagnostic, nearest, YamlText } from './yaml-text.ts';
