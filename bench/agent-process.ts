// The voice agent that bench/agent.ts starts: live calls at the pace of speech, in a process whose event loop is watched.
import { setTimeout as passed, setImmediate } from 'node:timers/promises';
import { SpanKind, trace } from '@opentelemetry/api';
import { TracerProvider } from '@opentelemetry/sdk-trace';
import { CallSpanProcessor } from '../exporter/processor.ts';
import { startCall } from '../instrumentation/index.ts';
import { ATTR, SPAN } from '../model/semconv.ts';
import type { AgentOrder, EndedCall, LiveCalls } from './agent.ts';
import { HeldLoop } from './held-loop.ts';

const processor = new CallSpanProcessor();
const provider = new TracerProvider({ spanProcessors: [processor] });
trace.setGlobalTracerProvider(provider);
let loop: HeldLoop | undefined;
const ended: EndedCall[] = [];
let lives: Promise<unknown>[] = [];
let live = false;

/** A line on which nothing is told: only its timers run. */
async function untoldLine({ exchanges, pauseMs = 0 }: LiveCalls): Promise<void> {
  while (live)
    for (let turns = 0; turns < exchanges && live; turns += 1)
      for (const ms of [150, 100, 120, 60, 250, pauseMs]) await passed(ms);
}

/** One of the lines: call after call, until it is told to stop; the last is ended properly. */
async function line({ exchanges, pauseMs = 0 }: LiveCalls): Promise<void> {
  while (live) {
    const call = startCall({ direction: 'inbound', channel: 'phone', transport: 'twilio' });
    let turns = 0;
    for (; turns < exchanges && live; turns += 1) {
      const turn = call.startTurn();
      turn.userSpeechStarted();
      const stt = turn.startStt({ provider: 'deepgram', model: 'nova-3' });
      await passed(150);
      stt.firstByte();
      await passed(100);
      stt.end({ usage: { audioSeconds: 2 }, text: 'can I book a table for two' });
      turn.userSpeechEnded({ source: 'stt_word_end' });
      turn.committed();
      const llm = turn.startLlm({ provider: 'groq', model: 'llama-3.1-8b-instant', streaming: true });
      await passed(120);
      llm.firstByte();
      llm.end({ usage: { inputTokens: 812, outputTokens: 47 }, text: 'Certainly. For what time?' });
      const tts = turn.startTts({ provider: 'cartesia', model: 'sonic-2' });
      await passed(60);
      tts.firstByte();
      tts.end({ usage: { characters: 25, audioSeconds: 1.7 } });
      const playback = turn.startPlayback();
      await passed(250);
      playback.end();
      turn.end();
      if (pauseMs > 0) await passed(pauseMs);
    }
    call.end({ reason: 'hangup', outcome: 'SUCCESS' });
    ended.push({ callId: call.id, turns });
  }
}

/** A call of so many turns, all of them written and none of them ended yet. */
async function largeCall(callId: string, turns: number): Promise<() => void> {
  const tracer = trace.getTracer('earshot');
  const startMs = Date.now() - turns;
  for (let index = 0; index < turns; index += 1) {
    if (index % 100 === 0) await setImmediate();
    tracer
      .startSpan(SPAN.turn, {
        kind: SpanKind.SERVER,
        startTime: startMs + index,
        attributes: { [ATTR.callId]: callId, [ATTR.turnIndex]: index, [ATTR.eouLatency]: 0.8 },
      })
      .end(startMs + index + 1);
    if (index % 2_000 === 0) await processor.forceFlush();
  }
  const end = tracer.startSpan(SPAN.call, { startTime: startMs, attributes: { [ATTR.callId]: callId } });
  await processor.forceFlush();
  return () => end.end();
}

async function obey(order: AgentOrder): Promise<unknown> {
  switch (order.kind) {
    case 'live':
      live = true;
      lives = Array.from({ length: order.calls }, async (_, index) => {
        const { pauseMs = 0, calls, untold = false } = order;
        if (pauseMs > 0) await passed((pauseMs * index) / calls);
        return untold ? untoldLine(order) : line(order);
      });
      return undefined;
    case 'hang-up':
      live = false;
      await Promise.all(lives);
      return ended;
    case 'flush':
      return processor.forceFlush();
    case 'large': {
      const end = await largeCall(order.callId, order.turns);
      await passed(500);
      loop?.measured();
      end();
      return undefined;
    }
    case 'watch':
      loop ??= new HeldLoop();
      return undefined;
    case 'measured':
      return loop?.measured();
    default:
      return order satisfies never;
  }
}

process.on('message', (order: AgentOrder) => {
  void obey(order).then((answer) => process.send?.({ answer }));
});
process.once('disconnect', () => void processor.shutdown().finally(() => process.exit()));
