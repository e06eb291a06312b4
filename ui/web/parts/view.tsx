import type { ComponentChildren } from 'preact';
import { query } from '../app/location.ts';
import { CopyLink } from './copy-link.tsx';
import { NoCalls, Trouble } from './empty.tsx';
import { FilterBar } from './filter-bar.tsx';

/** What the views of many calls have around them: a name for those who hear the page, the filters, and what went wrong. */
export function View(props: {
  name: string;
  error: string | undefined;
  /** No call is in the answer; undefined while there is none. */
  isEmpty: boolean | undefined;
  children: ComponentChildren;
}) {
  const { name, error, isEmpty, children } = props;
  return (
    <>
      <h1 class="hidden">{name}</h1>
      <FilterBar>
        <CopyLink />
      </FilterBar>
      {error !== undefined && <Trouble error={error} />}
      {isEmpty && <NoCalls isFiltered={query.value.size > 0} />}
      {children}
    </>
  );
}
