/** `show tech-support`: everything one after another, as one would send it to somebody who helps. No secrets. */
import { anything, type Json, list, object, publish, text, type Value } from './schema.ts';
import type { Shown } from './shown.ts';

const partSchema = object({
  command: text('show command'),
  schema: text('name of the schema of its value'),
  value: anything('what the command gives as JSON'),
});

export const techSupportSchema = publish(
  'show-tech-support',
  'show tech-support',
  object({ parts: list(partSchema, 'commands with their values') }),
);
export type TechSupport = Value<typeof techSupportSchema.schema>;
export type TechSupportPart = Readonly<{ command: string; schema: string; value: Json; text: string }>;

export function showTechSupport(parts: readonly TechSupportPart[]): Shown<TechSupport> {
  return {
    value: { parts: parts.map(({ command, schema, value }) => ({ command, schema, value })) },
    text: parts
      .map(({ command, text: own }) => `\n------------------ ${command} ------------------\n\n${own}`)
      .join(''),
  };
}
