import type { Dashboard } from '@grafana/grafana-foundation-sdk/dashboard';
import { CALL } from './call.ts';
import { COST } from './cost.ts';
import { LATENCY } from './latency.ts';
import { PIPELINE } from './pipeline.ts';
import { QUALITY } from './quality.ts';

/** Every dashboard, in the order of the questions. */
export const BOARDS: readonly Dashboard[] = [LATENCY, COST, QUALITY, CALL, PIPELINE];

/** A dashboard as the file that Grafana reads. */
export const toJson = (board: Dashboard): string => `${JSON.stringify(board, null, 2)}\n`;
