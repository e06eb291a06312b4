import type { Dashboard } from '@grafana/grafana-foundation-sdk/dashboard';
import { CALL } from './call/index.ts';
import { COST } from './cost/index.ts';
import { LATENCY } from './latency/index.ts';
import { PIPELINE } from './pipeline/index.ts';
import { QUALITY } from './quality/index.ts';

/** Every dashboard, in the order of the questions. */
export const BOARDS: readonly Dashboard[] = [LATENCY, COST, QUALITY, CALL, PIPELINE];

/** A dashboard as the file that Grafana reads. */
export const toJson = (board: Dashboard): string => `${JSON.stringify(board, null, 2)}\n`;
