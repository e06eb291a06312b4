import { Fields } from './fields.ts';
import { analysed, type PlatformReport, type Utterance } from './report.ts';

const MAX_SAID = 5_000;
const MAX_WORDS = 20_000;
/** Costs are in cents. */
const CENTS = 100;

/**
 * Retell's `call_ended` and `call_analyzed`, which have the same call, the second one with a verdict. Undefined: another
 * event.
 * @throws ReportError
 */
export function readRetell(body: unknown): PlatformReport | undefined {
  const event = new Fields(body);
  if (!ENDS.has(event.text('event') ?? '')) return undefined;
  const call = event.object('call');
  const endUs = call.instant('end_timestamp') ?? call.instant('start_timestamp');
  const startUs = call.instant('start_timestamp') ?? endUs;
  if (startUs === undefined || endUs === undefined)
    return call.refuse('start_timestamp', 'milliseconds since 1970');
  const analysis = call.object('call_analysis');
  const isPhone = call.text('call_type') === 'phone_call';
  return {
    platform: 'retell',
    callId: call.id('call_id'),
    startUs,
    endUs,
    call: {
      direction: isPhone ? directionOf(call.text('direction')) : 'web',
      channel: isPhone ? 'phone' : 'web',
      transport: call.object('telephony_identifier').has('twilio_call_sid') ? 'twilio' : undefined,
      agentName: call.word('agent_name') ?? call.word('agent_id'),
      endReason: call.word('disconnection_reason'),
      recordingUrl: call.recording('recording_url'),
      platformCostUsd: call.object('call_cost').money('combined_cost', CENTS),
    },
    judged: {
      ...analysed(analysis.flag('call_successful')),
      amdResult: analysis.flag('in_voicemail') === true ? 'in_voicemail' : undefined,
    },
    parameters: call.own('metadata'),
    utterances: call.list('transcript_object', MAX_SAID).flatMap((said) => utteranceOf(said, startUs)),
    // It says how many tokens there were, and not how many of them were of which kind.
    used: [],
  };
}

const ENDS: ReadonlySet<string> = new Set(['call_ended', 'call_analyzed']);

const directionOf = (direction: string | undefined) =>
  direction === 'inbound' || direction === 'outbound' ? direction : undefined;

/** Its instants are those of its words, in seconds since the call began: about, as Retell says. */
function utteranceOf(said: Fields, startUs: number): Utterance[] {
  const role = said.text('role');
  const words = said.list('words', MAX_WORDS);
  const [from, to] = [words[0]?.number('start'), words.at(-1)?.number('end')];
  if ((role !== 'user' && role !== 'agent') || from === undefined) return [];
  const at = (seconds: number) => startUs + Math.round(seconds * 1e6);
  return [
    {
      by: role,
      startUs: at(from),
      endUs: to === undefined || to < from ? undefined : at(to),
      words: said.words('content'),
    },
  ];
}
