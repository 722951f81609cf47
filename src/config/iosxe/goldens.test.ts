/** Goldens of whole configurations. WHEELWRIGHT_GOLDENS=write rewrites them. */
import { join } from 'node:path';
import { testGoldens } from '../goldens.fixture.ts';
import { iosxe } from './dialect.ts';

testGoldens(iosxe, join(import.meta.dirname, 'goldens'));
