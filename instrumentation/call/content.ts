/** What one turn keeps of each speaker's words, in characters: enough to score, bounded whatever happens. */
const MAX_TEXT_CHARACTERS = 8_192;

let captured = false;

/** Whether transcripts, prompts and answers are written to spans. (Default: false.) */
export const capturesContent = (): boolean => captured;

/** Switches content capture; `register` sets it from `OTEL_INSTRUMENTATION_GENAI_CAPTURE_MESSAGE_CONTENT`. */
export function setCaptureContent(on: boolean): void {
  captured = on;
}

/** `text` with `more` behind it, cut at the cap. */
export function appendText(text: string | undefined, more: string): string {
  if (text === undefined || text === '') return more.slice(0, MAX_TEXT_CHARACTERS);
  if (text.length >= MAX_TEXT_CHARACTERS) return text;
  const space = /\s$/.test(text) || /^\s/.test(more) ? '' : ' ';
  return (text + space + more).slice(0, MAX_TEXT_CHARACTERS);
}
