import assert from 'node:assert/strict';
import * as agents from '@livekit/agents';
import type { CallFact, Fact, StageFact, TurnFact } from '../../../model/facts.ts';
import type { StageKind } from '../../../model/vocabulary.ts';
import { assertNear } from '../near.ts';
import { takeFacts } from '../spans.ts';
import { type Conversation, type ConversationOptions, startConversation } from './conversation.ts';

/** What is known of one call. */
export interface Told {
  readonly call: CallFact;
  readonly turns: readonly TurnFact[];
  readonly facts: readonly Fact[];
  stages(kind: StageKind, turnIndex?: number): StageFact[];
}

let facts: Fact[] = [];

/** What became of the call of the agent with this name. It is told once: the next may have the same name. */
export function told(agentName: string): Told {
  facts.push(...takeFacts());
  const calls = facts.filter((fact) => fact.type === 'call').filter((call) => call.agentName === agentName);
  const [call] = calls;
  assert.ok(call && calls.length === 1, `${calls.length} calls of ${agentName}`);
  const own = facts.filter(({ callId }) => callId === call.callId).toSorted((a, b) => a.startUs - b.startUs);
  facts = facts.filter(({ callId }) => callId !== call.callId);
  return {
    call,
    facts: own,
    turns: own.filter((fact) => fact.type === 'turn').toSorted((a, b) => a.turnIndex - b.turnIndex),
    stages: (kind, turnIndex) =>
      own
        .filter((fact) => fact.type === 'stage')
        .filter(
          (stage) => stage.stage === kind && (turnIndex === undefined || stage.turnIndex === turnIndex),
        ),
  };
}

/** Holds a conversation with an agent, to its end. */
export async function converse(
  options: ConversationOptions & { agent: agents.voice.Agent },
  talk: (conversation: Conversation) => Promise<void>,
): Promise<{ conversation: Conversation; told: Told }> {
  const conversation = await startConversation(agents, options);
  try {
    await talk(conversation);
  } finally {
    await conversation.end();
  }
  return { conversation, told: told(options.agent.id) };
}

/** The latency of a turn is exactly what lies between its instants. */
export function assertLatency(turn: TurnFact | undefined, playback: StageFact | undefined): void {
  const us = (playback?.startUs ?? Number.NaN) - (turn?.speechEndedUs ?? Number.NaN);
  const ours = (turn?.reportedEouLatencySeconds ?? Number.NaN) * 1e6;
  assert.ok(Math.abs(ours - us) < 2, `${ours} and ${us} µs`);
}

/** The silence after the caller's so-manieth utterance, as the caller heard it. */
export function assertSilence(
  { caller, speaker }: Conversation,
  { turns, stages }: Told,
  utterance: number,
): void {
  const { endMs = 0 } = caller.spoken[utterance] ?? {};
  const heardMs = speaker.heard.find(({ startMs }) => startMs > endMs)?.startMs ?? Number.NaN;
  const [turn] = turns;
  assertNear(turn?.speechEndedUs, endMs * 1_000);
  assertNear(stages('playback', 0)[0]?.startUs, heardMs * 1_000);
  assertLatency(turn, stages('playback', 0)[0]);
}
