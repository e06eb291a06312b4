import { createRequire } from 'node:module';
import { context, trace } from '@opentelemetry/api';
import { SCOPE } from '../../../model/version.ts';
import { followsRequests } from '../../call/open-stage.ts';
import { activeCall, isWithinRequest } from '../../call/scope.ts';
import { foreign } from '../kit/patch.ts';
import { isLeftAlone, noteFollowed } from '../kit/raw/left-alone.ts';
import { answeringAt } from '../kit/raw/provider-hosts.ts';
import { ENDPOINTS, modelIn } from './endpoints.ts';
import type { LeastRequest } from './least-request.ts';

const file = createRequire(import.meta.url);

/** Folders of providers that have another name. */
const FOLDERS: Readonly<Record<string, string>> = {
  'azure.ai.openai': 'openai',
  'gcp.gemini': 'genai',
  'gcp.vertex_ai': 'genai',
  mistral_ai: 'mistral',
};

/**
 * Follows a request of the running code to `address`, where it is one to a provider that nothing else follows: no SDK's
 * file, no framework, no span of another instrumentation, no stage that the application reports itself.
 */
export function leastRequest(method: unknown, address: string): LeastRequest | undefined {
  if (method !== 'POST' || !URL.canParse(address)) return undefined;
  const url = new URL(address);
  const answering = answeringAt(url);
  const endpoint = answering && ENDPOINTS.find(({ path }) => path.test(url.pathname));
  if (!endpoint || !followsRequests() || isFollowed()) return undefined;
  const provider = answering.provider ?? endpoint.of;
  if (isLeftAlone(FOLDERS[provider] ?? provider) || (endpoint.of === 'openai' && isLeftAlone('openai')))
    return undefined;
  if (activeCall()?.isReportedByHand(endpoint.kind)) return undefined;
  noteFollowed();
  const { LeastRequest } = file('./least-request.js') as typeof import('./least-request.ts');
  return new LeastRequest({ endpoint, provider, model: modelIn(url) });
}

function isFollowed(): boolean {
  const active = context.active();
  return isWithinRequest(active) || isOfModel(trace.getSpan(active));
}

/** A span that another instrumentation has of a model: `gen_ai.…` of the conventions, `ai.…` of the AI SDK, `llm.…` of OpenInference. */
const MODEL_ATTRIBUTE = /^(?:gen_ai|ai|llm)\./;

function isOfModel(span: unknown): boolean {
  const { attributes, instrumentationScope, instrumentationLibrary } = foreign(span) ?? {};
  const scope = foreign(instrumentationScope ?? instrumentationLibrary)?.name;
  return scope !== SCOPE && Object.keys(foreign(attributes) ?? {}).some((name) => MODEL_ATTRIBUTE.test(name));
}
