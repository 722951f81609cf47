/** What the daemons logged is part of a failure: a test that fails shows it. */
export type Witness = Readonly<{ log: () => string }>;

const LINES = 60;

/** Runs a step; should it fail, the last lines of every log go with its error. */
export async function withEvidence(
  witnesses: Readonly<Record<string, Witness>>,
  step: () => Promise<void>,
): Promise<void> {
  try {
    await step();
  } catch (error) {
    const logs = Object.entries(witnesses).map(([name, witness]) => {
      const lines = witness.log().trimEnd().split('\n').slice(-LINES);
      return `--- ${name}\n${lines.join('\n')}`;
    });
    throw new Error(`${error instanceof Error ? error.message : String(error)}\n${logs.join('\n')}`, { cause: error });
  }
}
