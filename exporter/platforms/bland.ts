import { Fields } from './fields.ts';
import type { PlatformReport, Utterance } from './report.ts';

const MAX_SAID = 5_000;

/**
 * Bland's webhook of a call that is over. Undefined: a call that goes on.
 * @throws ReportError
 */
export function readBland(body: unknown): PlatformReport | undefined {
  const call = new Fields(body);
  if (call.flag('completed') === false) return undefined;
  const said = call.list('transcripts', MAX_SAID);
  const minutes = call.number('call_length');
  const startUs = call.instant('started_at') ?? call.instant('created_at');
  const endUs =
    call.instant('end_at') ??
    (startUs === undefined || minutes === undefined ? startUs : startUs + Math.round(minutes * 60e6));
  if (startUs === undefined || endUs === undefined) return call.refuse('started_at', 'an instant');
  const inbound = call.flag('inbound');
  return {
    platform: 'bland',
    callId: call.has('call_id') ? call.id('call_id') : call.id('c_id'),
    startUs,
    endUs,
    call: {
      channel: 'phone',
      direction: inbound === undefined ? undefined : inbound ? 'inbound' : 'outbound',
      amdResult: call.word('answered_by'),
      endReason: call.word('status'),
      recordingUrl: call.recording('recording_url'),
      platformCostUsd: call.money('price'),
    },
    parameters: call.own('metadata'),
    utterances: said.flatMap(utteranceOf),
    // It says nothing of the models that it uses.
    used: [],
  };
}

/** When each began is known, by when it was written down, and not when it was over: no silence can be told from it. */
function utteranceOf(said: Fields): Utterance[] {
  const speaker = said.text('user');
  const startUs = said.instant('created_at');
  if (startUs === undefined || (speaker !== 'user' && speaker !== 'assistant')) return [];
  return [{ by: speaker === 'user' ? 'user' : 'agent', startUs, words: said.words('text') }];
}
