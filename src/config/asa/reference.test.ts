/** docs/asa.md is drawn from the grammar. `WHEELWRIGHT_GOLDENS=write` with this test draws it anew. */
import { testReference } from '../reference.fixture.ts';
import { asa } from './dialect.ts';

testReference('asa.md', 'The ASA dialect', asa.grammar);
