import { PanelBuilder as BarChart } from '@grafana/grafana-foundation-sdk/barchart';
import type { Builder, Dataquery } from '@grafana/grafana-foundation-sdk/cog';
import {
  BigValueColorMode,
  BigValueGraphMode,
  GraphDrawStyle,
  GraphThresholdsStyleConfigBuilder,
  GraphThresholdsStyleMode,
  LegendDisplayMode,
  LegendPlacement,
  ReduceDataOptionsBuilder,
  StackingConfigBuilder,
  StackingMode,
  TooltipDisplayMode,
  VisibilityMode,
  VizLegendOptionsBuilder,
  VizOrientation,
  VizTooltipOptionsBuilder,
} from '@grafana/grafana-foundation-sdk/common';
import type { DataSourceRef, DynamicConfigValue, Panel } from '@grafana/grafana-foundation-sdk/dashboard';
import {
  PanelBuilder as AnyPanel,
  FieldColorBuilder,
  FieldColorModeId,
  ThresholdsConfigBuilder,
  ThresholdsMode,
} from '@grafana/grafana-foundation-sdk/dashboard';
import {
  PanelBuilder as Heatmap,
  HeatmapColorMode,
  HeatmapColorOptionsBuilder,
  HeatmapTooltipBuilder,
  YAxisConfigBuilder,
} from '@grafana/grafana-foundation-sdk/heatmap';
import {
  PanelBuilder as PieChart,
  PieChartLegendOptionsBuilder,
  PieChartLegendValues,
  PieChartType,
} from '@grafana/grafana-foundation-sdk/piechart';
import { PanelBuilder as Stat } from '@grafana/grafana-foundation-sdk/stat';
import { PanelBuilder as Table } from '@grafana/grafana-foundation-sdk/table';
import { PanelBuilder as TimeSeries } from '@grafana/grafana-foundation-sdk/timeseries';
import type { DataLink } from './links.ts';
import type { Query } from './queries.ts';

/** From a value upwards, a colour. */
type Step = readonly [from: number, colour: string];

/** What every panel has. */
export interface PanelSpec {
  /** Never changes: it is in the links to the panel. */
  readonly id: number;
  readonly title: string;
  /** What the figure is, and over what. */
  readonly description: string;
  /** A unit of Grafana's. */
  readonly unit: string;
  /** Of 24. */
  readonly width: number;
  readonly height?: number;
  /** What is shown where there is nothing. */
  readonly empty: string;
  /** Colours by value, the lowest first. (Default: one colour, the value is neither good nor bad.) */
  readonly limits?: readonly Step[];
  readonly decimals?: number;
  readonly links?: readonly DataLink[];
  readonly queries: readonly [Query, ...Query[]];
}

interface Common extends Builder<Panel> {
  id(id: number): this;
  title(title: string): this;
  description(description: string): this;
  datasource(source: DataSourceRef): this;
  unit(unit: string): this;
  span(width: number): this;
  height(height: number): this;
  noValue(text: string): this;
  decimals(decimals: number): this;
  thresholds(thresholds: ThresholdsConfigBuilder): this;
  colorScheme(colour: FieldColorBuilder): this;
  dataLinks(links: Builder<never>[]): this;
  targets(targets: Builder<Dataquery>[]): this;
}

const HEIGHT = 9;
const NEUTRAL = 'blue';

function common<Panel extends Common>(panel: Panel, spec: PanelSpec): Panel {
  const [first] = spec.queries;
  const steps = (spec.limits ?? [[0, NEUTRAL]]).map(([value, color], index) => ({
    value: index === 0 ? null : value,
    color,
  }));
  panel
    .id(spec.id)
    .title(spec.title)
    .description(spec.description)
    .datasource(first.source)
    .unit(spec.unit)
    .span(spec.width)
    .height(spec.height ?? HEIGHT)
    .noValue(spec.empty)
    .thresholds(new ThresholdsConfigBuilder().mode(ThresholdsMode.Absolute).steps(steps))
    .colorScheme(
      new FieldColorBuilder().mode(
        spec.limits === undefined ? FieldColorModeId.PaletteClassic : FieldColorModeId.Thresholds,
      ),
    )
    .targets(
      spec.queries.map((query, index) => ({ build: () => query.build(String.fromCharCode(65 + index)) })),
    );
  if (spec.decimals !== undefined) panel.decimals(spec.decimals);
  // The SDK's type of these links is that of a dashboard's own.
  if (spec.links !== undefined) panel.dataLinks(spec.links.map((link) => ({ build: () => link as never })));
  return panel;
}

const lastValue = () => new ReduceDataOptionsBuilder().calcs(['lastNotNull']);

/** One number. `text`: of a column that is not one. */
export const stat = (spec: PanelSpec & { readonly text?: string }): Panel =>
  common(new Stat(), { height: 4, ...spec })
    .graphMode(BigValueGraphMode.None)
    .colorMode(spec.limits === undefined ? BigValueColorMode.None : BigValueColorMode.Value)
    .reduceOptions(spec.text === undefined ? lastValue() : lastValue().fields(`/^${spec.text}$/`))
    .build();

