// A telephone agent: Twilio asks /twiml what to do with a call and then streams the call's audio to /media.
import './keys.js';
import { createServer } from 'node:http';
import { WebSocketServer } from 'ws';
import { Conversation } from './conversation.js';

const server = createServer((request, response) => {
  const scheme = request.headers['x-forwarded-proto'] === 'https' ? 'wss' : 'ws';
  const url = `${scheme}://${request.headers.host}/media`;
  const stream = `<Stream url="${url}"><Parameter name="direction" value="inbound"/></Stream>`;
  response.writeHead(200, { 'content-type': 'text/xml' });
  response.end(`<?xml version="1.0" encoding="UTF-8"?><Response><Connect>${stream}</Connect></Response>`);
});

new WebSocketServer({ server, path: '/media' }).on('connection', (socket) => {
  let conversation;
  socket.on('message', (data) => {
    const message = JSON.parse(data);
    if (message.event === 'start')
      conversation = new Conversation(telephone(socket, message.start.streamSid));
    else if (message.event === 'media') conversation?.hear(message.media.payload);
    else if (message.event === 'mark') conversation?.played();
  });
  socket.on('close', () => conversation?.end());
});

// Audio is mu-law at 8 kHz in both directions.
function telephone(socket, streamSid) {
  const send = (message) => socket.send(JSON.stringify({ ...message, streamSid }));
  return {
    play: (audio) => send({ event: 'media', media: { payload: Buffer.from(audio).toString('base64') } }),
    // Comes back when everything before it has been heard.
    mark: () => send({ event: 'mark', mark: { name: 'answer' } }),
    // Throws away what has not been heard yet.
    clear: () => send({ event: 'clear' }),
  };
}

process.on('SIGTERM', () => process.exit(0));
server.listen(process.env.PORT ?? 8080, () =>
  console.log(`elevenlabs-agent listening on port ${server.address().port}`),
);
