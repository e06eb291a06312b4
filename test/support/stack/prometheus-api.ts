/** A series with its latest or its only value. */
export interface PrometheusSample {
  readonly metric: Readonly<Record<string, string>>;
  readonly value: number;
}

export interface PrometheusExemplar {
  readonly seriesLabels: Readonly<Record<string, string>>;
  readonly exemplars: readonly {
    readonly labels: Readonly<Record<string, string>>;
    readonly value: string;
  }[];
}

export interface PrometheusRule {
  readonly name: string;
  readonly type: 'alerting' | 'recording';
  readonly health: string;
  readonly lastError?: string;
}

export interface PrometheusTarget {
  readonly health: string;
  readonly lastError: string;
  readonly labels: Readonly<Record<string, string>>;
}

/** Prometheus' HTTP API. */
export class PrometheusApi {
  readonly #url: string;

  constructor(url: string) {
    this.#url = url;
  }

  /** An instant query. @throws Error with Prometheus' words for a bad expression. */
  async query(expr: string): Promise<readonly PrometheusSample[]> {
    const { result } = await this.#get<{
      result: readonly { metric: Record<string, string>; value: readonly [number, string] }[];
    }>('query', { query: expr });
    return result.map(({ metric, value }) => ({ metric, value: Number(value[1]) }));
  }

  async targets(): Promise<readonly PrometheusTarget[]> {
    return (await this.#get<{ activeTargets: readonly PrometheusTarget[] }>('targets', {})).activeTargets;
  }

  async rules(): Promise<readonly PrometheusRule[]> {
    const { groups } = await this.#get<{ groups: readonly { rules: readonly PrometheusRule[] }[] }>(
      'rules',
      {},
    );
    return groups.flatMap(({ rules }) => rules);
  }

  exemplars(query: string, sinceMs: number): Promise<readonly PrometheusExemplar[]> {
    const [start, end] = [sinceMs, Date.now()].map((ms) => (ms / 1_000).toFixed(3));
    return this.#get('query_exemplars', { query, start: start ?? '', end: end ?? '' });
  }

  async #get<T>(path: string, query: Readonly<Record<string, string>>): Promise<T> {
    const response = await fetch(`${this.#url}/api/v1/${path}?${new URLSearchParams(query)}`);
    const body = (await response.json()) as { status: string; data: T; error?: string };
    if (body.status !== 'success') throw new Error(`${path} ${JSON.stringify(query)}: ${body.error}`);
    return body.data;
  }
}
