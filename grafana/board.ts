import {
  type Dashboard,
  DashboardBuilder,
  DashboardCursorSync,
  type DashboardLink,
  DashboardLinkType,
  defaultDashboardLink,
  type Panel,
  RowBuilder,
  type VariableModel,
} from '@grafana/grafana-foundation-sdk/dashboard';
import type { DataLink } from './links.ts';

/** Panels under a heading. */
export interface Section {
  readonly id: number;
  readonly title: string;
  readonly panels: readonly Panel[];
}

export interface BoardSpec {
  readonly uid: string;
  readonly title: string;
  readonly description: string;
  readonly variables: readonly VariableModel[];
  readonly sections: readonly Section[];
  /** Beside the links to the other dashboards. */
  readonly links?: readonly DataLink[];
  /** (Default: the last 24 hours.) */
  readonly from?: string;
}

const TAG = 'earshot';

const GENERATED =
  'Generated from the TypeScript in grafana/ by `npm run dashboards`: changes made here are lost. To change it, save a copy.';

/** The frame that all dashboards have: variables, links to each other, headings, panels from left to right. */
export function board({ from = 'now-24h', links = [], ...spec }: BoardSpec): Dashboard {
  const builder = new DashboardBuilder(spec.title)
    .uid(spec.uid)
    .description(`${spec.description} ${GENERATED}`)
    .tags([TAG])
    .readonly()
    .timezone('browser')
    .tooltip(DashboardCursorSync.Crosshair)
    .time({ from, to: 'now' })
    .refresh('1m')
    .variables(spec.variables.map(built))
    .annotations([])
    .links([...links.map(asDashboardLink), TO_OTHERS].map(built));
  for (const section of spec.sections) {
    builder.withRow(new RowBuilder(section.title).id(section.id).collapsed(false));
    for (const panel of section.panels) builder.withPanel(built(panel));
  }
  return builder.build();
}

const built = <Value>(value: Value) => ({ build: () => value });

/** The SDK's default place for a link is a menu, where it is not seen. */
const link = (more: Partial<DashboardLink>): DashboardLink => {
  const { placement, ...rest } = defaultDashboardLink();
  return { ...rest, ...more };
};

const asDashboardLink = ({ title, url, targetBlank = false }: DataLink): DashboardLink =>
  link({ title, url, targetBlank, type: DashboardLinkType.Link, icon: 'external link' });

const TO_OTHERS = link({
  title: 'Voice agents',
  type: DashboardLinkType.Dashboards,
  icon: 'dashboard',
  tags: [TAG],
  includeVars: true,
  keepTime: true,
});