interface LinesSpec extends PanelSpec {
  /** Bars on top of each other, for parts of a whole. (Default: lines.) */
  readonly stacked?: boolean;
  /** Lines at the limits. (Default: false.) */
  readonly limitLines?: boolean;
  readonly max?: number;
  /** Least width of a point in time. (Default: the data source's.) */
  readonly interval?: string;
}

const legend = () =>
  new VizLegendOptionsBuilder()
    .showLegend(true)
    .displayMode(LegendDisplayMode.List)
    .placement(LegendPlacement.Bottom);

/** Numbers over time. */
export function lines(spec: LinesSpec): Panel {
  const panel = common(new TimeSeries(), spec)
    .min(0)
    .legend(legend())
    .tooltip(new VizTooltipOptionsBuilder().mode(TooltipDisplayMode.Multi))
    .colorScheme(new FieldColorBuilder().mode(FieldColorModeId.PaletteClassic))
    .showPoints(VisibilityMode.Auto)
    .spanNulls(false);
  if (spec.max !== undefined) panel.max(spec.max);
  if (spec.interval !== undefined) panel.interval(spec.interval);
  if (spec.limitLines) {
    panel.thresholdsStyle(new GraphThresholdsStyleConfigBuilder().mode(GraphThresholdsStyleMode.Dashed));
  }
  if (spec.stacked) {
    panel
      .drawStyle(GraphDrawStyle.Bars)
      .fillOpacity(80)
      .lineWidth(0)
      .stacking(new StackingConfigBuilder().mode(StackingMode.Normal).group('A'));
  }
  return panel.build();
}

/** How often each value occurred, over time. */
export const heatmap = (spec: PanelSpec): Panel =>
  common(new Heatmap(), spec)
    .calculate(false)
    .color(
      new HeatmapColorOptionsBuilder()
        .mode(HeatmapColorMode.Scheme)
        .scheme('Oranges')
        .fill('dark-orange')
        .exponent(0.5)
        .steps(64),
    )
    .yAxis(new YAxisConfigBuilder().unit(spec.unit))
    .tooltip(new HeatmapTooltipBuilder().mode(TooltipDisplayMode.Single).showColorScale(true))
    .exemplarsColor('rgba(31, 120, 193, 0.9)')
    .build();

/** A column of a table, by the name that the query gives it. */
export interface Column {
  readonly name: string;
  readonly title?: string;
  readonly unit?: string;
  readonly decimals?: number;
  readonly width?: number;
  readonly links?: readonly DataLink[];
  /** A bar behind the number. */
  readonly bar?: true;
}

interface TableSpec extends PanelSpec {
  readonly columns: readonly Column[];
}

/** Rows as they are; the unit is that of the columns that name none. */
export function table(spec: TableSpec): Panel {
  const panel = common(new Table(), spec).showHeader(true).filterable(true);
  for (const column of spec.columns) {
    const properties = propertiesOf(column);
    if (properties.length > 0) panel.overrideByName(column.name, properties);
  }
  return panel.build();
}

function propertiesOf({ title, unit, decimals, width, links, bar }: Column): DynamicConfigValue[] {
  return [
    ...(title !== undefined ? [{ id: 'displayName', value: title }] : []),
    ...(unit !== undefined ? [{ id: 'unit', value: unit }] : []),
    ...(decimals !== undefined ? [{ id: 'decimals', value: decimals }] : []),
    ...(width !== undefined ? [{ id: 'custom.width', value: width }] : []),
    ...(links !== undefined ? [{ id: 'links', value: links }] : []),
    ...(bar ? [{ id: 'custom.cellOptions', value: { type: 'gauge', mode: 'basic' } }] : []),
  ];
}

interface BarsSpec extends PanelSpec {
  /** Text column of the horizontal axis. */
  readonly x: string;
  readonly stacked?: boolean;
  readonly horizontal?: boolean;
}

/** A group of bars for each row, a bar for each number in it. */
export const bars = (spec: BarsSpec): Panel =>
  common(new BarChart(), spec)
    .xField(spec.x)
    .orientation(spec.horizontal ? VizOrientation.Horizontal : VizOrientation.Vertical)
    .stacking(spec.stacked ? StackingMode.Normal : StackingMode.None)
    .colorScheme(new FieldColorBuilder().mode(FieldColorModeId.PaletteClassic))
    .legend(legend())
    .tooltip(new VizTooltipOptionsBuilder().mode(TooltipDisplayMode.Multi))
    .build();

/** Parts of a whole: a slice for each row, or for each number of the only row. */
export const pie = (spec: PanelSpec & { readonly slices: 'rows' | 'columns' }): Panel =>
  common(new PieChart(), spec)
    .pieType(PieChartType.Donut)
    .reduceOptions(
      spec.slices === 'rows' ? new ReduceDataOptionsBuilder().values(true).calcs([]) : lastValue(),
    )
    .legend(
      new PieChartLegendOptionsBuilder()
        .showLegend(true)
        .displayMode(LegendDisplayMode.Table)
        .placement(LegendPlacement.Right)
        .values([PieChartLegendValues.Value, PieChartLegendValues.Percent]),
    )
    .build();

/** One trace as a waterfall. */
export const waterfall = (spec: PanelSpec): Panel => common(new AnyPanel().type('traces'), spec).build();
