import type { ProviderName } from '../../../model/providers.ts';

/** The API whose server-sent events can be read. */
export type EventsOf = 'chat' | 'responses' | 'messages' | 'gemini';

/** What a request to a provider asks for, by its path. */
export interface Endpoint {
  readonly kind: 'llm' | 'stt' | 'tts';
  readonly path: RegExp;
  /** Who answers there, where a proxy stands before it. */
  readonly of: ProviderName;
  /** Absent: what comes back is not read. */
  readonly events?: EventsOf;
}

/** A proxy may have something before each path. */
export const ENDPOINTS: readonly Endpoint[] = [
  { kind: 'llm', path: /\/(?:chat\/)?completions$/, of: 'openai', events: 'chat' },
  { kind: 'llm', path: /\/responses$/, of: 'openai', events: 'responses' },
  { kind: 'llm', path: /\/v1\/messages$/, of: 'anthropic', events: 'messages' },
  { kind: 'llm', path: /:(?:g|streamG)enerateContent$/, of: 'gcp.gemini', events: 'gemini' },
  { kind: 'llm', path: /\/v[12]\/chat$/, of: 'cohere' },
  { kind: 'stt', path: /\/audio\/(?:transcriptions|translations)$/, of: 'openai' },
  { kind: 'stt', path: /\/v1\/listen$/, of: 'deepgram' },
  { kind: 'stt', path: /\/v1\/speech-to-text$/, of: 'elevenlabs' },
  { kind: 'stt', path: /\/stt$/, of: 'cartesia' },
  { kind: 'tts', path: /\/audio\/speech$/, of: 'openai' },
  { kind: 'tts', path: /\/v[12]\/speak$/, of: 'deepgram' },
  {
    kind: 'tts',
    path: /\/v1\/text-to-(?:speech\/[^/]+|dialogue)(?:\/stream)?(?:\/with-timestamps)?$/,
    of: 'elevenlabs',
  },
  { kind: 'tts', path: /\/tts\/(?:bytes|sse)$/, of: 'cartesia' },
];

/** The model that an address names: `?model=`, `/models/MODEL:`, `/deployments/MODEL/`. Most are named in the body. */
export const modelIn = ({ pathname, searchParams }: URL): string | undefined =>
  searchParams.get('model') || /\/(?:models|deployments)\/([^/:]+)/.exec(pathname)?.[1];
