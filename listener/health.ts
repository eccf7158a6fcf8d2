/** What the load balancer asks: 200 while the process is up and not stopping, 503 after. Nothing else matters to it. */
import { once } from 'node:events';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';

export interface Health {
  readonly port: number;
  /** From now on: do not send anybody here. */
  unwell(): void;
  close(): void;
}

export async function serveHealth(host: string, port: number): Promise<Health> {
  let well = true;
  const server = createServer((_request, response) => {
    response.writeHead(well ? 200 : 503, { 'content-type': 'text/plain' });
    response.end(well ? 'ok\n' : 'stopping\n');
  });
  server.listen(port, host);
  await once(server, 'listening');
  return {
    port: (server.address() as AddressInfo).port,
    unwell: () => void (well = false),
    close() {
      server.close();
      server.closeAllConnections();
    },
  };
}
