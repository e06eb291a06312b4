/** The stream that an agent's TwiML connects a call to. */
export interface StreamRequest {
  readonly url: string;
  readonly parameters: Readonly<Record<string, string>>;
}

const attribute = (tag: string, name: string): string =>
  (tag.match(new RegExp(`\\b${name}="([^"]*)"`))?.[1] ?? '').replace(/&#(\d+);/g, (_, code: string) =>
    String.fromCharCode(Number(code)),
  );

/**
 * Asks an agent what to do with a call, as Twilio does, and reads the `<Connect><Stream>` of its answer.
 *
 * @throws Error when the answer is an error or connects no stream.
 */
export async function requestStream(
  twimlUrl: string,
  call: { readonly callSid: string; readonly direction: string; readonly from: string; readonly to: string },
): Promise<StreamRequest> {
  const direction = call.direction === 'outbound' ? 'outbound-api' : 'inbound';
  const form = {
    CallSid: call.callSid,
    Direction: direction,
    From: call.from,
    To: call.to,
    CallStatus: 'in-progress',
  };
  const response = await fetch(twimlUrl, { method: 'POST', body: new URLSearchParams(form) });
  const xml = await response.text();
  const stream = xml.match(/<Connect>\s*<Stream\b[^>]*>/)?.[0];
  if (!response.ok || !stream)
    throw new Error(`The agent's TwiML connects no stream (${response.status}): ${xml}`);
  const parameters = [...xml.matchAll(/<Parameter\b[^>]*>/g)].map(
    ([tag]) => [attribute(tag, 'name'), attribute(tag, 'value')] as const,
  );
  return { url: attribute(stream, 'url'), parameters: Object.fromEntries(parameters) };
}
