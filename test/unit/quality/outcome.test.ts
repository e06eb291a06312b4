import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import { type FinalState, OutcomeClassifier } from '../../../exporter/quality/outcome.ts';
import {
  AMD_RULES,
  END_REASON_PREFIXES,
  END_REASON_RULES,
  END_REASON_SUFFIXES,
  LIVEKIT_DISCONNECT_REASONS,
  normalised,
} from '../../../exporter/quality/outcome-tables.ts';
import type { Outcome } from '../../../model/vocabulary.ts';

const classifier = new OutcomeClassifier();
const outcomeOf = (state: FinalState) => classifier.classifyFromState(state)?.outcome;
const user = (text: string) => ({ role: 'user' as const, text });

describe('SIP responses', () => {
  const rows: [number[], Outcome | undefined][] = [
    [[486, 600], 'BUSY'],
    [[408, 480, 487, 603, 607], 'NO_ANSWER'],
    [[400, 403, 404, 407, 484, 488, 500, 503, 604, 606], 'FAIL'],
    [[100, 180, 183, 200, 202, 302, 0, -1, 700, 486.5, Number.NaN], undefined],
  ];
  for (const [codes, outcome] of rows)
    it(`${codes.join(', ')}: ${outcome ?? 'proves nothing'}`, () => {
      for (const code of codes) assert.equal(outcomeOf({ sipStatusCode: code }), outcome, String(code));
    });

  it('a declined call is less certain than one that rang out', () => {
    const confidence = (code: number) =>
      classifier.classifyFromState({ sipStatusCode: code })?.confidence ?? 0;
    assert.ok(confidence(603) < confidence(480));
  });
});

describe('answering machine detection', () => {
  const rows: [string, Outcome | undefined][] = [
    ['machine_start', 'VOICEMAIL'],
    ['machine_end_beep', 'VOICEMAIL'],
    ['machine_end_silence', 'VOICEMAIL'],
    ['machine_end_other', 'VOICEMAIL'],
    ['machine-vm', 'VOICEMAIL'],
    ['machine-unavailable', 'VOICEMAIL'],
    ['machine-ivr', 'FAIL'],
    ['fax', 'FAIL'],
    ['human', undefined],
    ['unknown', undefined],
    ['something new', undefined],
  ];
  for (const [value, outcome] of rows)
    it(`${value}: ${outcome ?? 'proves nothing'}`, () =>
      assert.equal(outcomeOf({ amdResult: value }), outcome));
});

describe('end reasons', () => {
  const rows: [string, Outcome | undefined][] = [
    // Twilio
    ['busy', 'BUSY'],
    ['no-answer', 'NO_ANSWER'],
    ['canceled', 'NO_ANSWER'],
    ['failed', 'FAIL'],
    ['completed', undefined],
    // Vapi
    ['customer-busy', 'BUSY'],
    ['customer-did-not-answer', 'NO_ANSWER'],
    ['call.in-progress.error-providerfault-outbound-sip-480-temporarily-unavailable', 'NO_ANSWER'],
    ['call.in-progress.error-sip-outbound-call-failed-to-connect', 'FAIL'],
    ['pipeline-error-openai-llm-failed', 'FAIL'],
    ['assistant-request-returned-error', 'FAIL'],
    ['assistant-request-returned-forwarding-phone-number', undefined],
    ['call.forwarding.operator-busy', undefined],
    ['assistant-ended-call-after-message-spoken', undefined],
    ['voicemail', 'VOICEMAIL'],
    // Retell
    ['dial_busy', 'BUSY'],
    ['dial_no_answer', 'NO_ANSWER'],
    ['voicemail_reached', 'VOICEMAIL'],
    ['error_llm_websocket_open', 'FAIL'],
    ['user_hangup', undefined],
    // Roark
    ['voice_mail_reached', 'VOICEMAIL'],
    ['phone_call_provider_connection_error', 'FAIL'],
    // LiveKit
    ['USER_REJECTED', 'BUSY'],
    ['USER_UNAVAILABLE', 'NO_ANSWER'],
    ['SIP_TRUNK_FAILURE', 'FAIL'],
    ['CLIENT_INITIATED', undefined],
    ['error', 'FAIL'],
    ['hangup', undefined],
    ['', undefined],
  ];
  for (const [reason, outcome] of rows)
    it(`${reason || '(empty)'}: ${outcome ?? 'proves nothing'}`, () =>
      assert.equal(outcomeOf({ endReason: reason }), outcome));

  it("LiveKit's numbers count only where the transport is LiveKit", () => {
    assert.equal(outcomeOf({ endReason: '12', transport: 'livekit' }), 'BUSY');
    assert.equal(outcomeOf({ endReason: '13', transport: 'LiveKit' }), 'FAIL');
    assert.equal(outcomeOf({ endReason: '12', transport: 'twilio' }), undefined);
  });
});

