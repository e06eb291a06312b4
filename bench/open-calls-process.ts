// The process that open-calls.ts measures: opens as many calls as its argument says and tells what they hold.
import { trace } from '@opentelemetry/api';
import { TracerProvider } from '@opentelemetry/sdk-trace';
import { MIGRATIONS } from '../exporter/generated/migrations.ts';
import { CallSpanProcessor } from '../exporter/processor.ts';
import type { Database } from '../exporter/store/database.ts';
import { type Call, startCall } from '../instrumentation/index.ts';
import type { OpenCallsMemory } from './open-calls.ts';

/** A migrated database that forgets what it is given: what is measured is what the agent's process holds. */
const database: Database = {
  async query<Row>(text: string): Promise<Row[]> {
    if (text.includes('earshot_migrations')) return [{ present: true, id: MIGRATIONS.at(-1)?.id }] as Row[];
    return (text.includes('INTO earshot.call_spans') ? [{ written: 0 }] : []) as Row[];
  },
  transaction: (work) => work(database),
  close: async () => {},
};

const processor = new CallSpanProcessor({ database, spoolDir: '/nonexistent/earshot-bench' });
trace.setGlobalTracerProvider(new TracerProvider({ spanProcessors: [processor] }));

/** A call whose user has asked, and whose agent is being heard. */
function openCall(): Call {
  const call = startCall({ direction: 'inbound', channel: 'phone', transport: 'twilio' });
  const turn = call.startTurn();
  turn.userSpeechStarted();
  const stt = turn.startStt({ provider: 'deepgram', model: 'nova-3' });
  stt.firstByte();
  stt.end({ usage: { audioSeconds: 2.1 }, text: 'Can I book a table for two?' });
  turn.userSpeechEnded({ source: 'stt_word_end' });
  turn.committed();
  const llm = turn.startLlm({ provider: 'groq', model: 'llama-3.1-8b-instant', streaming: true });
  llm.firstByte();
  llm.end({ usage: { inputTokens: 812, outputTokens: 47 }, text: 'Certainly. For what time?' });
  const tts = turn.startTts({ provider: 'cartesia', model: 'sonic-3.5' });
  tts.firstByte();
  tts.end({ usage: { characters: 25, audioSeconds: 1.7 } });
  turn.startPlayback();
  return call;
}

async function settle(): Promise<NodeJS.MemoryUsage> {
  await processor.forceFlush();
  // Twice: what the first round lets go of may hold on to more.
  for (let round = 0; round < 2; round += 1) {
    globalThis.gc?.();
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
  return process.memoryUsage();
}

// Once before: code is loaded and compiled, and the word lists of the analysis are there.
for (const call of Array.from({ length: 50 }, openCall)) call.end({ reason: 'hangup' });
const idle = await settle();
let calls: Call[] = [];
const wanted = Number(process.argv[2]);
while (calls.length < wanted) {
  calls.push(openCall());
  // Their spans go to the database as they end, as they would in calls that do not all start at once.
  if (calls.length % 500 === 0) await processor.forceFlush();
}
const open = await settle();
for (const call of calls) {
  call.end({ reason: 'hangup' });
  if (call === calls.at(-1)) calls = [];
}
const ended = await settle();
const memory: OpenCallsMemory = {
  rss: open.rss - idle.rss,
  heap: open.heapUsed - idle.heapUsed,
  heapAfter: ended.heapUsed - idle.heapUsed,
};
process.send?.(memory);
await processor.shutdown();
process.disconnect?.();
