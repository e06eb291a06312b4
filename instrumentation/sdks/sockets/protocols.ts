import { protocols as deepgram } from '../deepgram/protocols.ts';
import type { SocketProtocol } from '../kit/raw/protocol.ts';

/** The protocols that raw sockets are known to speak. */
export const PROTOCOLS: readonly SocketProtocol[] = [...deepgram];
