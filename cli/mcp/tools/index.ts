import type { Tool } from '../tool.ts';
import { compareCalls } from './compare-calls.ts';
import { costBy } from './cost-by.ts';
import { explainCall } from './explain-call.ts';
import { findCalls } from './find-calls.ts';
import { slowTurns } from './slow-turns.ts';
import { summarizeCalls } from './summarize-calls.ts';
import { whatIf } from './what-if.ts';

/** Every tool of `earshot mcp`. One more is a file here and its name in this list. */
export const TOOLS: readonly Tool[] = [
  findCalls,
  summarizeCalls,
  slowTurns,
  explainCall,
  costBy,
  compareCalls,
  whatIf,
];
