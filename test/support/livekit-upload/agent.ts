// An agent of LiveKit's in a job of its own, as a server would start it, but for the server: `agent.js JOB`. Where it uploads
// to is in its environment. It prints what it knows of its conversation, and exits as a job does: without sending its last spans.
import * as agents from '@livekit/agents';
import { Job } from '@livekit/protocol';
import { Room } from '@livekit/rtc-node';
import { startConversation } from '../livekit/conversation.ts';
import { stoodStillMicros } from '../near.ts';

/** What the agent knows of its conversation. Milliseconds since 1970. */
export interface Truth {
  readonly requests: number;
  readonly spoken: readonly string[];
  readonly heard: readonly { readonly startMs: number; readonly endMs?: number }[];
  readonly utterances: readonly { readonly startMs: number; readonly endMs: number }[];
  /** For how long it stood still in all. */
  readonly stoodStillMs: number;
}

const [jobId = 'AJ_test'] = process.argv.slice(2);
agents.initializeLogger({ pretty: false, level: 'warn' });
const context = new agents.JobContext(
  new agents.JobProcess(),
  {
    acceptArguments: { name: '', identity: '', metadata: '' },
    job: new Job({ id: jobId, room: { sid: `RM_${jobId}`, name: 'a room' }, agentName: 'front-desk' }),
    url: 'ws://127.0.0.1:1',
    token: '',
    workerId: 'AW_1',
  },
  new Room(),
  () => {},
  () => {},
  { doInference: async () => undefined } as never,
);
const within = <T>(work: () => Promise<T>): Promise<T> => agents.runWithJobContextAsync(context, work);

const conversation = await startConversation(agents, {
  record: true,
  within,
  script: (last, role) =>
    role === 'function_call_output'
      ? { text: 'On Sunday we close at ten.' }
      : /close/.test(last)
        ? { tool: { name: 'get_opening_hours', args: { day: 'sunday' } } }
        : { text: 'Of course, with pleasure.' },
  tools: {
    get_opening_hours: agents.llm.tool({
      description: 'Opening hours',
      parameters: { type: 'object', properties: { day: { type: 'string' } } } as never,
      execute: async () => ({ closes: '22:00' }),
    }),
  },
});
conversation.session.say('Luigi, good evening.');
await conversation.heard(1);
const utterances = [await conversation.say('booking-time', 'At seven please.')];
await conversation.heard(2);
utterances.push(await conversation.say('hours-question', 'What time do you close on Sunday?'));
await conversation.heard(3);
await conversation.end();

await within(() => context._onSessionEnd());
await agents.telemetry.flushOtelLogs();
await agents.telemetry.flushCloudMetrics();
const { llm, tts, speaker } = conversation;
const truth: Truth = {
  requests: llm.truth.length,
  spoken: tts.truth.map(({ text }) => text),
  heard: speaker.heard,
  utterances,
  stoodStillMs: stoodStillMicros(0, Number.POSITIVE_INFINITY) / 1_000,
};
process.stdout.write(`${JSON.stringify(truth)}\n`, () => process.exit(0));
