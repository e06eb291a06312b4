import { SOURCE } from './queries.ts';
import { variable } from './variable.ts';

/** A link on a value of a panel. */
export interface DataLink {
  readonly title: string;
  readonly url: string;
  readonly targetBlank?: boolean;
}

/** Identifiers in the addresses of the dashboards. */
export const UID = {
  latency: 'voice-latency',
  cost: 'voice-cost',
  quality: 'voice-quality',
  call: 'voice-call',
  pipeline: 'voice-pipeline',
} as const;

/** The value is a call id: everything about that call. */
export const TO_CALL: DataLink = {
  title: 'Open the call',
  url: `/d/${UID.call}?var-call_id=${variable('__value.raw')}&var-jaeger_url=${variable('jaeger_url')}`,
};

/** Grafana's Explore, asking one data source for the value of the cell. */
function explore(uid: string): string {
  const query = { refId: 'A', datasource: { ...SOURCE.jaeger, uid }, query: variable('__value.raw') };
  const panes = {
    turn: { datasource: uid, queries: [query], range: { from: 'now-1h', to: 'now' } },
  };
  const encoded = encodeURIComponent(JSON.stringify(panes));
  // What Grafana fills in must stay as it is.
  return `/explore?schemaVersion=1&panes=${encoded.replaceAll(/%24%7B([\w.]+)%7D/g, variable('$1'))}`;
}

/** The value is a trace id: the turn's waterfall, in Jaeger and beside the dashboards. */
export const TO_TRACE: readonly DataLink[] = [
  {
    title: 'Open the turn in Jaeger',
    url: `${variable('jaeger_url')}/trace/${variable('__value.raw')}`,
    targetBlank: true,
  },
  { title: 'Open the turn in Explore', url: explore(SOURCE.jaeger.uid) },
];

/** All turns of the call that a dashboard shows. */
export const CALL_IN_JAEGER: DataLink = {
  title: 'All turns in Jaeger',
  url: `${variable('jaeger_url')}/search?service=${variable('service_name')}&lookback=30d&limit=200&tags=${encodeURIComponent('{"voice.call.id":"')}${variable('call_id')}${encodeURIComponent('"}')}`,
  targetBlank: true,
};
