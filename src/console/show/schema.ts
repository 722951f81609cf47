/**
 * Schemas of what `show` gives as JSON, written once: TypeScript reads the types of the values from them, and
 * `docs/schema` publishes them as JSON Schema, draft 2020-12.
 */

/** Anything that JSON can say. */
export type Json = string | number | boolean | null | readonly Json[] | Readonly<{ [key: string]: Json | undefined }>;

declare const VALUE: unique symbol;

/** The JSON Schema of a `T`. */
export type Schema<T> = Readonly<{ json: Readonly<Record<string, Json>>; [VALUE]?: T }>;

type Optional<T> = Readonly<{ optional: Schema<T> }>;
type Fields = Readonly<Record<string, Schema<unknown> | Optional<unknown>>>;
type OptionalKeys<F extends Fields> = { [K in keyof F]: F[K] extends Optional<unknown> ? K : never }[keyof F];

/** The type that a schema stands for. */
export type Value<S> = S extends Schema<infer T> ? T : never;

type ObjectOf<F extends Fields> = Readonly<
  { [K in Exclude<keyof F, OptionalKeys<F>>]: Value<F[K]> } & {
    [K in OptionalKeys<F>]?: F[K] extends Optional<infer T> ? T : never;
  }
>;

export const text = (description: string): Schema<string> => ({ json: { type: 'string', description } });

/** A whole number from 0. */
export const count = (description: string): Schema<number> => ({ json: { type: 'integer', minimum: 0, description } });

export const number = (description: string): Schema<number> => ({ json: { type: 'number', description } });

export const flag = (description: string): Schema<boolean> => ({ json: { type: 'boolean', description } });

export const address = (description: string): Schema<string> => ({
  json: { type: 'string', description, anyOf: [{ format: 'ipv4' }, { format: 'ipv6' }] },
});

/** `10.1.1.0/24`, `2001:db8::/32`. */
export const prefix = (description: string): Schema<string> => ({
  json: { type: 'string', description, pattern: '^[0-9a-f.:]+/[0-9]+$' },
});

/** Hexadecimal digits, as many as given. */
export const hexadecimal = (digits: number, description: string): Schema<string> => ({
  json: { type: 'string', description, pattern: `^[0-9a-f]{${digits}}$` },
});

export const oneOf = <const T extends string>(words: readonly T[], description: string): Schema<T> => ({
  json: { type: 'string', enum: words, description },
});

export const list = <T>(items: Schema<T>, description: string): Schema<readonly T[]> => ({
  json: { type: 'array', items: items.json, description },
});

/** Figures by name. */
export const counts = (description: string): Schema<Readonly<Record<string, number>>> => ({
  json: { type: 'object', additionalProperties: { type: 'integer', minimum: 0 }, description },
});

export const optional = <T>(schema: Schema<T>): Optional<T> => ({ optional: schema });

export function object<F extends Fields>(fields: F, description?: string): Schema<ObjectOf<F>> {
  const properties: Record<string, Json> = {};
  const required: string[] = [];
  for (const [name, field] of Object.entries(fields)) {
    if ('optional' in field) properties[name] = field.optional.json;
    else {
      properties[name] = field.json;
      required.push(name);
    }
  }
  const about = description === undefined ? {} : { description };
  return { json: { type: 'object', ...about, properties, required, additionalProperties: false } };
}

/** A schema with the name under which it is published. */
export type Published<T = unknown> = Readonly<{ name: string; title: string; schema: Schema<T> }>;

export function publish<T>(name: string, title: string, schema: Schema<T>): Published<T> {
  return { name, title, schema };
}

/** The file's content as JSON. */
export function schemaDocument({ name, title, schema }: Published): Json {
  return {
    $schema: 'https://json-schema.org/draft/2020-12/schema',
    $id: `urn:wheelwright:schema:${name}`,
    title,
    ...schema.json,
  };
}

/** Any JSON at all. */
export const anything = (description: string): Schema<Json> => ({ json: { description } });

/** `null`, or what the schema says. */
export const nullable = <T>(inner: Schema<T>): Schema<T | null> => ({
  json: { anyOf: [inner.json, { type: 'null' }] },
});
