import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import { KEYWORD_RULES, OutcomeClassifier, type TranscriptTurn } from '../../../exporter/quality/index.ts';
import { clauses } from '../../../exporter/quality/words.ts';

const classifier = new OutcomeClassifier();
/** `said('user: hello', 'agent: hi')` */
const said = (...lines: string[]): TranscriptTurn[] =>
  lines.map((line) => ({
    role: line.startsWith('user') ? 'user' : 'agent',
    text: line.slice(line.indexOf(':') + 1),
  }));
const verdict = (...lines: string[]) => classifier.classifyFromKeywords(said(...lines));

describe('voicemail', () => {
  for (const greeting of [
    'Please leave a message after the tone.',
    "Hi, you've reached Anna. I can’t come to the phone right now, leave your name and number after the beep",
    'the person you are trying to reach is not available',
    'The mailbox is full and cannot accept messages at this time. Goodbye.',
    'your call has been forwarded to an automatic voice messaging system',
    'I am not here please leave a message',
  ])
    it(`is heard in: ${greeting}`, () => assert.equal(verdict(`user:${greeting}`)?.outcome, 'VOICEMAIL'));

  it('names the rules and their phrases as evidence, with the utterance, and nothing else that was said', () => {
    const found = verdict(
      'agent: Hello?',
      'user: Hi, this is Bob. Leave a message after the beep. My mailbox works.',
    );
    assert.deepEqual(found?.evidence, [
      { rule: 'voicemail.prompt', matched: 'leave a message', turn: 1 },
      { rule: 'voicemail.mailbox', matched: 'mailbox', turn: 1 },
    ]);
    assert.equal(found?.source, 'keywords');
    assert.equal(found?.confidence, 0.9);
    assert.equal(JSON.stringify(found).includes('Bob'), false);
  });

  for (const line of [
    "user: I'd like to leave a message for Doctor Smith",
    'user: Is Doctor Smith in? The web site says he is not available',
    'agent: Please leave a message after the tone.',
    "user: you've reached the front desk, how can I help?",
  ])
    it(`is not heard in: ${line}`, () => assert.equal(verdict(line), undefined));

  it('comes at the beginning of a call or not at all', () => {
    const lines = ['user: Hello', 'user: Yes', 'user: The recording said leave a message after the tone'];
    assert.equal(verdict(...lines), undefined);
    assert.equal(verdict(...lines.slice(1))?.outcome, 'VOICEMAIL');
  });
});

describe('success', () => {
  it("is the agent's confirmation, with modest confidence", () => {
    const found = verdict('user: A table for two', 'agent: Your table is booked for seven.');
    assert.equal(found?.outcome, 'SUCCESS');
    assert.equal(found?.confidence, 0.6);
  });

  it('grows with thanks and goodbye, but never beyond 0.75', () => {
    const found = verdict('agent: It is confirmed.', 'user: Thanks for your help. Bye!');
    assert.equal(found?.confidence, 0.75);
    assert.equal(found?.evidence.length, 3);
  });

  it('may rest on thanks and goodbye, not on goodbye alone', () => {
    assert.equal(verdict("user: That's all. Goodbye.")?.outcome, 'SUCCESS');
    assert.ok(Math.abs((verdict("user: That's all. Goodbye.")?.confidence ?? 0) - 0.545) < 1e-9);
    assert.equal(verdict('user: Goodbye.'), undefined);
  });

  for (const line of [
    'agent: Your table is not booked.',
    "agent: Sorry, nothing is booked under that name, and it isn't confirmed either",
    'agent: Once it is confirmed you get a text',
    'agent: Do you know whether your table is booked?',
    'agent: So your table is booked?',
    'user: My table is booked already',
  ])
    it(`is not claimed by: ${line}`, () => assert.equal(verdict(line), undefined));

  it('a negation in another clause does not reach it', () => {
    assert.equal(verdict('agent: Not a problem, your table is booked')?.outcome, 'SUCCESS');
    assert.equal(verdict('agent: The first one is not free but the second is booked')?.outcome, 'SUCCESS');
  });
});

