import { parseJson } from '../../kit/json.ts';
import { at, type Foreign, quantity, text } from '../../kit/patch.ts';

/** What the service says about how long it took, in seconds. */
export interface LatencyReport {
  /** From the end of the user's utterance to the first audio. */
  readonly total: number | undefined;
  /** From the request to the first words of the model. */
  readonly model: number | undefined;
  /** From the first words of the model to the first audio. */
  readonly synthesis: number | undefined;
}

/** A function that the model wants called. */
export interface FunctionCall {
  readonly id: string | undefined;
  readonly name: string | undefined;
}

/** The messages of the voice agent that mean something to a turn. */
export type AgentMessage =
  | { readonly type: 'UserStartedSpeaking' | 'AgentThinking' | 'AgentAudioDone' }
  /** What someone said: the user's words once they are complete, the agent's as they are going to be spoken. */
  | { readonly type: 'ConversationText'; readonly role: 'user' | 'assistant'; readonly content: string }
  | { readonly type: 'AgentStartedSpeaking' | 'LatencyReport'; readonly report: LatencyReport }
  | {
      readonly type: 'FunctionCallRequest' | 'FunctionCallCancelled';
      readonly functions: readonly FunctionCall[];
    }
  /** The service has called a function itself. */
  | { readonly type: 'FunctionCallResponse'; readonly id: string | undefined }
  | { readonly type: 'Error'; readonly code: string | undefined };

/** Reads what came from the voice agent; undefined for audio, for broken and for unknown messages. */
export function readAgentMessage(data: unknown): AgentMessage | undefined {
  const message = parseJson(data);
  switch (message?.type) {
    case 'UserStartedSpeaking':
    case 'AgentThinking':
    case 'AgentAudioDone':
      return { type: message.type };
    case 'ConversationText': {
      const { role } = message;
      const content = text(message.content);
      if (content === undefined || (role !== 'user' && role !== 'assistant')) return undefined;
      return { type: 'ConversationText', role, content };
    }
    case 'AgentStartedSpeaking':
      return { type: 'AgentStartedSpeaking', report: latencies(message, message.ttt_latency) };
    case 'LatencyReport': {
      const firstWords = message.ttt_text_latency ?? message.ttt_token_latency;
      return { type: 'LatencyReport', report: latencies(message, firstWords) };
    }
    case 'FunctionCallRequest':
    case 'FunctionCallCancelled':
      return { type: message.type, functions: functions(message.functions) };
    case 'FunctionCallResponse':
      return { type: 'FunctionCallResponse', id: text(message.id) };
    case 'Error':
      return { type: 'Error', code: text(message.code) };
    default:
      return undefined;
  }
}

const latencies = ({ total_latency, tts_latency }: Foreign, model: unknown): LatencyReport => ({
  total: quantity(total_latency),
  model: quantity(model),
  synthesis: quantity(tts_latency),
});

const functions = (value: unknown): FunctionCall[] =>
  Array.isArray(value)
    ? value.map((each: unknown) => ({ id: text(at(each, 'id')), name: text(at(each, 'name')) }))
    : [];
