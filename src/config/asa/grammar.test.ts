/** Every row of the ASA's grammar. */
import { testRows } from '../dialect.fixture.ts';
import { asa } from './dialect.ts';
import { WITHIN } from './modes.fixture.ts';

testRows('ASA', asa, WITHIN);
