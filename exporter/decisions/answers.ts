import type { Component } from '../pricing/units.ts';

// What answers are made of, for those who show them: the page takes it along, and nothing of how it is worked out.

/** Of the silences before and after, in the order in which they are shown. */
export const SILENCE_FIGURES = ['p50', 'p95', 'mean'] as const;
export type SilenceFigure = (typeof SILENCE_FIGURES)[number];

/** Of the costs before and after, in the order in which they are shown. */
export const COST_FIGURES = [
  'stt',
  'llm',
  'tts',
  'livekit',
  'telephony',
  'total',
] as const satisfies readonly (Component | 'total')[];
export type CostFigure = (typeof COST_FIGURES)[number];

/** So far apart, in seconds, are delays that are not those of one setting. */
const MOST_SPREAD = 0.15;

/** Whether delays of several settings were measured: of what is set nothing can be advised. */
export const isSpread = ({ p10, p90 }: { readonly p10: number; readonly p90: number }): boolean =>
  p90 - p10 > MOST_SPREAD;
