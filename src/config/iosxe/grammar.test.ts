/** Every row of the grammar of IOS-XE. */
import { testRows } from '../dialect.fixture.ts';
import { iosxe } from './dialect.ts';
import { WITHIN } from './modes.fixture.ts';

testRows('IOS-XE', iosxe, WITHIN);
