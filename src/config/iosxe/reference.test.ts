/** docs/iosxe.md is drawn from the grammar. `WHEELWRIGHT_GOLDENS=write` with this test draws it anew. */
import { testReference } from '../reference.fixture.ts';
import { iosxe } from './dialect.ts';

testReference('iosxe.md', 'The IOS-XE dialect', iosxe.grammar);
