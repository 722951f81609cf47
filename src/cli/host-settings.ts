/** `wheelwright.yaml`: where it is looked for, and what of it the driver is told. */
import { existsSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fail, ok, type Result } from '../base/index.ts';
import { type HostFile, readHostFile, readText } from '../host/index.ts';
import { formatDiagnostic } from '../yaml/index.ts';

const NAME = 'wheelwright.yaml';
const SYSTEM_FILE = join('/etc/wheelwright', NAME);

export type FoundHostFile = Readonly<{ file: string | undefined; host: HostFile }>;

/** The file that is given, or the one beside the configuration, or the system's; none says nothing. */
export function findHostFile(
  given: string | undefined,
  config: string | undefined,
): Result<FoundHostFile, readonly string[]> {
  const beside = config === undefined ? [] : [join(dirname(config), NAME)];
  const file = given ?? [...beside, SYSTEM_FILE].find((path) => existsSync(path));
  if (file === undefined) return ok({ file, host: {} });
  const text = readText(file);
  if (!text.ok) return fail([text.error]);
  const host = readHostFile(text.value, file);
  return host.ok ? ok({ file, host: host.value }) : fail(host.error.map(formatDiagnostic));
}
