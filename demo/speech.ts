import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { mulawToLinear } from './audio.ts';

/** One word of a recorded utterance, in seconds from the beginning of its file. */
export interface SpokenWord {
  /** As written, with its punctuation. */
  readonly word: string;
  readonly start: number;
  readonly end: number;
}

/** A recorded utterance of demo/speech. */
export interface Utterance {
  readonly name: string;
  readonly text: string;
  /** Seconds from the beginning of the file to the first voiced sample. */
  readonly speechStartSeconds: number;
  /** Seconds from the beginning of the file to the end of the last voiced sample. */
  readonly speechEndSeconds: number;
  readonly words: readonly SpokenWord[];
  /** The whole file: raw mu-law at 8 kHz. */
  readonly mulaw: Uint8Array;
  /** The same as 16-bit linear samples. */
  readonly samples: Int16Array;
}

type IndexEntry = Omit<Utterance, 'mulaw' | 'samples'> & { readonly file: string };

/** Beside the sources, which the build leaves alone. */
const folder = fileURLToPath(new URL('../../demo/speech/', import.meta.url));
let loaded: ReadonlyMap<string, Utterance> | undefined;

/** Every recorded utterance by name, in the order of the index. Made by `scripts/make-speech.sh`. */
export function utterances(): ReadonlyMap<string, Utterance> {
  loaded ??= new Map(
    (JSON.parse(readFileSync(join(folder, 'index.json'), 'utf8')).utterances as IndexEntry[]).map(
      ({ file, ...entry }) => {
        const mulaw = new Uint8Array(readFileSync(join(folder, file)));
        return [entry.name, { ...entry, mulaw, samples: mulawToLinear(mulaw) }];
      },
    ),
  );
  return loaded;
}

/**
 * One recorded utterance.
 *
 * @throws Error when there is none of that name.
 */
export function utterance(name: string): Utterance {
  const found = utterances().get(name);
  if (!found)
    throw new Error(`No recorded speech named ${name}: there is ${[...utterances().keys()].join(', ')}`);
  return found;
}
