/** By which a server on this machine can be opened. */
export interface Openable {
  /** On this machine. */
  readonly here: string;
  /** On another machine, where the address is every address of this one. */
  readonly elsewhere?: string;
}

const LOOPBACK: Readonly<Record<string, string>> = { '0.0.0.0': '127.0.0.1', '[::]': '[::1]' };

/**
 * Addresses to open: `http://0.0.0.0:4319` stands for every address of the machine, and not every browser opens it.
 *
 * @param machine - the name of this machine
 */
export function openable(url: string, machine: string): Openable {
  const { hostname, port } = new URL(url);
  const loopback = LOOPBACK[hostname];
  if (loopback === undefined) return { here: url };
  return { here: `http://${loopback}:${port}`, elsewhere: `http://${machine}:${port}` };
}
