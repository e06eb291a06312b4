import type { Outcome } from '../../model/vocabulary.ts';

/**
 * What carriers, machine detection and platforms say about a call, and the outcome it proves. Data only; how they are
 * read is in `outcome.ts`. Sources: RFC 3261 section 21 and RFC 8197; Twilio Call resource (`CallStatus`) and answering
 * machine detection (`AnsweredBy`); `DisconnectReason` of livekit_models.proto and `lk.amd.category`; the end reasons of
 * Vapi (`endedReason`), Retell (`disconnection_reason`) and Roark.
 *
 * A technical reason says how a call stopped. It can prove that it failed or was never answered; it never proves
 * SUCCESS, so no table has it. `undefined` marks values that are known and prove nothing.
 */
type Proof = Exclude<Outcome, 'SUCCESS'> | undefined;

/** One row: the values, in the normal form of {@link normalised}, and what they prove. */
export interface OutcomeRule {
  readonly outcome: Proof;
  /** 0 to 1. (Default: that of the table.) */
  readonly confidence?: number;
  readonly values: readonly string[];
}

/** Lower case, with `-` for `_` and blanks: platforms disagree on these only. */
export const normalised = (value: string): string =>
  value
    .trim()
    .toLowerCase()
    .replace(/[\s_]+/g, '-');

/** Confidence of what each kind of evidence proves, where its row says nothing else. 1: certain. */
export const CONFIDENCE = { explicit: 1, sip: 0.95, amd: 0.9, end_reason: 0.9, analysis: 0.8 } as const;

/** Final SIP responses by code. Others of 400 and above are FAIL; below 400 nothing is proved. */
export const SIP_RULES: readonly { outcome: Proof; confidence?: number; codes: readonly number[] }[] = [
  { outcome: 'BUSY', codes: [486, 600] },
  { outcome: 'NO_ANSWER', codes: [408, 480, 487] },
  // Declined: a person or a machine refused to answer. The raw code stays on the call.
  { outcome: 'NO_ANSWER', confidence: 0.7, codes: [603, 607] },
];

/** Answering machine detection: Twilio `AnsweredBy`, LiveKit categories, Retell `in_voicemail`. */
export const AMD_RULES: readonly OutcomeRule[] = [
  {
    outcome: 'VOICEMAIL',
    values: ['machine-start', 'machine-end-beep', 'machine-end-silence', 'machine-end-other', 'machine-vm'],
  },
  { outcome: 'VOICEMAIL', values: ['machine', 'in-voicemail', 'voicemail'] },
  // A mailbox that is full or not set up.
  { outcome: 'VOICEMAIL', confidence: 0.7, values: ['machine-unavailable'] },
  { outcome: 'FAIL', values: ['fax', 'machine-ivr'] },
  { outcome: undefined, values: ['human', 'unknown', 'uncertain'] },
];

/** Results of machine detection that say a person answered: then no words make it a voicemail. */
export const HUMAN: ReadonlySet<string> = new Set(['human']);

