import { trace } from '@opentelemetry/api';
import { resourceFromAttributes } from '@opentelemetry/resources';
import { type ReadableSpan, type SpanProcessor, TracerProvider } from '@opentelemetry/sdk-trace';
import { type Call, startCall, type Turn } from '../instrumentation/index.ts';

/** 2026-11-01T00:00:00Z: every model here has a price then. */
const BASE_MS = Date.UTC(2026, 10, 1);
const TURN_MS = 10_000;

/** How long so many calls of so many turns take together, one beginning each second. */
export const lengthMs = (calls: number, turns: number): number => calls * 1_000 + (turns + 1) * TURN_MS;

/**
 * The spans of calls made through the public API, in the order in which they ended: a greeting, then `turns` exchanges,
 * every fourth with a tool and every fifth interrupted. Registers a tracer provider, so once in a process.
 *
 * @param fromMs - when the first begins
 */
export function recordCalls(calls: number, turns: number, fromMs: number = BASE_MS): ReadableSpan[] {
  const recorder = new Recorder();
  const resource = resourceFromAttributes({
    'service.name': 'front-desk',
    'service.version': '1.4.2',
    'service.instance.id': '627cc493-f310-47de-96bd-71410b7dec09',
    'telemetry.sdk.language': 'nodejs',
    'telemetry.sdk.name': 'opentelemetry',
    'telemetry.sdk.version': '2.12.0',
    'host.name': 'agent-7c9f',
    'process.pid': 4242,
    'process.runtime.name': 'nodejs',
  });
  const provider = new TracerProvider({ spanProcessors: [recorder], resource });
  if (!trace.setGlobalTracerProvider(provider)) throw new Error('Another tracer provider is registered.');
  for (let index = 0; index < calls; index += 1) recordCall(fromMs + index * 1_000, turns);
  return recorder.spans;
}

class Recorder implements SpanProcessor {
  readonly spans: ReadableSpan[] = [];

  onStart(): void {}

  onEnd(span: ReadableSpan): void {
    this.spans.push(span);
  }

  async forceFlush(): Promise<void> {}

  async shutdown(): Promise<void> {}
}

function recordCall(startMs: number, turns: number): void {
  const call = startCall({
    direction: 'inbound',
    channel: 'phone',
    transport: 'twilio',
    agentName: 'receptionist',
    campaignId: 'autumn',
    at: startMs,
  });
  const greeting = call.startTurn({ initiator: 'agent', at: startMs + 100 });
  speak(greeting, startMs + 120, false);
  greeting.end({ at: startMs + 3_000 });
  for (let index = 1; index <= turns; index += 1) exchange(call, startMs + index * TURN_MS, index);
  call.end({ reason: 'hangup', outcome: 'SUCCESS', at: startMs + (turns + 1) * TURN_MS });
}

/** A turn in which the user asks and is answered after 800 ms. */
function exchange(call: Call, startMs: number, index: number): void {
  const turn = call.startTurn({ at: startMs });
  turn.userSpeechStarted({ at: startMs + 20 });
  const stt = turn.startStt({ provider: 'deepgram', model: 'nova-3', at: startMs });
  stt.firstByte(startMs + 400.125);
  stt.end({
    usage: { audioSeconds: 2.1 + index / 10 },
    text: 'can I book a table for two',
    at: startMs + 2_100,
  });
  turn.userSpeechEnded({ at: startMs + 2_000, source: 'stt_word_end' });
  turn.committed(startMs + 2_200);
  if (index % 4 === 0) {
    answer(turn, startMs + 2_210, ['tool_calls']);
    turn.startTool({ toolName: 'find_table', at: startMs + 2_240 }).end({ at: startMs + 2_245 });
  }
  answer(turn, startMs + 2_250, ['stop']);
  const interrupted = index % 5 === 0;
  if (interrupted) turn.interruption({ kind: 'barge_in', at: startMs + 4_000, timeToSilenceSeconds: 0.31 });
  speak(turn, startMs + 2_550, interrupted);
  turn.end({ at: startMs + 5_000 });
}

function answer(turn: Turn, startMs: number, finishReasons: readonly string[]): void {
  const llm = turn.startLlm({
    provider: 'groq',
    model: 'llama-3.1-8b-instant',
    streaming: true,
    at: startMs,
  });
  llm.firstByte(startMs + 250.5);
  llm.end({
    usage: { inputTokens: 812, cachedInputTokens: 512, outputTokens: 47 },
    responseModel: 'llama-3.1-8b-instant',
    responseId: 'chatcmpl-9f1f2b1e-6d0c-4e0f-8f3a-b9b6c9f7a001',
    finishReasons,
    text: 'Certainly. For what time shall I book it?',
    at: startMs + 700,
  });
}

function speak(turn: Turn, startMs: number, interrupted: boolean): void {
  const tts = turn.startTts({ provider: 'cartesia', model: 'sonic-2', at: startMs });
  tts.firstByte(startMs + 150.25);
  tts.end({ usage: { characters: 120, audioSeconds: 2.2 }, at: startMs + 650 });
  const playback = turn.startPlayback({ at: startMs + 250 });
  if (interrupted) playback.cancel({ at: startMs + 1_760 });
  else playback.end({ at: startMs + 2_450 });
}
