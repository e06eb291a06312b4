/** On every call of a demo, which is no one's. */
export const DEMO_TAG = 'earshot.demo';