describe('failure and networks', () => {
  const rows = [
    ['user: I am not interested.', 'FAIL'],
    ['user: Please take me off your list', 'FAIL'],
    ['user: You have the wrong number', 'FAIL'],
    ['user: No, this is not a wrong number', undefined],
    ["agent: I'm afraid I couldn't book that.", 'FAIL'],
    ['user: The number you have dialled is not in service', 'FAIL'],
    ['user: the line is busy', 'BUSY'],
    ['user: The subscriber is not answering', 'NO_ANSWER'],
    ['user: I am very interested', undefined],
  ] as const;
  for (const [line, outcome] of rows)
    it(`${line} ${outcome ?? 'says nothing'}`, () => assert.equal(verdict(line)?.outcome, outcome));

  it('a call that says both and means neither clearly has no verdict', () => {
    assert.equal(verdict("agent: Table one is booked, but I couldn't book the taxi"), undefined);
  });
});

describe('configuration', () => {
  it('own rules replace the built-in ones, or extend them', () => {
    const rule = {
      name: 'reservierung',
      outcome: 'SUCCESS',
      speaker: 'agent',
      confidence: 0.7,
      phrases: ['ist reserviert'],
    } as const;
    const line = said('agent: Ihr Tisch ist reserviert.', 'user: not interested');
    const own = new OutcomeClassifier({ rules: [rule] });
    assert.equal(own.classifyFromKeywords(line)?.outcome, 'SUCCESS');
    assert.equal(classifier.classifyFromKeywords(line)?.outcome, 'FAIL');
    const both = new OutcomeClassifier({ rules: [...KEYWORD_RULES, rule] });
    assert.equal(both.classifyFromKeywords(line.slice(0, 1))?.outcome, 'SUCCESS');
  });

  it('the confidence that a verdict needs can be raised', () => {
    const strict = new OutcomeClassifier({ minimumConfidence: 0.65 });
    assert.equal(strict.classifyFromKeywords(said('agent: Your table is booked')), undefined);
  });
});

it('a phrase counts only whole: every built-in phrase is found in itself and not in its letters', () => {
  for (const rule of KEYWORD_RULES)
    for (const phrase of rule.phrases) {
      assert.equal(clauses(phrase).length, 1, `${phrase} is one clause`);
      const only = new OutcomeClassifier({ rules: [rule], minimumConfidence: 0 });
      const role = rule.speaker === 'agent' ? 'agent' : 'user';
      assert.equal(only.classifyFromKeywords([{ role, text: phrase.toUpperCase() }])?.outcome, rule.outcome);
      assert.equal(only.classifyFromKeywords([{ role, text: `x${phrase}x` }]), undefined);
    }
});

it('any transcript gives a verdict between its bounds or none, and the same turn by turn', () => {
  const phrase = fc.constantFrom(
    ...KEYWORD_RULES.flatMap(({ phrases }) => phrases),
    'not',
    '?',
    '.',
    'but',
    'if',
  );
  const text = fc.oneof(
    fc.array(phrase, { maxLength: 6 }).map((parts) => parts.join(' ')),
    fc.string({ unit: 'grapheme' }),
  );
  const turn = fc.record({ role: fc.constantFrom('user' as const, 'agent' as const), text });
  fc.assert(
    fc.property(fc.array(turn, { maxLength: 12 }), (transcript) => {
      const whole = classifier.classifyFromKeywords(transcript);
      assert.ok(whole === undefined || (whole.confidence >= 0.5 && whole.confidence <= 0.9));
      assert.ok(whole === undefined || whole.evidence.length > 0);
      const scan = classifier.scan();
      for (const utterance of transcript) scan.add(utterance);
      assert.deepEqual(scan.verdict(), whole);
    }),
  );
});
