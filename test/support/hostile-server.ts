import { listenOnLoopback } from '../../demo/simulators/server.ts';

/** How a hostile service answers a connection. */
export type Hostility = 'refuses' | 'reports' | 'closes';

/** A service that answers everything with an error, and says `secret` wherever an error can say something. */
export async function startHostileServer(secret: string, how: Hostility, options: { tls?: boolean } = {}) {
  const said = {
    type: 'error',
    message_type: 'error',
    status_code: 400,
    code: secret,
    err_code: secret,
    err_msg: secret,
    error_code: secret,
    message: secret,
    description: secret,
    detail: secret,
    title: secret,
    param: secret,
    status: secret,
    reason: secret,
  };
  const body = JSON.stringify({ ...said, error: said });
  const server = await listenOnLoopback({
    ...options,
    onRequest: (request, response) => {
      request.resume();
      request.on('end', () => {
        response.writeHead(400, {
          'content-type': 'application/json',
          'x-error': secret,
          'dg-error': secret,
        });
        response.end(body);
      });
    },
    onUpgrade: ({ socket, accept }) => {
      if (how === 'refuses')
        return void socket.end(`HTTP/1.1 400 ${secret}\r\nconnection: close\r\n\r\n${body}`);
      accept((ws) => {
        ws.on('error', () => {});
        const say = (more: object) => ws.send(JSON.stringify({ ...said, ...more, error: said }));
        const strings = () =>
          ws.send(
            JSON.stringify({
              ...said,
              error: secret,
              message_type: 'input_error',
              type: 'Error',
              data: secret,
            }),
          );
        say({ type: 'session.created', session: { type: 'realtime', instructions: secret } });
        say({ type: 'Welcome', message_type: 'session_started', session_id: secret, config: {} });
        say({ type: 'SettingsApplied', setupComplete: {} });
        let messages = 0;
        ws.on('message', () => {
          if (messages++ > 2) return;
          if (how === 'reports') {
            for (const type of ['error', 'Error', 'Warning', 'FatalError', 'ConfigureFailure']) say({ type });
            strings();
            setTimeout(() => ws.close(1011, secret), 200).unref();
          } else ws.close(4_001, secret);
        });
      });
    },
  });
  return {
    url: server.url,
    caPath: server.caPath,
    close: server.close,
  };
}
