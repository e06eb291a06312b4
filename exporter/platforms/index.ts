/** What hosted platforms and carriers report of calls, as facts. */

import type { PlatformName } from '../../model/vocabulary.ts';
import { readBland } from './bland.ts';
import { readElevenLabs } from './elevenlabs.ts';
import type { PlatformReport } from './report.ts';
import { readRetell } from './retell.ts';
import { readVapi } from './vapi.ts';

export { type ReportOptions, reportFacts } from './facts.ts';
export { ReportError } from './fields.ts';
export { twilioFacts } from './twilio.ts';

/** Reads a webhook of each platform; undefined: an event that does not end a call. @throws ReportError */
export const PLATFORM_READERS: Readonly<Record<PlatformName, (body: unknown) => PlatformReport | undefined>> =
  {
    vapi: readVapi,
    retell: readRetell,
    bland: readBland,
    elevenlabs: readElevenLabs,
  };
