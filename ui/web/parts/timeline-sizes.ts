/** Where the lanes of a timeline are, in pixels. */
export const LANE = 28;
export const USER_Y = 22;
export const SILENCE_Y = USER_Y + LANE + 6;
export const SILENCE = 16;
export const AGENT_Y = SILENCE_Y + SILENCE + 6;
export const TOOLS_Y = AGENT_Y + LANE + 5;
export const TOOL = 8;
export const LEFT = 52;
export const MOMENTS = 16;