/** End reasons that are known whole. */
export const END_REASON_RULES: readonly OutcomeRule[] = [
  // Twilio CallStatus
  { outcome: 'BUSY', values: ['busy'] },
  { outcome: 'NO_ANSWER', values: ['no-answer', 'canceled'] },
  { outcome: 'FAIL', values: ['failed'] },
  { outcome: undefined, values: ['completed', 'queued', 'initiated', 'ringing', 'in-progress'] },
  // Vapi
  { outcome: 'BUSY', values: ['customer-busy'] },
  {
    outcome: 'NO_ANSWER',
    values: ['customer-did-not-answer', 'call.ringing.sip-inbound-caller-hungup-before-call-connect'],
  },
  { outcome: 'VOICEMAIL', values: ['voicemail'] },
  {
    outcome: 'FAIL',
    values: [
      'assistant-not-found',
      'assistant-not-valid',
      'assistant-join-timed-out',
      'twilio-failed-to-connect-call',
      'twilio-reported-customer-misdialed',
      'vonage-failed-to-connect-call',
      'vonage-rejected',
      'phone-call-provider-closed-websocket',
      'customer-did-not-give-microphone-permission',
      'worker-shutdown',
    ],
  },
  {
    outcome: undefined,
    values: [
      'assistant-forwarded-call',
      'assistant-request-returned-forwarding-phone-number',
      'assistant-said-end-call-phrase',
      'call.in-progress.sip-completed-call',
      'call.in-progress.twilio-completed-call',
      'vonage-completed',
      'vonage-disconnected',
      'silence-timed-out',
      'exceeded-max-duration',
      'manually-canceled',
      'call-deleted',
      'scheduled-call-deleted',
    ],
  },
  // Retell
  { outcome: 'BUSY', values: ['dial-busy'] },
  { outcome: 'NO_ANSWER', values: ['dial-no-answer'] },
  { outcome: 'NO_ANSWER', confidence: 0.7, values: ['user-declined'] },
  { outcome: 'VOICEMAIL', values: ['voicemail-reached'] },
  {
    outcome: 'FAIL',
    values: [
      'dial-failed',
      'invalid-destination',
      'telephony-provider-permission-denied',
      'telephony-provider-unavailable',
      'sip-routing-error',
      'marked-as-spam',
      'scam-detected',
      'concurrency-limit-reached',
      'no-concurrency-fallback',
      'no-valid-payment',
      'registered-call-timeout',
      'ivr-reached',
    ],
  },
  {
    outcome: undefined,
    values: [
      ...[
        'user-hangup',
        'agent-hangup',
        'call-transfer',
        'transfer-bridged',
        'transfer-cancelled',
        'inactivity',
      ],
      ...['max-duration-reached', 'manual-stopped', 'call-take-over'],
    ],
  },
  // Roark (customer_busy and customer_did_not_answer are Vapi's words too)
  { outcome: 'VOICEMAIL', values: ['voice-mail-reached'] },
  { outcome: 'FAIL', values: ['agent-error', 'dial-error', 'phone-call-provider-connection-error'] },
  {
    outcome: undefined,
    values: [
      ...['customer-ended-call', 'agent-ended-call', 'agent-transferred-call', 'silence-time-out', 'unknown'],
    ],
  },
  // LiveKit: DisconnectReason and CloseReason
  { outcome: 'BUSY', confidence: 0.7, values: ['user-rejected'] },
  { outcome: 'NO_ANSWER', values: ['user-unavailable'] },
  {
    outcome: 'FAIL',
    values: ['sip-trunk-failure', 'join-failure', 'connection-timeout', 'media-failure', 'error'],
  },
  {
    outcome: undefined,
    values: [
      ...['participant-disconnected', 'user-initiated', 'job-shutdown', 'client-initiated', 'room-deleted'],
      ...['unknown-reason', 'migration'],
    ],
  },
];

/** Families of end reasons, by how they begin. The longest that fits counts; a whole reason beats them. */
export const END_REASON_PREFIXES: readonly OutcomeRule[] = [
  {
    outcome: 'FAIL',
    values: [
      ...['call.start.error-', 'call.in-progress.error-', 'pipeline-error-', 'assistant-request-returned-'],
      'error-',
    ],
  },
  // The leg to where the call was forwarded; says nothing of the customer.
  { outcome: undefined, values: ['call.forwarding.', 'customer-ended-call', 'assistant-ended-call'] },
];

/** The same by how they end: Vapi repeats one carrier answer under many families. */
export const END_REASON_SUFFIXES: readonly OutcomeRule[] = [
  { outcome: 'NO_ANSWER', values: ['sip-408-request-timeout', 'sip-480-temporarily-unavailable'] },
];

/** LiveKit's `DisconnectReason` by number, where a transport that is LiveKit gives the bare number. */
export const LIVEKIT_DISCONNECT_REASONS: Readonly<Record<string, string>> = {
  '0': 'unknown-reason',
  '1': 'client-initiated',
  '5': 'room-deleted',
  '7': 'join-failure',
  '8': 'migration',
  '11': 'user-unavailable',
  '12': 'user-rejected',
  '13': 'sip-trunk-failure',
  '14': 'connection-timeout',
  '15': 'media-failure',
  '16': 'agent-error',
};
