import { modelOf, providerOf } from '../../model/providers.ts';
import type { CarrierName } from '../../model/vocabulary.ts';
import { CARRIERS } from '../../model/vocabulary.ts';
import { Fields } from './fields.ts';
import { analysed, type ModelUse, type PlatformReport, type Utterance } from './report.ts';

const MAX_MESSAGES = 5_000;
const MAX_COSTS = 200;
/** A message's `time` is milliseconds since 1970; what is less is none. */
const EPOCH_MS = 1e12;

/**
 * Vapi's server message `end-of-call-report`. Undefined: a message of another type, which says nothing of a call that is
 * over.
 * @throws ReportError
 */
export function readVapi(body: unknown): PlatformReport | undefined {
  const message = new Fields(body).object('message');
  if (message.text('type') !== 'end-of-call-report') return undefined;
  const call = message.object('call');
  const artifact = message.object('artifact');
  const endUs =
    message.instant('endedAt') ??
    call.instant('endedAt') ??
    message.instant('timestamp') ??
    call.instant('updatedAt');
  // A call that was never answered has not started.
  const startUs = message.instant('startedAt') ?? call.instant('startedAt') ?? endUs;
  if (startUs === undefined || endUs === undefined) return message.refuse('endedAt', 'an instant');
  const costs = message.has('costs') ? message : call;
  const transport = carrierOf(costs.list('costs', MAX_COSTS));
  return {
    platform: 'vapi',
    callId: call.id('id'),
    startUs,
    endUs,
    call: {
      ...WHERE[call.text('type') ?? ''],
      transport,
      agentName: message.object('assistant').word('name') ?? call.object('assistant').word('name'),
      campaignId: call.word('campaignId'),
      endReason: message.word('endedReason') ?? call.word('endedReason'),
      recordingUrl: artifact.recording('recordingUrl'),
      platformCostUsd: message.money('cost') ?? call.money('cost'),
    },
    judged: analysed(SUCCESS[message.object('analysis').text('successEvaluation')?.toLowerCase() ?? '']),
    parameters: message.object('assistant').own('metadata'),
    utterances: utterancesOf(artifact, startUs),
    used: costs.list('costs', MAX_COSTS).flatMap(useOf),
  };
}

const WHERE: Readonly<Record<string, Partial<PlatformReport['call']>>> = {
  inboundPhoneCall: { direction: 'inbound', channel: 'phone' },
  outboundPhoneCall: { direction: 'outbound', channel: 'phone' },
  webCall: { direction: 'web', channel: 'web' },
  'vapi.websocketCall': { direction: 'web', channel: 'web' },
};

/** What the rubrics `PassFail` and `AutomaticRubric` give; other rubrics give scores, which are no verdict. */
const SUCCESS: Readonly<Record<string, boolean>> = { true: true, false: false, pass: true, fail: false };

const carrierOf = (costs: readonly Fields[]): CarrierName | undefined => {
  const provider = costs.find((cost) => cost.text('type') === 'transport')?.text('provider');
  return CARRIERS.find((carrier) => carrier === provider);
};

function useOf(cost: Fields): ModelUse[] {
  const type = cost.text('type');
  const made = (name: string) => {
    const by = cost.object(name);
    return { provider: providerOf(by.word('provider')), model: modelOf(by.word('model')) };
  };
  const minutes = cost.number('minutes');
  switch (type) {
    case 'transcriber':
      return [
        {
          stage: 'stt',
          ...made('transcriber'),
          usage: { audioSeconds: minutes === undefined ? undefined : minutes * 60 },
        },
      ];
    case 'model':
      return [
        {
          stage: 'llm',
          ...made('model'),
          usage: {
            inputTokens: cost.count('promptTokens'),
            cachedInputTokens: cost.count('cachedPromptTokens'),
            outputTokens: cost.count('completionTokens'),
            reasoningTokens: cost.count('reasoningTokens'),
          },
        },
      ];
    case 'voice':
      return [{ stage: 'tts', ...made('voice'), usage: { characters: cost.count('characters') } }];
    default:
      return [];
  }
}

function utterancesOf(artifact: Fields, startUs: number): Utterance[] {
  const utterances = artifact.list('messages', MAX_MESSAGES).flatMap((message): Utterance[] => {
    const by = SPEAKERS[message.text('role') ?? ''];
    const beginsUs = beginningOf(message, startUs);
    if (by === undefined || beginsUs === undefined) return [];
    return [{ by, startUs: beginsUs, endUs: endOf(message, beginsUs), words: message.words('message') }];
  });
  return withLatencies(utterances, artifact.object('performanceMetrics').list('turnLatencies', MAX_MESSAGES));
}

const SPEAKERS: Readonly<Record<string, Utterance['by']>> = {
  user: 'user',
  bot: 'agent',
  assistant: 'agent',
};

function beginningOf(message: Fields, startUs: number): number | undefined {
  const time = message.number('time');
  if (time !== undefined && time > EPOCH_MS) return Math.round(time * 1_000);
  const seconds = message.number('secondsFromStart');
  return seconds === undefined ? undefined : startUs + Math.round(seconds * 1e6);
}

function endOf(message: Fields, beginsUs: number): number | undefined {
  const endUs = message.instant('endTime');
  return endUs !== undefined && endUs > beginsUs ? endUs : undefined;
}

/**
 * The platform's own figures, in milliseconds. They are those of the answers in order, where there are as many as
 * answers; else no one knows whose they are.
 */
function withLatencies(utterances: readonly Utterance[], latencies: readonly Fields[]): Utterance[] {
  const answers = utterances.filter(
    ({ by }, index) => by === 'agent' && utterances[index - 1]?.by === 'user',
  );
  if (answers.length !== latencies.length) return [...utterances];
  const ofAnswer = new Map(answers.map((answer, index) => [answer, latencies[index]]));
  return utterances.map((utterance) => {
    const of = ofAnswer.get(utterance);
    if (of === undefined) return utterance;
    const seconds = (name: string) => {
      const ms = of.number(name);
      return ms === undefined ? undefined : ms / 1_000;
    };
    return {
      ...utterance,
      silenceSeconds: seconds('turnLatency'),
      latencies: {
        ttfb_llm: seconds('modelLatency'),
        ttfb_tts: seconds('voiceLatency'),
        latency_stt: seconds('transcriberLatency'),
      },
    };
  });
}
