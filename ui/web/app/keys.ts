import { useEffect } from 'preact/hooks';

const isTyping = (target: EventTarget | null) =>
  target instanceof HTMLElement &&
  (target.matches('input:not([type=checkbox]), select, textarea') || target.isContentEditable);

/** What keys do, while the component is there. Keys typed into a field are the field's, but for Escape. */
export function useKeys(keys: Readonly<Record<string, (event: KeyboardEvent) => void>>): void {
  useEffect(() => {
    const on = (event: KeyboardEvent) => {
      if (event.defaultPrevented || event.ctrlKey || event.metaKey || event.altKey) return;
      // A dialog has its own keys.
      if (document.querySelector('dialog[open]') !== null) return;
      if (isTyping(event.target) && event.key !== 'Escape') return;
      // Space presses what has the focus, where that can be pressed.
      if (
        event.key === ' ' &&
        event.target instanceof Element &&
        event.target.closest('button, a, summary, input, [role=button]')
      )
        return;
      const act = Object.hasOwn(keys, event.key) ? keys[event.key] : undefined;
      if (act === undefined) return;
      event.preventDefault();
      act(event);
    };
    document.addEventListener('keydown', on);
    return () => document.removeEventListener('keydown', on);
  });
}
