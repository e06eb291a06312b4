import { diag } from '@opentelemetry/api';
import { startedCallCount } from '../call/call.ts';
import { wrapCount } from '../sdks/kit/patch.ts';
import { followedCount } from '../sdks/kit/raw/left-alone.ts';
import { loadedSdkCount } from './hooks.ts';

const AFTER_MS = 60_000;

/** One line when an agent has run for a while and there was nothing to follow, with what that may be and the cure. */
export function hintWhenIdle(afterMs: number = AFTER_MS): void {
  const look = () => {
    if (loadedSdkCount() + wrapCount() + followedCount() + startedCallCount() > 0) return;
    diag.warn(
      `earshot: for ${afterMs / 1_000} s there was nothing to follow: no SDK that earshot knows was loaded, and no call was started. A bundled application hands its clients to earshot/instrument. Another SDK or version than those of docs/sdks.md needs startCall, or EARSHOT_SDKS. Worker threads are not followed: run the agent in a process of its own.`,
    );
  };
  setTimeout(look, afterMs).unref();
}
