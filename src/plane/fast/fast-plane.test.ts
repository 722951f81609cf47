import { planeConformance } from '../conformance.ts';
import { makeFastTwin } from './fast-twin.fixture.ts';

planeConformance('fast plane', makeFastTwin);
