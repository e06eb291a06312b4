import { useState } from 'preact/hooks';
import { useKeys } from '../app/keys.ts';

const SAID_MS = 1_500;

/** Copies a text, by default the address of what is shown. */
export function CopyLink({
  text,
  label = 'Copy link',
  withKey = true,
}: {
  text?: string;
  label?: string;
  withKey?: boolean;
}) {
  const [said, setSaid] = useState('');
  const copy = async () => {
    try {
      await navigator.clipboard.writeText(text ?? window.location.href);
      setSaid('Copied');
    } catch {
      setSaid('Not allowed here');
    }
    setTimeout(() => setSaid(''), SAID_MS);
  };
  useKeys(withKey ? { c: () => void copy() } : {});
  return (
    <button type="button" class="plain" onClick={() => void copy()} aria-live="polite">
      {said || label} {withKey && said === '' && <kbd aria-hidden="true">c</kbd>}
    </button>
  );
}
