/** `show vrf [detail]`, `show ip vrf` (show-output B13). */
import type { GatewaySnapshot } from '../../../gateway/index.ts';
import { list, object, oneOf, optional, publish, text, type Value } from '../schema.ts';
import { lines, type Shown } from '../shown.ts';
import { shortName } from './words.ts';

const vrfSchema = object({
  name: text('name'),
  description: optional(text('description')),
  rd: optional(text('route distinguisher')),
  families: list(oneOf(['ipv4', 'ipv6'], 'address family'), 'families that are switched on in it'),
  interfaces: list(text('hardware name'), 'interfaces in it'),
  frontOf: list(text('hardware name'), 'tunnels whose outer packets are in it'),
  importTargets: list(text('extended community'), 'routes with these come in'),
  exportTargets: list(text('extended community'), 'its routes bear these'),
});

export const vrfListSchema = publish(
  'show-vrf',
  'show vrf [detail], show ip vrf',
  object({ vrfs: list(vrfSchema, 'by name') }),
);
export type VrfList = Value<typeof vrfListSchema.schema>;
type Vrf = VrfList['vrfs'][number];

export function showVrf(snapshot: GatewaySnapshot, manner: 'brief' | 'ip' | 'detail', only?: string): Shown<VrfList> {
  const all = vrfList(snapshot);
  const value = only === undefined ? all : { vrfs: all.vrfs.filter(({ name }) => name === only) };
  if (only !== undefined && value.vrfs.length === 0) return { value, text: `% No VRF named ${only}\n` };
  if (manner === 'detail') return { value, text: value.vrfs.map((vrf, i) => lines(detail(vrf, i + 1))).join('\n') };
  const protocols = manner === 'brief';
  return {
    value,
    text: lines([
      `  Name                             Default RD            ${protocols ? 'Protocols   ' : ''}Interfaces`,
      ...value.vrfs.flatMap((vrf) => rows(vrf, protocols)),
    ]),
  };
}

export function vrfList({ model, interfaces }: GatewaySnapshot): VrfList {
  const targets = (vrf: (typeof model.vrfs)[number], wanted: 'import' | 'export'): readonly string[] =>
    vrf.routeTargets.filter(({ direction }) => direction === wanted).map(({ target }) => target);
  const vrfs = [...model.vrfs].sort((a, b) => (a.name < b.name ? -1 : 1));
  return {
    vrfs: vrfs.map((vrf) => ({
      name: vrf.name,
      ...(vrf.description === undefined ? {} : { description: vrf.description }),
      ...(vrf.rd === undefined ? {} : { rd: vrf.rd }),
      families: vrf.families.map((family) => (family === 4 ? 'ipv4' : 'ipv6')),
      interfaces: interfaces.filter((one) => one.vrf === vrf.name).map(({ name }) => name),
      frontOf: model.interfaces.filter(({ tunnel }) => tunnel?.frontVrf === vrf.name).map(({ name }) => name),
      importTargets: targets(vrf, 'import'),
      exportTargets: targets(vrf, 'export'),
    })),
  };
}

function rows({ name, rd, families, interfaces }: Vrf, protocols: boolean): string[] {
  const cells = [
    name.padEnd(32),
    (rd ?? '<not set>').padEnd(21),
    ...(protocols ? [families.join(',').padEnd(11)] : []),
  ];
  const head = `  ${cells.join(' ')} `;
  const shown = interfaces.length === 0 ? [''] : interfaces.map(shortName);
  return shown.map((one, i) => `${i === 0 ? head : ' '.repeat(head.length)}${one}`.trimEnd());
}

function detail(
  { name, rd, families, interfaces, description, importTargets, exportTargets, frontOf }: Vrf,
  id: number,
): string[] {
  const targets = (what: string, all: readonly string[]): string[] =>
    all.length === 0
      ? [`  No ${what} VPN route-target communities`]
      : [`  ${what} VPN route-target communities`, ...all.map((target) => `    RT:${target}`)];
  return [
    `VRF ${name} (VRF Id = ${id}); default RD ${rd ?? '<not set>'}; default VPNID <not set>`,
    ...(description === undefined ? [] : [`  Description: ${description}`]),
    '  New CLI format, supports multiple address-families',
    ...(interfaces.length === 0
      ? ['  No interfaces']
      : ['  Interfaces:', ...inRows(interfaces.map(shortName), 24).map((row) => `    ${row}`)]),
    ...(frontOf.length === 0 ? [] : [`  Front VRF of: ${frontOf.map(shortName).join(' ')}`]),
    ...(['ipv4', 'ipv6'] as const).flatMap((family) =>
      families.includes(family)
        ? [
            `Address family ${family} unicast:`,
            ...targets('Export', exportTargets),
            ...targets('Import', importTargets),
            '  No import route-map',
            '  No export route-map',
          ]
        : [`Address family ${family} unicast not active`],
    ),
  ];
}

function inRows(words: readonly string[], width: number): string[] {
  const out: string[] = [];
  for (let i = 0; i < words.length; i += 3)
    out.push(
      words
        .slice(i, i + 3)
        .map((word) => word.padEnd(width))
        .join('')
        .trimEnd(),
    );
  return out;
}
