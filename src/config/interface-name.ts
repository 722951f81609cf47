/** Hardware interface names: `gi0/0`, `Tunnel 1` and `virtual-Template1` all have one canonical form. */
import type { InterfaceModel } from './model.ts';

type Family = Readonly<{ name: string; kind: InterfaceModel['kind']; number: RegExp; highest: number }>;

const SLOTTED = /^\d{1,3}(\/\d{1,3}){0,2}(\.\d{1,10})?$/;
const PLAIN = /^\d{1,10}$/;
const DOTTED = /^\d{1,4}(\.\d{1,10})?$/;

const FAMILIES: readonly Family[] = [
  { name: 'GigabitEthernet', kind: 'ethernet', number: SLOTTED, highest: 999 },
  { name: 'TenGigabitEthernet', kind: 'ethernet', number: SLOTTED, highest: 999 },
  { name: 'TwentyFiveGigE', kind: 'ethernet', number: SLOTTED, highest: 999 },
  { name: 'FortyGigabitEthernet', kind: 'ethernet', number: SLOTTED, highest: 999 },
  { name: 'HundredGigE', kind: 'ethernet', number: SLOTTED, highest: 999 },
  { name: 'FastEthernet', kind: 'ethernet', number: SLOTTED, highest: 999 },
  { name: 'Ethernet', kind: 'ethernet', number: SLOTTED, highest: 999 },
  { name: 'Management', kind: 'ethernet', number: SLOTTED, highest: 999 },
  { name: 'Port-channel', kind: 'ethernet', number: DOTTED, highest: 4096 },
  { name: 'Redundant', kind: 'ethernet', number: DOTTED, highest: 8 },
  { name: 'BDI', kind: 'ethernet', number: PLAIN, highest: 4096 },
  { name: 'BVI', kind: 'ethernet', number: PLAIN, highest: 250 },
  { name: 'Vlan', kind: 'ethernet', number: PLAIN, highest: 4094 },
  { name: 'Loopback', kind: 'loopback', number: PLAIN, highest: 10413 },
  { name: 'Tunnel', kind: 'tunnel', number: PLAIN, highest: 10413 },
  { name: 'Virtual-Template', kind: 'virtual-template', number: PLAIN, highest: 10413 },
];

type NameReading =
  | Readonly<{ ok: true; value: string; used: 1 | 2 }>
  | Readonly<{ ok: false; fault: Readonly<{ code: 'out-of-range' | 'malformed' | 'ambiguous'; message: string }> }>;

/** Reads a name from one word, or from two when the number stands alone. */
export function canonicalInterface(word: string, next?: string): NameReading {
  const parts = /^([A-Za-z][A-Za-z-]*?)(\d[\d/.]*)?$/.exec(word);
  if (parts === null) return bad('malformed', 'expected an interface such as GigabitEthernet0/0, Loopback1 or Tunnel1');
  const short = (parts[1] ?? '').toLowerCase();
  const found = FAMILIES.filter((family) => family.name.toLowerCase().startsWith(short));
  const exact = found.find((family) => family.name.toLowerCase() === short);
  const family = exact ?? found[0];
  if (family === undefined) return bad('malformed', 'not a kind of interface');
  if (exact === undefined && found.length > 1)
    return bad('ambiguous', `may mean ${found.map((one) => one.name).join(' or ')}`);
  const digits = parts[2] ?? next;
  if (digits === undefined || !family.number.test(digits))
    return bad('malformed', `expected a number after ${family.name}`);
  if (Number.parseInt(digits, 10) > family.highest)
    return bad('out-of-range', `${family.name} numbers end at ${family.highest}`);
  const plain = digits.replaceAll(/\b0+(?=\d)/g, '');
  return { ok: true, value: `${family.name}${plain}`, used: parts[2] === undefined ? 2 : 1 };
}

/** Kind of a canonical name. */
export function interfaceKind(canonical: string): InterfaceModel['kind'] {
  const letters = /^[A-Za-z-]+/.exec(canonical)?.[0] ?? '';
  return FAMILIES.find((family) => family.name === letters)?.kind ?? 'ethernet';
}

/** Whether it is a physical interface or bundle itself, which is shut down until told otherwise. */
export function isPhysical(canonical: string): boolean {
  return interfaceKind(canonical) === 'ethernet' && !canonical.includes('.') && !/^(BDI|BVI|Vlan)/.test(canonical);
}

function bad(code: 'out-of-range' | 'malformed' | 'ambiguous', message: string): NameReading {
  return { ok: false, fault: { code, message } };
}
