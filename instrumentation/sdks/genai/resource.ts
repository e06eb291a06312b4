import { at, foreign, text } from '../kit/patch.ts';

/** Whose API a client speaks to: that of Gemini, or that of Vertex AI. `resource`: its `models` or its `live`. */
export function providerOf(resource: unknown): string {
  const client = foreign(at(resource, 'apiClient'));
  const { isVertexAI } = client ?? {};
  return typeof isVertexAI === 'function' && isVertexAI.call(client) === true
    ? 'gcp.vertex_ai'
    : 'gcp.gemini';
}

/** A model is named alone, or as the end of a path: `models/gemini-3.8-flash`. */
export const modelOf = (model: unknown): string | undefined => text(text(model)?.split('/').at(-1));
