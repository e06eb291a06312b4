/**
 * Microseconds since the epoch on the process's steady clock: what the simulators and the caller stamp their ground
 * truth with. Two processes on one machine agree to well below a millisecond.
 */
export const nowMicros = (): number => Math.round((performance.timeOrigin + performance.now()) * 1000);
