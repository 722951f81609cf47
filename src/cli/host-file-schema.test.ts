import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Ajv2020 } from 'ajv/dist/2020.js';
import { parse } from 'yaml';
import { schema } from '../console/index.ts';
import { HOST_FILE_SECTIONS, readHostFile } from '../host/index.ts';
import { hostFileSchema } from './host-file-schema.ts';

const isValid = new Ajv2020({ strict: true, allowUnionTypes: true }).compile(
  schema.schemaDocument(hostFileSchema) as object,
);

test('the published schema knows the same sections as the reader', () => {
  const { properties } = hostFileSchema.schema.json as { properties: object };
  assert.deepEqual(Object.keys(properties).sort(), [...HOST_FILE_SECTIONS].sort());
});

const texts = [
  {
    text: 'name: spoke1\ninterfaces: {outside: eth0}\naddresses: apply\nroute-table: 100\nroute-metric: 5\n',
    fine: true,
  },
  {
    text: 'trustpoints: {CA: {certificate: a.pem, ca: [b.pem, c.pem], crl: d.crl}}\nkeypairs: {K: k.pem}\n',
    fine: true,
  },
  { text: 'ppk: [{peer: 203.0.113.1, id: a, key-file: k}]\n', fine: true },
  { text: 'vrfs: {INET: {device: inet, table: 100}, RED: {table: 101}, BLUE: {}}\n', fine: true },
  { text: 'vrfs: {INET: {name: inet}}\n', fine: false },
  { text: 'addresses: maybe\n', fine: false },
  { text: 'nosuch: 1\n', fine: false },
  { text: 'trustpoints: {CA: {cert: x}}\n', fine: false },
  { text: 'ppk: [{peer: x}]\n', fine: false },
  { text: 'interfaces: [eth0]\n', fine: false },
];
for (const { text, fine } of texts) {
  test(`schema and reader agree on ${JSON.stringify(text)}`, () => {
    assert.equal(isValid(parse(text)), fine);
    assert.equal(readHostFile(text, '/x/wheelwright.yaml').ok, fine);
  });
}
