import { answers, otlpEndpoint, printable } from '../../instrumentation/otel/collector.ts';
import { namesCollector, otlpProtocol } from '../../instrumentation/otel/otel-env.ts';
import type { Finding } from './finding.ts';

const ANSWER_TIMEOUT_MS = 5_000;
const name = 'OTLP endpoint';

/** Where spans go: whether it is there, and takes them. */
export async function endpointFinding(): Promise<Finding> {
  if (!namesCollector())
    return { name, status: 'ok', text: 'OTEL_EXPORTER_OTLP_ENDPOINT is not set: spans are not exported' };
  const endpoint = otlpEndpoint('TRACES');
  const shown = printable(endpoint);
  if (!(await answers(endpoint)))
    return {
      name,
      status: 'fail',
      text: `nothing answers at ${shown}`,
      cure: 'Start the collector or earshot serve, or correct OTEL_EXPORTER_OTLP_ENDPOINT.',
    };
  if (otlpProtocol('TRACES') === 'grpc') return { name, status: 'ok', text: `${shown} answers` };
  const status = await statusOf(endpoint);
  if (status === 401 || status === 403)
    return {
      name,
      status: 'fail',
      text: `${shown} refuses this sender (${status})`,
      cure: 'Set OTEL_EXPORTER_OTLP_HEADERS="authorization=Bearer …" to what it expects.',
    };
  if (status !== undefined && status < 300) return { name, status: 'ok', text: `${shown} takes spans` };
  return {
    name,
    status: 'warn',
    text: `${shown} answers, but not as OTLP does (${status ?? 'no answer'})`,
    cure: 'Give the address of an OTLP/HTTP receiver, usually port 4318, without /v1/traces.',
  };
}

/** Sends no spans, as an exporter would. */
async function statusOf(endpoint: string): Promise<number | undefined> {
  const own = process.env.OTEL_EXPORTER_OTLP_TRACES_ENDPOINT?.trim();
  const headers = process.env.OTEL_EXPORTER_OTLP_TRACES_HEADERS ?? process.env.OTEL_EXPORTER_OTLP_HEADERS;
  try {
    const response = await fetch(own ? endpoint : `${endpoint.replace(/\/$/, '')}/v1/traces`, {
      method: 'POST',
      headers: { ...pairs(headers), 'content-type': 'application/json' },
      body: '{"resourceSpans":[]}',
      signal: AbortSignal.timeout(ANSWER_TIMEOUT_MS),
    });
    await response.body?.cancel();
    return response.status;
  } catch {
    return undefined;
  }
}

/** `key=value,key=value`, percent-encoded, as the standard has it. */
const pairs = (text = ''): Record<string, string> =>
  Object.fromEntries(
    text.split(',').flatMap((pair) => {
      const at = pair.indexOf('=');
      return at < 0 ? [] : [[pair.slice(0, at).trim(), decode(pair.slice(at + 1).trim())]];
    }),
  );

function decode(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    return text;
  }
}
