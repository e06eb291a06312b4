import { randomBytes } from 'node:crypto';
import type { CallScript } from '../../exporter/replay/script.ts';
import { type CallerOptions, type CallTruth, makeCall } from '../phone-caller.ts';
import { startProviders } from '../providers.ts';
import { type Deviation, Director, type Provider } from './director.ts';

/** A call that was made by a script. */
export interface MadeCall {
  readonly truth: CallTruth;
  readonly deviations: readonly Deviation[];
}

/** Providers that keep to the script of the call that is being made. */
export interface Stage {
  /** What an agent needs in its environment. */
  readonly env: Readonly<Record<string, string>>;
  /** The first of the providers that the agent should have asked and did not, in the call that is being made or was made last. */
  readonly unasked: Provider | undefined;
  /** Makes one call; one at a time. @throws Error when a step does not come to its end. */
  makeCall(script: CallScript, options: CallerOptions): Promise<MadeCall>;
  close(): Promise<void>;
}

export async function startStage(): Promise<Stage> {
  let director = new Director({ direction: 'inbound', exchanges: [], hangUpMs: 0 });
  const providers = await startProviders({
    deepgram: { script: () => director.transcripts },
    chat: { scripted: (request) => director.answer(request) },
    cartesia: { scripted: (text, isRetry) => director.speech(text, isRetry) },
  });
  return {
    env: providers.env,
    get unasked() {
      return director.unasked;
    },
    makeCall: async (script, options) => {
      director = new Director(script);
      const truth = await makeCall(
        {
          callSid: `CA${randomBytes(16).toString('hex')}`,
          direction: script.direction === 'outbound' ? 'outbound' : 'inbound',
          // Of the range that is reserved for fiction.
          ...{ from: '+12025550101', to: '+12025550100' },
          steps: director.steps,
        },
        options,
      );
      return { truth, deviations: director.deviations };
    },
    close: () => providers.close(),
  };
}
