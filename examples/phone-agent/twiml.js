// What Twilio shall do with a call: connect it to our media stream, and tell us there what kind of call it is.
const escapeXml = (text) => text.replace(/[<>&"']/g, (character) => `&#${character.charCodeAt(0)};`);

export async function twiml(request) {
  const chunks = [];
  for await (const chunk of request) chunks.push(chunk);
  const form = new URLSearchParams(Buffer.concat(chunks).toString('utf8'));
  const scheme = request.headers['x-forwarded-proto'] === 'https' ? 'wss' : 'ws';
  const parameters = {
    direction: form.get('Direction')?.startsWith('outbound') ? 'outbound' : 'inbound',
    from: form.get('From') ?? '',
    to: form.get('To') ?? '',
  };
  const lines = Object.entries(parameters).map(
    ([name, value]) => `<Parameter name="${name}" value="${escapeXml(value)}"/>`,
  );
  const url = escapeXml(`${scheme}://${request.headers.host}/media`);
  return `<?xml version="1.0" encoding="UTF-8"?>
<Response><Connect><Stream url="${url}">${lines.join('')}</Stream></Connect></Response>`;
}
