/** Why the silence of a turn in the recording is not the one of its row, or why it cannot be said. */
export const REASONS = {
  spoke_over: 'the user had not finished when the agent began',
  sound_after_words: 'the user made another sound after the words: a noise, or words that no one understood',
  user_went_on: 'the user went on speaking after the end of speech that the journal has',
  ended_sooner: 'the user was silent before the end of speech that the journal has',
  heard_later:
    'the agent was heard later than the playback began: silence at the head of its audio, or a buffer',
  heard_sooner: 'the agent made a sound before the answer: a filler, or the end of what it said before',
  no_user: 'no speech of the user is heard there',
  no_agent: 'the agent is not heard there',
  already_heard: 'the agent was being heard already when its answer began',
  outside: 'the turn is not in the recording, or only in part',
  agent_opens: 'no one waited',
  unknown: 'the journal does not know when the user fell silent or when the agent was heard',
} as const;

export type Reason = keyof typeof REASONS;
