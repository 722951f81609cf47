/**
 * The interoperability matrix: what was proven, against whom. Each cell is a test that ran; the table of the
 * documents is drawn from this list and from nothing else.
 */
import assert from 'node:assert/strict';
import { after, test } from 'node:test';
import { espSuites, ikeSuites } from './suites.ts';

export type Area = Readonly<{
  title: string;
  peer: string;
  columns: readonly string[];
  rows: readonly Row[];
}>;

/** `only`: the columns that it has; absent: all. */
export type Row = Readonly<{ name: string; only?: readonly string[] }>;

/** Debian 12's. */
export const STRONGSWAN = 'strongSwan 5.9.8';
export const FRR = 'FRR 8.4.4';
const ROLES = ['we initiate', 'they initiate'] as const;

const named = (...names: readonly string[]): Row[] => names.map((name) => ({ name }));

export const matrix = {
  ike: {
    title: 'Algorithms of IKE SAs',
    peer: STRONGSWAN,
    columns: ROLES,
    rows: named(...ikeSuites.map(({ label }) => label)),
  },
  esp: {
    title: 'Algorithms of ESP, group of the rekeying (PFS)',
    peer: STRONGSWAN,
    columns: ROLES,
    rows: named(...espSuites.map(({ label }) => label)),
  },
  rekeying: {
    title: 'Rekeying, with traffic that passes all the while',
    peer: STRONGSWAN,
    columns: ['started by us', 'started by them', 'by both at once'],
    rows: named('child SA', 'child SA with PFS', 'IKE SA'),
  },
  certificates: {
    title: 'Authentication by certificates',
    peer: STRONGSWAN,
    columns: ROLES,
    rows: [
      ...named('RSA', 'RSASSA-PSS', 'ECDSA P-256', 'ECDSA P-384', 'ECDSA P-521', 'Ed25519'),
      ...named('older method of RSA (SHA-1)', 'older method of ECDSA (RFC 4754)'),
      ...named('chain with an intermediate authority', 'key one way, certificate the other'),
      ...named('their certificate was revoked', 'unknown authority', 'identity not in the certificate'),
    ],
  },
  networks: {
    title: 'Networks between',
    peer: STRONGSWAN,
    columns: ROLES,
    rows: [
      ...named('IPv4 outside', 'IPv6 outside'),
      { name: 'we are behind a NAT', only: ['we initiate'] },
      { name: 'they are behind a NAT', only: ['they initiate'] },
    ],
  },
  negotiation: {
    title: 'Negotiation',
    peer: STRONGSWAN,
    columns: ROLES,
    rows: [
      ...named('cookie demanded by the responder', 'another group demanded (INVALID_KE_PAYLOAD)'),
      ...named('several proposals, one in common', 'selectors narrowed by the responder'),
      ...named('no IKE proposal in common', 'no ESP proposal in common', 'wrong key', 'wrong identity'),
      { name: 'IKE SA without a first child SA (RFC 6023)', only: ['they initiate'] },
      ...named('IKE_AUTH in fragments (RFC 7383)'),
      { name: 'extended sequence numbers offered', only: ['they initiate'] },
      { name: 'another group demanded while rekeying with PFS', only: ['they initiate'] },
    ],
  },
  endings: {
    title: 'Ends of SAs, and how they come back',
    peer: STRONGSWAN,
    columns: ['by us', 'by them'],
    rows: [
      ...named('IKE SA deleted', 'child SA deleted', 'stops answering and returns'),
      ...named('killed and started again, we initiate', 'killed and started again, they initiate'),
    ],
  },
  documents: {
    title: "The first document's spoke with `wheelwright run`, its two hubs strongSwan with FRR",
    peer: `${STRONGSWAN}, ${FRR}`,
    columns: ['directly', 'through a NAT', 'over IPv6'],
    rows: named(
      'both tunnels and BGP over each come up',
      'pings from LAN to LAN, IPv4 and IPv6',
      'a TCP transfer each way',
    ),
  },
  reverse: {
    title: "The first document's hub with `wheelwright run`, its two spokes strongSwan with FRR",
    peer: `${STRONGSWAN}, ${FRR}`,
    columns: ['directly', 'both behind one NAT'],
    rows: named(
      'both spokes and BGP with each come up, one with MD5',
      'pings from LAN to LAN and from spoke to spoke',
      '10,000 prefixes told and taken back',
      'a BGP session is shut and opened again',
      'a spoke dies and returns',
    ),
  },
} as const satisfies Readonly<Record<string, Area>>;

/** The tests of one area: `cell` registers one, and at the end no cell may lack its test. */
export class Proof {
  readonly #area: Area;
  readonly #open: Set<string>;

  constructor(area: Area) {
    this.#area = area;
    this.#open = new Set(area.rows.flatMap((row) => columnsOf(area, row).map((column) => key(row.name, column))));
    // Registered tests run before it, whether they pass or not.
    after(() => assert.deepEqual([...this.#open], [], `cells of "${area.title}" without a test`));
  }

  cell(row: string, column: string, prove: () => Promise<void>): void {
    const { title } = this.#area;
    assert.ok(this.#open.delete(key(row, column)), `"${title}" has no cell ${row}, ${column}, or has it twice`);
    test(`${row}: ${column}`, prove);
  }
}

export function columnsOf(area: Area, row: Row): readonly string[] {
  return row.only ?? area.columns;
}

function key(row: string, column: string): string {
  return `${row}: ${column}`;
}
