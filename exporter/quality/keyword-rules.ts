import type { Outcome } from '../../model/vocabulary.ts';

/** Phrases that speak for an outcome. Plain lower-case words; a phrase counts only whole and within one clause. */
export interface KeywordRule {
  /** Named in the evidence. */
  readonly name: string;
  readonly outcome: Outcome;
  /** Whose words count. */
  readonly speaker: 'user' | 'agent' | 'any';
  /** 0 to 1, for the rule alone. Rules for the same outcome add up as independent evidence. */
  readonly confidence: number;
  readonly phrases: readonly string[];
  /** Only in the user's first two turns, where a machine gives its greeting. (Default: false.) */
  readonly opening?: boolean;
  /**
   * A claim: not counted when negated ("not booked"), asked ("is that confirmed?") or conditional ("once it is
   * booked"). (Default: false.)
   */
  readonly claim?: boolean;
  /** Not counted when a person speaks of themselves just before ("I'd like to leave a message"). (Default: false.) */
  readonly impersonal?: boolean;
}

/**
 * The built-in rules, in English. Spread them into your own list to extend them.
 *
 * A single weak phrase ("is not available", "goodbye") stays under the 0.5 that a verdict needs; two together pass it.
 */
export const KEYWORD_RULES: readonly KeywordRule[] = [
  {
    name: 'voicemail.prompt',
    outcome: 'VOICEMAIL',
    speaker: 'user',
    opening: true,
    impersonal: true,
    confidence: 0.8,
    phrases: [
      ...[
        'leave a message',
        'leave your message',
        'leave me a message',
        'leave us a message',
        'leave your name',
      ],
      ...['record your message', 'record a message', 'after the tone', 'after the beep', 'at the tone'],
      ...['at the beep', 'sound of the tone', 'sound of the beep', 'hear the tone', 'hear the beep'],
    ],
  },
  {
    name: 'voicemail.mailbox',
    outcome: 'VOICEMAIL',
    speaker: 'user',
    opening: true,
    confidence: 0.6,
    phrases: ['voicemail', 'voice mail', 'voice mailbox', 'mailbox', 'answering machine', 'voice messaging'],
  },
  {
    name: 'voicemail.absence',
    outcome: 'VOICEMAIL',
    speaker: 'user',
    opening: true,
    confidence: 0.4,
    phrases: [
      ...[
        'is not available',
        "isn't available",
        'is unavailable',
        'not available to take',
        'unable to take your',
      ],
      ...["can't take your call", 'cannot take your call', 'unable to answer', "can't come to the phone"],
      ...['cannot come to the phone', "can't answer", 'away from my phone', 'away from the phone'],
      ...['no one is available', 'get back to you as soon', 'return your call'],
    ],
  },
  {
    name: 'voicemail.greeting',
    outcome: 'VOICEMAIL',
    speaker: 'user',
    opening: true,
    confidence: 0.35,
    phrases: [
      ...["you've reached", 'you have reached', 'person you are calling', 'person you are trying to reach'],
      ...['party you are trying', 'customer you are calling', 'number you are trying'],
    ],
  },
  {
    name: 'busy.line',
    outcome: 'BUSY',
    speaker: 'user',
    opening: true,
    confidence: 0.7,
    phrases: ['line is busy', 'number is busy', 'is on another call', 'is currently busy'],
  },
  {
    name: 'no_answer.network',
    outcome: 'NO_ANSWER',
    speaker: 'user',
    opening: true,
    confidence: 0.7,
    phrases: ['is not answering', "isn't answering", 'is not responding', 'switched off', 'out of coverage'],
  },
  {
    name: 'fail.number',
    outcome: 'FAIL',
    speaker: 'user',
    confidence: 0.75,
    claim: true,
    phrases: ['wrong number', 'number has been disconnected', 'number has been changed'],
  },
  {
    name: 'fail.not_in_service',
    outcome: 'FAIL',
    speaker: 'user',
    opening: true,
    confidence: 0.8,
    phrases: [
      'not in service',
      'no longer in service',
      'cannot be completed as dialed',
      'number does not exist',
    ],
  },
  {
    name: 'fail.refusal',
    outcome: 'FAIL',
    speaker: 'user',
    confidence: 0.7,
    phrases: [
      ...[
        'not interested',
        'no interest',
        'stop calling',
        "don't call me",
        'do not call me',
        "don't call again",
      ],
      ...['do not call again', 'take me off', 'remove me from', 'remove my number', 'leave me alone'],
    ],
  },
  {
    name: 'fail.person_wanted',
    outcome: 'FAIL',
    speaker: 'user',
    confidence: 0.35,
    claim: true,
    phrases: [
      ...['real person', 'speak to a human', 'talk to a human', 'speak to a person', 'talk to a person'],
      ...['speak to someone else', 'speak to an agent', 'talk to an agent', 'this is useless', 'forget it'],
    ],
  },
  {
    name: 'fail.unable',
    outcome: 'FAIL',
    speaker: 'agent',
    confidence: 0.55,
    phrases: [
      ...[
        'unable to help',
        "can't help you with",
        'cannot help you with',
        "couldn't complete",
        'could not complete',
      ],
      ...["couldn't book", 'could not book', 'unable to book', 'unable to complete', 'not able to complete'],
      ...['technical difficulties', 'technical problem', 'something went wrong'],
    ],
  },
  {
    name: 'success.confirmation',
    outcome: 'SUCCESS',
    speaker: 'agent',
    confidence: 0.6,
    claim: true,
    phrases: [
      ...[
        'is booked',
        'are booked',
        "you're booked",
        'been booked',
        "i've booked",
        'i have booked',
        "i've reserved",
      ],
      ...[
        'is reserved',
        'been reserved',
        'is confirmed',
        'are confirmed',
        "you're confirmed",
        'been confirmed',
      ],
      ...['is scheduled', "you're scheduled", 'been scheduled', "i've scheduled", 'i have scheduled'],
      ...[
        "you're all set",
        'you are all set',
        'confirmation number',
        'order is placed',
        'order has been placed',
      ],
      ...['been cancelled', 'been canceled', 'been updated', 'been rescheduled', 'payment went through'],
    ],
  },
  {
    name: 'success.thanks',
    outcome: 'SUCCESS',
    speaker: 'user',
    confidence: 0.35,
    claim: true,
    phrases: [
      ...[
        'thanks for your help',
        'thank you for your help',
        'thank you so much',
        'thanks so much',
        "that's all",
      ],
      ...[
        'that is all',
        "that's everything",
        "that's perfect",
        'sounds great',
        'sounds good',
        'thank you very much',
      ],
      ...["that's great", 'that works', 'works for me', "that's exactly", 'very helpful'],
    ],
  },
  {
    name: 'success.goodbye',
    outcome: 'SUCCESS',
    speaker: 'user',
    confidence: 0.3,
    phrases: [
      'goodbye',
      'good bye',
      'bye',
      'bye-bye',
      'see you',
      'have a good',
      'have a nice',
      'have a great',
    ],
  },
];
