import type { Signal } from '@preact/signals';
import { useEffect, useRef } from 'preact/hooks';
import { SEGMENTS } from '../../../model/vocabulary.ts';
import { SEGMENT_WORDS } from '../../shared/insight.ts';

const KEYS = [
  ['j  k', 'next and previous call, or turn'],
  ['Enter', 'open the call'],
  ['← →', 'previous and next turn of a call'],
  ['Space', 'play and pause, where there is a recording'],
  ['+  −  0', 'closer, farther, the whole timeline'],
  ['c', 'copy the link to what is shown'],
  ['/', 'search'],
  ['Esc', 'leave a field, close, go back to the calls'],
  ['?', 'this'],
] as const;

/** What the keys do and what the colours mean. */
export function Help({ isOpen, version }: { isOpen: Signal<boolean>; version: string }) {
  const dialog = useRef<HTMLDialogElement>(null);
  const open = isOpen.value;
  useEffect(() => {
    if (open) dialog.current?.showModal();
    else dialog.current?.close();
  }, [open]);
  const close = () => {
    isOpen.value = false;
  };
  return (
    <dialog ref={dialog} class="help" aria-labelledby="help-title" onClose={close}>
      <h2 id="help-title">Keys and colours</h2>
      <div class="help-columns">
        <dl class="keys">
          {KEYS.map(([key, what]) => (
            <div key={key}>
              <dt>
                <kbd>{key}</kbd>
              </dt>
              <dd>{what}</dd>
            </div>
          ))}
        </dl>
        <dl class="meanings">
          {SEGMENTS.map((segment) => (
            <div key={segment}>
              <dt>
                <i class={`swatch bg-${segment}`} /> {segment}
              </dt>
              <dd>{SEGMENT_WORDS[segment]}</dd>
            </div>
          ))}
        </dl>
      </div>
      <p class="dim small">
        Silence runs from the end of the caller’s words to the first sound of the agent. A – is what is not
        known; it is never 0. {version && `earshot ${version}`}
      </p>
      <button type="button" onClick={close}>
        Close
      </button>
    </dialog>
  );
}