describe('the tables', () => {
  const wholes = END_REASON_RULES.flatMap(({ values }) => values);
  const all = [AMD_RULES, END_REASON_RULES, END_REASON_PREFIXES, END_REASON_SUFFIXES].flatMap((table) =>
    table.flatMap(({ values }) => values),
  );

  it('are written in the form in which they are looked up', () => {
    for (const value of all) assert.equal(value, normalised(value));
  });

  it('say each end reason once', () => {
    assert.deepEqual(
      wholes.filter((value, index) => wholes.indexOf(value) !== index),
      [],
    );
  });

  it("know every reason that LiveKit's numbers stand for", () => {
    for (const value of Object.values(LIVEKIT_DISCONNECT_REASONS)) assert.ok(wholes.includes(value), value);
  });

  it('never prove SUCCESS, whatever a technical reason says', () => {
    const text = fc.oneof(
      fc.constantFrom(...all, 'success', 'SUCCESS', '__proto__', 'constructor'),
      fc.string(),
    );
    fc.assert(
      fc.property(
        fc.record(
          {
            sipStatusCode: fc.integer({ min: -10, max: 800 }),
            amdResult: text,
            endReason: text,
            transport: text,
          },
          { requiredKeys: [] },
        ),
        (state) => {
          const verdict = classifier.classifyFromState(state);
          assert.notEqual(verdict?.outcome, 'SUCCESS');
          assert.ok(verdict === undefined || (verdict.confidence > 0 && verdict.confidence <= 1));
          assert.ok(verdict === undefined || verdict.evidence.length > 0);
        },
      ),
    );
  });
});

describe('precedence', () => {
  const state = {
    outcome: 'SUCCESS',
    sipStatusCode: 486,
    amdResult: 'machine_start',
    endReason: 'dial_no_answer',
  };
  const transcript = [user("I'm not interested, take me off your list")];

  it('explicit, then SIP, then machine detection, then end reason, then keywords', () => {
    const seen: unknown[] = [];
    const left: FinalState = { ...state };
    for (const key of ['outcome', 'sipStatusCode', 'amdResult', 'endReason'] as const) {
      const verdict = classifier.classify({ state: left, transcript });
      seen.push([verdict?.source, verdict?.outcome]);
      delete left[key];
    }
    const last = classifier.classify({ state: left, transcript });
    seen.push([last?.source, last?.outcome]);
    assert.deepEqual(seen, [
      ['explicit', 'SUCCESS'],
      ['sip', 'BUSY'],
      ['amd', 'VOICEMAIL'],
      ['end_reason', 'NO_ANSWER'],
      ['keywords', 'FAIL'],
    ]);
  });

  it('evidence that proves nothing is passed over', () => {
    const verdict = classifier.classify({
      state: { sipStatusCode: 200, amdResult: 'unknown', endReason: 'dial_busy' },
      transcript: [],
    });
    assert.equal(verdict?.outcome, 'BUSY');
    assert.deepEqual(verdict?.evidence, [{ rule: 'end_reason.dial-busy', matched: 'dial-busy' }]);
  });

  it('an outcome recorded from keywords yields to a SIP status; one without a source is explicit', () => {
    const recorded = { outcome: 'SUCCESS', outcomeSource: 'keywords', outcomeConfidence: 0.6 } as const;
    assert.equal(outcomeOf({ ...recorded, sipStatusCode: 486 }), 'BUSY');
    assert.equal(classifier.classifyFromState(recorded)?.confidence, 0.6);
    assert.equal(outcomeOf({ outcome: 'success', sipStatusCode: 486 }), 'SUCCESS');
    assert.equal(outcomeOf({ outcome: 'no answer' }), 'NO_ANSWER');
  });

  it('an unknown word is not an explicit outcome', () => {
    assert.equal(outcomeOf({ outcome: 'GREAT' }), undefined);
    assert.equal(outcomeOf({ outcome: '', sipStatusCode: 486 }), 'BUSY');
  });

  it('a person who answered is not a voicemail, whatever the words', () => {
    const greeting = [user('Please leave a message after the tone')];
    assert.equal(classifier.classify({ transcript: greeting })?.outcome, 'VOICEMAIL');
    assert.equal(classifier.classify({ state: { amdResult: 'human' }, transcript: greeting }), undefined);
  });

  it('nothing known is undefined', () => {
    assert.equal(classifier.classify({}), undefined);
    assert.equal(classifier.classify({ state: { endReason: 'completed' }, transcript: [] }), undefined);
  });
});
