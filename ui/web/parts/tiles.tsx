import type { ComponentChildren } from 'preact';

/** One figure with its name above and what qualifies it below. */
export function Tile({
  name,
  value,
  note,
  href,
  kind = '',
}: {
  name: string;
  value: ComponentChildren;
  note?: ComponentChildren;
  href?: string;
  kind?: string;
}) {
  const inside = (
    <>
      <span class="tile-name">{name}</span>
      <strong>{value}</strong>
      <small>{note ?? '\u00a0'}</small>
    </>
  );
  return href === undefined ? (
    <div class={`tile ${kind}`}>{inside}</div>
  ) : (
    <a class={`tile ${kind}`} href={href}>
      {inside}
    </a>
  );
}

/** `isOld`: the figures that are meant have not come yet. */
export const Tiles = ({ children, isOld = false }: { children: ComponentChildren; isOld?: boolean }) => (
  <div class={isOld ? 'tiles is-loading' : 'tiles'}>{children}</div>
);
