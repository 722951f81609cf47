/** One event as a JSON line: what `lab run --events` writes and `wheelwright monitor --json` prints. */
import { type Endpoint, IpAddress, Prefix } from '../../base/index.ts';
import type { DeviceModel } from '../../config/index.ts';
import type { EventDetails, GatewayLogEvent } from '../../gateway/index.ts';
import type { Cause } from '../../ike/index.ts';
import { type Json, object, optional, publish, type Schema, text, type Value } from '../show/schema.ts';
import { isoTime } from '../show/wall-clock.ts';
import { tagOf } from './message.ts';
import { messagesOf } from './messages.ts';

type CauseDocument = Readonly<{ code: string; text: string; from?: 'peer'; because?: CauseDocument }>;

/** A cause holds what stands behind it, in the same shape. */
const causeSchema: Schema<CauseDocument> = {
  json: {
    type: 'object',
    description: 'why it happened',
    properties: {
      code: { type: 'string', description: 'stable word' },
      text: { type: 'string', description: 'in words' },
      from: { enum: ['peer'], description: 'the peer told us so; absent: found here' },
      because: { $ref: '#/properties/cause' },
    },
    required: ['code', 'text'],
    additionalProperties: false,
  },
};

const KINDS = [
  'line',
  'route',
  'routes',
  'ike',
  'child-sa',
  'bgp',
  'tcp',
  'esp',
  'path-mtu',
  'tunnel',
  'configuration',
] as const satisfies readonly EventDetails['kind'][];

type DetailsDocument = Readonly<{ kind: EventDetails['kind'] }> & Readonly<Record<string, Json | undefined>>;

const detailsSchema: Schema<DetailsDocument> = {
  json: {
    type: 'object',
    description: 'the parties, by kind of event; addresses, prefixes and SPIs as text',
    properties: { kind: { enum: KINDS } },
    required: ['kind'],
  },
};

const syslogSchema: Schema<readonly string[]> = {
  json: {
    type: 'array',
    description: 'the messages that it is in the log: tag and text',
    items: { type: 'string', pattern: '^%[A-Z]+-[0-7]-[0-9A-Z_]+: ' },
  },
};

export const eventSchema = publish(
  'event',
  'An event of a gateway',
  object({
    time: text('when, as ISO 8601'),
    device: text('name of the gateway'),
    severity: {
      json: { type: 'integer', minimum: 0, maximum: 7, description: '0 emergency to 7 debugging' },
    } as Schema<GatewayLogEvent['severity']>,
    code: text('stable word'),
    text: text('in words'),
    subject: optional(text('what it is about: an interface, a peer, a neighbour, a prefix')),
    remote: optional(text('address of the other end')),
    details: optional(detailsSchema),
    cause: optional(causeSchema),
    syslog: syslogSchema,
  }),
);
export type EventDocument = Value<typeof eventSchema.schema>;

/**
 * Plain data, ready for `JSON.stringify`. `epochMs` is the wall-clock time of instant 0; `model` is the device's, whose
 * dialect decides the messages.
 */
export function eventDocument(
  device: string,
  event: GatewayLogEvent,
  epochMs: number,
  model?: DeviceModel,
): EventDocument {
  const { at, severity, code, text: words, subject, remote, details, cause } = event;
  return {
    time: isoTime(epochMs + at),
    device,
    severity,
    code,
    text: words,
    ...(subject === undefined ? {} : { subject }),
    ...(remote === undefined ? {} : { remote: remote.toString() }),
    ...(details === undefined ? {} : { details: plain(details) as DetailsDocument }),
    ...(cause === undefined ? {} : { cause: causeDocument(cause) }),
    syslog: messagesOf(event, model).map((message) => `${tagOf(message)}: ${message.text}`),
  };
}

function causeDocument({ code, text: words, from, because }: Cause): CauseDocument {
  return {
    code,
    text: words,
    ...(from === undefined ? {} : { from }),
    ...(because === undefined ? {} : { because: causeDocument(because) }),
  };
}

type Detail = string | number | boolean | undefined | IpAddress | Prefix | readonly Detail[] | DetailRecord;
type DetailRecord = Readonly<{ [key: string]: Detail }> | EventDetails | Endpoint;

/** Values of our own as text, SPIs in hexadecimal, everything else as it is. */
function plain(value: Detail, key = ''): Json {
  if (value instanceof IpAddress || value instanceof Prefix) return value.toString();
  if (typeof value === 'number' && SPIS.has(key)) return `0x${value.toString(16).padStart(8, '0')}`;
  if (value === undefined || typeof value !== 'object') return value ?? null;
  if (Array.isArray(value)) return value.map((one: Detail) => plain(one));
  const out: Record<string, Json> = {};
  for (const [name, one] of Object.entries(value)) if (one !== undefined) out[name] = plain(one as Detail, name);
  return out;
}

const SPIS: ReadonlySet<string> = new Set(['spi', 'inboundSpi', 'outboundSpi', 'replaces']);
