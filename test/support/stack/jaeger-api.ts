/** A span as Jaeger's query API reports it. */
export interface JaegerSpan {
  readonly traceID: string;
  readonly spanID: string;
  readonly operationName: string;
  readonly processID: string;
  readonly references: readonly {
    readonly refType: string;
    readonly traceID: string;
    readonly spanID: string;
  }[];
  readonly tags: readonly { readonly key: string; readonly value: unknown }[];
  readonly logs: readonly { readonly fields: readonly { readonly key: string; readonly value: unknown }[] }[];
}

export interface JaegerTrace {
  readonly traceID: string;
  readonly spans: readonly JaegerSpan[];
  readonly processes: Readonly<Record<string, { readonly serviceName: string }>>;
}

/** Jaeger's query API, as its pages use it. */
export class JaegerApi {
  readonly #url: string;

  constructor(url: string) {
    this.#url = url;
  }

  /** The traces with a span that has the tag, newest 200. */
  search(service: string, tags: Readonly<Record<string, string>>): Promise<readonly JaegerTrace[]> {
    const query = new URLSearchParams({ service, tags: JSON.stringify(tags), limit: '200', lookback: '1h' });
    return this.#get<readonly JaegerTrace[]>(`/api/traces?${query}`);
  }

  /** A trace; undefined when there is none. */
  async trace(traceId: string): Promise<JaegerTrace | undefined> {
    const [trace] =
      (await this.#get<readonly JaegerTrace[] | null>(`/api/traces/${traceId}`).catch(() => [])) ?? [];
    return trace;
  }

  services(): Promise<readonly string[]> {
    return this.#get<readonly string[]>('/api/services');
  }

  /** Everything that is known of a service, as text. */
  async everything(service: string): Promise<string> {
    const query = new URLSearchParams({ service, limit: '1500', lookback: '1h' });
    return JSON.stringify(await this.#get(`/api/traces?${query}`));
  }

  /** p95 of the durations of the service's entry spans, in milliseconds: the Monitor tab. */
  async latencies(service: string): Promise<readonly number[]> {
    const query = new URLSearchParams({
      service,
      quantile: '0.95',
      lookback: '3600000',
      step: '5000',
      ratePer: '60000',
    });
    const response = await fetch(`${this.#url}/api/metrics/latencies?${query}&spanKind=server`);
    if (!response.ok) throw new Error(`${response.status} ${await response.text()}`);
    const { metrics } = (await response.json()) as {
      metrics?: readonly {
        readonly metricPoints: readonly { readonly gaugeValue: { readonly doubleValue: unknown } }[];
      }[];
    };
    return (metrics ?? [])
      .flatMap(({ metricPoints }) => metricPoints.map(({ gaugeValue }) => Number(gaugeValue.doubleValue)))
      .filter(Number.isFinite);
  }

  async #get<T>(path: string): Promise<T> {
    const response = await fetch(`${this.#url}${path}`);
    if (!response.ok) throw new Error(`${response.status} ${path}: ${await response.text()}`);
    return ((await response.json()) as { data: T }).data;
  }
}

/** The values of a tag over spans. */
export const tagOf = (span: JaegerSpan, key: string): unknown =>
  span.tags.find((tag) => tag.key === key)?.value;

/** The span that one is below. */
export const parentOf = ({ references }: JaegerSpan): string | undefined =>
  references.find(({ refType }) => refType === 'CHILD_OF')?.spanID;

/** The names of a span's events. */
export const eventNames = ({ logs }: JaegerSpan): string[] =>
  logs.flatMap(({ fields }) => fields.flatMap(({ key, value }) => (key === 'event' ? [String(value)] : [])));
