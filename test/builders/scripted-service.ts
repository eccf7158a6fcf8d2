/** An AWS service of the JSON protocol that answers as a test says, and remembers what it was asked. */
import { once } from 'node:events';
import { createServer, type IncomingMessage } from 'node:http';
import type { AddressInfo } from 'node:net';
import { json } from 'node:stream/consumers';
import type { TestContext } from 'node:test';

export interface Asked {
  /** `CertificateManager.ExportCertificate`. */
  readonly target: string;
  readonly authorization: string;
  readonly input: Readonly<Record<string, unknown>>;
}

export interface Answer {
  readonly status?: number;
  readonly body: object;
}

export interface ScriptedService {
  readonly url: string;
  readonly asked: readonly Asked[];
}

export async function scriptedService(
  t: TestContext,
  script: (asked: Asked) => Answer,
): Promise<ScriptedService> {
  const asked: Asked[] = [];
  const answer = async (request: IncomingMessage): Promise<Answer> => {
    const { 'x-amz-target': target, authorization } = request.headers;
    const input = (await json(request)) as Asked['input'];
    asked.push({ target: String(target), authorization: String(authorization), input });
    return script(asked.at(-1)!);
  };
  const server = createServer((request, response) => {
    void answer(request).then(({ status = 200, body }) =>
      response.writeHead(status).end(JSON.stringify(body)),
    );
  }).listen(0, '127.0.0.1');
  await once(server, 'listening');
  t.after(() => {
    server.close();
    server.closeAllConnections();
  });
  return { url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`, asked };
}
