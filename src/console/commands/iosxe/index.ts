import type { Row } from '../row.ts';
export const iosxeRows: readonly Row[] = [];
