import { effect, signal } from '@preact/signals';

const KEY = 'earshot.theme';
const dark = window.matchMedia('(prefers-color-scheme: dark)');
const stored = localStorage.getItem(KEY);

/** Light or dark: the reader's system decides until the reader does. */
export const theme = signal<'light' | 'dark'>(
  stored === 'light' || stored === 'dark' ? stored : dark.matches ? 'dark' : 'light',
);

dark.addEventListener('change', ({ matches }) => {
  if (localStorage.getItem(KEY) === null) theme.value = matches ? 'dark' : 'light';
});
effect(() => {
  document.documentElement.dataset.theme = theme.value;
});

export function switchTheme(): void {
  theme.value = theme.value === 'dark' ? 'light' : 'dark';
  localStorage.setItem(KEY, theme.value);
}
