import { planeConformance } from '../conformance.ts';
import { SoftwarePlane } from './software-plane.ts';

planeConformance('software plane', (parts) => new SoftwarePlane(parts));
