/** Schema of `wheelwright.yaml`, for editors that know JSON Schema. The reader itself is `host/host-file.ts`. */
import { schema } from '../console/index.ts';

const { count, flag, list, object, oneOf, optional, publish, text } = schema;

/** Values by names that the operator chooses. */
const byName = (values: schema.Schema<unknown>, description: string): schema.Schema<unknown> => ({
  json: { type: 'object', additionalProperties: values.json, description },
});

/** One file, or several. */
const files = (description: string): schema.Schema<unknown> => ({
  json: { description, anyOf: [{ type: 'string' }, { type: 'array', items: { type: 'string' } }] },
});

const trustpoint = object({
  certificate: optional(text('own certificate, PEM')),
  chain: optional(text('certificates between that and the anchor, PEM')),
  ca: optional(files('trust anchors, PEM')),
  crl: optional(files('revocation lists, PEM')),
});

const ike = object({
  peer: optional(text('tunnel-group or tunnel interface; * or nothing for all')),
  mobike: optional(oneOf(['offer', 'accept', 'off'], 'moving IKE SAs between addresses; accept unless said otherwise')),
  reauthenticate: optional(count('seconds after which the peer is authenticated anew')),
});

const ppk = object({
  peer: text('peer that has it as well'),
  id: text('PPK_ID'),
  'key-file': text('file of the key'),
  required: optional(flag('no SA without it')),
});

const vrf = object({
  device: optional(text('VRF device of the kernel; made where there is none')),
  table: optional(count('its routing table')),
});

export const hostFileSchema = publish(
  'wheelwright-yaml',
  'wheelwright.yaml',
  object({
    name: optional(text('name of the gateway in sockets, logs and commands; otherwise its host name')),
    interfaces: optional(
      byName(text('kernel interface'), "kernel interface by the configuration's hardware name or nameif"),
    ),
    addresses: optional(oneOf(['match', 'apply'], 'addresses are on the kernel interfaces already, or are put there')),
    curves: optional(
      oneOf(['machine', 'node'], "whose elliptic curves exchange keys: the machine's OpenSSL, or Node's own"),
    ),
    vrfs: optional(byName(vrf, "kernel VRF devices by the configuration's names of VRFs")),
    plane: optional(
      oneOf(['auto', 'fast', 'software'], 'what forwards packets: auto takes the fast plane where the machine can'),
    ),
    'route-table': optional(count('kernel routing table for learned routes; 254 is main')),
    'install-routes': optional(flag('learned routes go to the kernel')),
    'route-metric': optional(count('metric of these routes')),
    'force-encapsulation': optional(flag('ESP in UDP even where there is no NAT')),
    state: optional(text('folder for what outlives a run')),
    run: optional(text('folder for the lock and the control socket')),
    control: optional(text('control socket')),
    'log-file': optional(text('messages are appended there as well')),
    user: optional(text('user to go on as')),
    keypairs: optional(byName(text('PEM file'), 'private keys by label')),
    trustpoints: optional(byName(trustpoint, 'files of trustpoints by name')),
    ike: optional(list(ike, 'what the configuration has no line for')),
    ppk: optional(list(ppk, 'postquantum preshared keys')),
  }),
);
