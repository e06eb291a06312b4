// A telephone agent: Twilio asks /twiml what to do with a call and then streams the call's audio to /media.
import { createServer } from 'node:http';
import { WebSocketServer } from 'ws';
import { config } from './config.js';
import { Conversation } from './conversation.js';
import { Telephone } from './telephone.js';
import { twiml } from './twiml.js';

const server = createServer(async (request, response) => {
  const { pathname } = new URL(request.url, 'http://localhost');
  if (pathname === '/twiml') {
    response.writeHead(200, { 'content-type': 'text/xml' }).end(await twiml(request));
  } else if (pathname === '/health') {
    response.writeHead(draining ? 503 : 200).end();
  } else {
    response.writeHead(404).end();
  }
});

const streams = new WebSocketServer({ server, path: '/media' });
streams.on('connection', (socket) => {
  if (draining) return socket.close(1013);
  const telephone = new Telephone(socket);
  telephone.once('start', (call) => {
    const conversation = new Conversation(telephone, call);
    conversation.start().catch((error) => {
      console.error(`${call.callSid}: ${error.message}`);
      telephone.hangUp();
    });
  });
});

let draining = false;
function drain() {
  if (draining) process.exit(1);
  draining = true;
  // Open calls go on; the process ends with the last of them, or when the time is up.
  const finish = () => process.exit(0);
  setTimeout(finish, config.drainMs).unref();
  const check = setInterval(() => {
    if (streams.clients.size > 0) return;
    clearInterval(check);
    server.close(finish);
    server.closeIdleConnections();
  }, 50);
}
process.on('SIGTERM', drain);
process.on('SIGINT', drain);

server.listen(config.port, () => console.log(`phone-agent listening on port ${server.address().port}`));
