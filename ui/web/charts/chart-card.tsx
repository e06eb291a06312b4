import type { ComponentChildren } from 'preact';
import { useRef } from 'preact/hooks';
import { exportPng } from './export-png.ts';

interface Props {
  title: string;
  /** A few words on what it shows. */
  note?: ComponentChildren;
  legend?: ComponentChildren;
  /** It holds a chart that can be saved. (Default: true.) */
  isChart?: boolean;
  class?: string;
  children: ComponentChildren;
}

/** A chart with its title, what it shows and a way to keep it. */
export function ChartCard({ title, note, legend, isChart = true, class: className = '', children }: Props) {
  const body = useRef<HTMLDivElement>(null);
  return (
    <section class={`card pad chart-card ${className}`} aria-label={title}>
      <div class="card-head">
        <h2>{title}</h2>
        {note !== undefined && <span class="dim small">{note}</span>}
        <span class="spacer" />
        {legend}
        {isChart && (
          <button
            type="button"
            class="plain"
            aria-label={`PNG of ${title}`}
            onClick={() => body.current && void exportPng(body.current, title)}
          >
            PNG
          </button>
        )}
      </div>
      <div ref={body}>{children}</div>
    </section>
  );
}
