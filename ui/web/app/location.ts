import { computed, effect, signal } from '@preact/signals';

/** Where the page is: its address is all of its state that a link must keep. */
const address = signal(new URL(window.location.href));

export const path = computed(() => address.value.pathname);
export const query = computed(() => address.value.searchParams);

/** The calls as they were last looked at: where one comes back to from a call. */
export const lastCalls = signal('/calls');
effect(() => {
  const { pathname, search } = address.value;
  if (pathname === '/calls' || pathname === '/') lastCalls.value = `/calls${search}`;
});

/** Goes to an address of this page. `replace`: without a step back. */
export function navigate(to: string, { replace = false, keepScroll = false } = {}): void {
  const url = new URL(to, address.value);
  if (url.href === address.value.href) return;
  if (replace) history.replaceState(null, '', url);
  else history.pushState(null, '', url);
  const moved = url.pathname !== address.value.pathname;
  address.value = url;
  if (moved && !keepScroll) window.scrollTo(0, 0);
}

window.addEventListener('popstate', () => {
  address.value = new URL(window.location.href);
});

/** Links of this page change its address without loading it again. */
document.addEventListener('click', (event) => {
  if (event.defaultPrevented || event.button !== 0) return;
  if (event.metaKey || event.ctrlKey || event.shiftKey || event.altKey) return;
  const link = event.target instanceof Element ? event.target.closest('a') : null;
  if (!(link instanceof HTMLAnchorElement) || link.target !== '' || link.hasAttribute('download')) return;
  if (link.origin !== window.location.origin || link.pathname.startsWith('/api/')) return;
  event.preventDefault();
  navigate(link.href);
});
