// The worker: LiveKit starts a job process for each room that the agent is sent to.
import { fileURLToPath } from 'node:url';
import { cli, defineAgent, ServerOptions } from '@livekit/agents';
import { createSession, Receptionist } from './session.js';

export default defineAgent({
  entry: async (ctx) => {
    await ctx.connect();
    const session = createSession();
    await session.start({ agent: new Receptionist(), room: ctx.room });
    session.say('Luigi, good evening. How can I help?');
  },
});

cli.runApp(new ServerOptions({ agent: fileURLToPath(import.meta.url), agentName: 'receptionist' }));
