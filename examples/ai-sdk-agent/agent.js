// A telephone agent: Twilio asks /twiml what to do with a call and then streams the call's audio to /media.
import './keys.js';
import { createServer } from 'node:http';
import { WebSocketServer } from 'ws';
import { Conversation } from './conversation.js';

const server = createServer((request, response) => {
  if (request.url !== '/twiml') return response.writeHead(404).end();
  const scheme = request.headers['x-forwarded-proto'] === 'https' ? 'wss' : 'ws';
  const { href } = new URL('/media', `${scheme}://${request.headers.host}`);
  const stream = `<Stream url="${href}"><Parameter name="direction" value="inbound"/></Stream>`;
  response.writeHead(200, { 'content-type': 'text/xml' });
  response.end(`<Response><Connect>${stream}</Connect></Response>`);
});

const streams = new WebSocketServer({ server, path: '/media' });
streams.on('connection', (socket) => new Conversation(socket));

server.listen(process.env.PORT ?? 8080, () => {
  console.log(`ai-sdk-agent listening on port ${server.address().port}`);
});
process.once('SIGTERM', () => process.exit(0));
