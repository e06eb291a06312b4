import { seeded } from '../../exporter/statistics/random.ts';
import type { CallRows } from '../../model/rows.ts';
import { logRow, metricsRow } from './call-rows.ts';

const MINUTE_US = 60_000_000;

export interface SlowedCalls {
  readonly from: number;
  readonly until: number;
  /** Calls that begin in a minute. (Default: 2.) */
  readonly perMinute?: number;
  /** When synthesis takes longer, and by how many seconds. (Default: never.) */
  readonly slow?: { readonly from: number; readonly until?: number; readonly seconds: number };
  readonly seed?: number;
  readonly tenant?: string;
  /** Who takes a call, by its number. (Default: front-desk.) */
  readonly agentOf?: (number: number, startedAt: number) => string;
  /** How long synthesis takes an agent, in seconds. (Default: 0.1.) */
  readonly usualOf?: (agent: string) => number;
}

/** The rows of calls of a minute and four turns each, evenly in time, whose silences are made of three parts. */
export function slowedCalls(options: SlowedCalls): CallRows[] {
  const { from, until, perMinute = 2, slow, seed = 1, tenant = 'default' } = options;
  const { agentOf = () => 'front-desk', usualOf = () => 0.1 } = options;
  const random = seeded(seed);
  const normal = () => Math.sqrt(-2 * Math.log(1 - random.share())) * Math.cos(2 * Math.PI * random.share());
  const calls: CallRows[] = [];
  for (let at = from, number = 0; at < until; at += MINUTE_US / perMinute, number += 1) {
    const startedAt = Math.round(at);
    const callId = `${tenant}-${seed}-${number}`;
    const agent = agentOf(number, startedAt);
    const logs = Array.from({ length: 4 }, (_, turn) => {
      const createdAt = startedAt + turn * 14_000_000;
      const isSlow = slow !== undefined && createdAt >= slow.from && createdAt < (slow.until ?? Infinity);
      const tts = usualOf(agent) * Math.exp(0.3 * normal()) + (isSlow ? slow.seconds : 0);
      const llm = 0.35 * Math.exp(0.4 * normal());
      return logRow(callId, turn, {
        tenant,
        created_at: createdAt,
        eou_latency: 0.5 + llm + tts,
        segment_endpointing: 0.5,
        segment_llm: llm,
        segment_tts: tts,
        llm_provider: 'openai',
        llm_model: 'gpt-4.1-mini',
        tts_provider: 'cartesia',
        tts_model: 'sonic-2',
      });
    });
    calls.push({
      metrics: metricsRow(callId, {
        tenant,
        agent_name: agent,
        cloud_region: 'eu-central-1',
        started_at: startedAt,
        ended_at: startedAt + MINUTE_US,
        turn_count: logs.length,
      }),
      logs,
    });
  }
  return calls;
}
