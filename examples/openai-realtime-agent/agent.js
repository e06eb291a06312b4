// A telephone agent: Twilio asks /twiml what to do with a call and then streams the call's audio to /media.
import './keys.js';
import { createServer } from 'node:http';
import { WebSocketServer } from 'ws';
import { answer } from './call.js';

const server = createServer((request, response) => {
  if (new URL(request.url, 'http://localhost').pathname !== '/twiml') return response.writeHead(404).end();
  const scheme = request.headers['x-forwarded-proto'] === 'https' ? 'wss' : 'ws';
  const url = `${scheme}://${request.headers.host.replace(/[^\w.:[\]-]/g, '')}/media`;
  response.writeHead(200, { 'content-type': 'text/xml' }).end(
    `<?xml version="1.0" encoding="UTF-8"?>
<Response><Connect><Stream url="${url}"><Parameter name="direction" value="inbound"/></Stream></Connect></Response>`,
  );
});

const streams = new WebSocketServer({ server, path: '/media' });
streams.on('connection', (socket) => {
  socket.on('error', () => socket.terminate());
  socket.on('message', (data) => {
    const message = JSON.parse(data);
    if (message.event === 'start') answer(socket, message.start);
    else if (message.event === 'stop') socket.close();
  });
});

process.on('SIGTERM', () => process.exit(0));
server.listen(Number(process.env.PORT ?? 8080), () =>
  console.log(`openai-realtime-agent listening on port ${server.address().port}`),
);
