/** What is IOS-XE's own about reading and printing its configuration. */
import type { Dialect } from '../dialect.ts';
import type { Grammar } from '../grammar.ts';
import { splitRepair } from '../repair.ts';
import type { Row } from '../row.ts';
import { Assembly } from './assembly.ts';
import { joinBanners } from './banners.ts';
import { checkModel } from './check.ts';
import { iosxeGrammar } from './grammar/index.ts';
import { PROMPTS } from './prompts.ts';
import { SECTIONS } from './row.ts';

export const iosxe: Dialect = {
  name: 'iosxe',
  title: 'an IOS-XE router',
  // A grammar of rows of some modes is one of rows; only what rows are asked for is wider.
  grammar: iosxeGrammar as unknown as Grammar<Row>,
  assemble: () => new Assembly(),
  join: joinBanners,
  repair: () => splitRepair(new Set()),
  check: (model, _lines, _file, report) => checkModel(model, report),
  sections: SECTIONS,
  setApart: new Set(SECTIONS),
  prompts: PROMPTS,
  frame: (body) => ['!', 'version 17.9', ...body, 'end', ''],
};
