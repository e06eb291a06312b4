import type { ComponentChildren } from 'preact';
import type { Tags } from '../../../model/tags.ts';
import { showWord } from '../../shared/format.ts';
import { knownFrom } from '../../shared/known-from.ts';

/** A few words that qualify a figure; `title` says what they mean. */
export function Badge({
  kind = '',
  title,
  children,
}: {
  kind?: string;
  title?: string;
  children: ComponentChildren;
}) {
  return (
    <span class={`badge ${kind}`} title={title}>
      {children}
    </span>
  );
}

const OUTCOME_KINDS: Readonly<Record<string, string>> = { SUCCESS: 'good', FAIL: 'bad' };

export function Outcome({ outcome }: { outcome: string | null }) {
  if (outcome === null)
    return (
      <span class="dim" title="The outcome is not known">
        –
      </span>
    );
  return <Badge kind={OUTCOME_KINDS[outcome] ?? ''}>{showWord(outcome)}</Badge>;
}

/** Where figures come from that no span gives. */
export const KnownFrom = ({ sources }: { sources: Tags | null }) => (
  <>
    {knownFrom(sources).map(({ text, title }) => (
      <Badge key={text} title={title}>
        {text}
      </Badge>
    ))}
  </>
);
