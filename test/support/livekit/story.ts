import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import { pathToFileURL } from 'node:url';
import * as newest from '@livekit/agents';
import { patchLiveKit } from '../../../instrumentation/sdks/livekit/livekit.ts';
import { takeFacts } from '../spans.ts';
import {
  type Conversation,
  type ConversationOptions,
  LONG_SPEECH,
  startConversation,
} from './conversation.ts';
import { type Told, told } from './told.ts';

const require = createRequire(import.meta.url);

/** The builds of LiveKit Agents that are instrumented, patched. */
export const BUILDS = [
  { name: 'the newest @livekit/agents', agents: newest },
  { name: 'its CommonJS build', agents: require('@livekit/agents') as typeof newest },
  { name: '@livekit/agents 1.4.0', agents: await loadOldest() },
] as const;
for (const { agents } of BUILDS) patchLiveKit(agents);

/** 1.4 has the audio interfaces too, and exports one of them only. */
async function loadOldest(): Promise<typeof newest> {
  const exports = (await import('livekit-agents-oldest' as string)) as typeof newest;
  const path = join(dirname(require.resolve('livekit-agents-oldest')), 'voice/io.js');
  const { AudioInput } = (await import(pathToFileURL(path).href)) as typeof newest.voice;
  return { ...exports, voice: { ...exports.voice, AudioInput } };
}

/** A conversation, and what it became. */
export interface Story {
  readonly conversation: Conversation;
  readonly told: Told;
}

/**
 * A greeting, a request, a long answer that is talked over, a question for a tool: five turns of one session. Spans have to
 * be recorded (`recordSpans`).
 *
 * @param id Of the agent, which is its name: so stories can be told at the same time. (Default: the framework's, which is
 *   always the same; what else was recorded until now is forgotten.)
 */
export async function tellStory(agents: typeof newest, id?: string): Promise<Story> {
  if (id === undefined) takeFacts();
  const agent = new agents.voice.Agent({
    instructions: 'Be brief.',
    tools: toolsOf(agents),
    ...(id !== undefined && { id }),
  });
  const conversation = await startConversation(agents, { script, agent });
  try {
    conversation.session.say('Luigi, good evening.');
    await conversation.heard(1);
    await conversation.say('booking-time', 'At seven please.');
    await conversation.heard(2);
    await conversation.say('menu-question', 'Could you tell me about your menu?');
    await conversation.hearing(3);
    await conversation.say('menu-barge-in', 'Sorry, only the vegetarian dishes.');
    await conversation.heard(4);
    await conversation.say('hours-question', 'What time do you close on Sunday?');
    await conversation.heard(5);
  } finally {
    await conversation.end();
  }
  return { conversation, told: told(agent.id) };
}

const script: NonNullable<ConversationOptions['script']> = (last, role) => {
  if (role === 'function_call_output') return { text: 'On Sunday we close at ten.' };
  if (/close/.test(last)) return { tool: { name: 'get_opening_hours', args: { day: 'sunday' } } };
  if (/menu/.test(last)) return { text: LONG_SPEECH };
  return { text: 'Of course, with pleasure.' };
};

const toolsOf = (agents: typeof newest) => ({
  get_opening_hours: agents.llm.tool({
    description: 'Opening hours',
    parameters: { type: 'object', properties: { day: { type: 'string' } } } as never,
    execute: async () => {
      await new Promise((resolve) => setTimeout(resolve, 80));
      return { closes: '22:00' };
    },
  }),
});
