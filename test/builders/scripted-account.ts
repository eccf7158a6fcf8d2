/**
 * An AWS account as far as `cdk deploy` sees one, on one port of loopback: bootstrapped, empty, and content with every
 * template. STS, SSM, ECR, S3 for assets, CloudFormation with change sets. What it is not scripted for it refuses by name.
 */
import { once } from 'node:events';
import { createServer, type IncomingMessage } from 'node:http';
import type { AddressInfo } from 'node:net';
import { buffer } from 'node:stream/consumers';
import { isDeepStrictEqual } from 'node:util';

export interface Stack {
  readonly template: { Outputs?: Record<string, unknown> } & Record<string, unknown>;
  readonly capabilities: readonly string[];
}

interface Answer {
  readonly status?: number;
  readonly body: string;
}
type Form = URLSearchParams;

const region = 'eu-central-1';
const account = '123456789012';
const now = '2026-11-22T12:00:00Z';

export class ScriptedAccount implements AsyncDisposable {
  /** Assets by key. */
  readonly assets = new Map<string, Buffer>();
  readonly stacks = new Map<string, Stack>();
  /** Change sets that were carried out. */
  executed = 0;
  /** Calls that the script does not know. */
  readonly unknown: string[] = [];
  readonly #changes = new Map<string, Stack>();
  readonly #server = createServer((request, response) => {
    void this.#answer(request).then(({ status = 200, body }) => response.writeHead(status).end(body));
  });

  /** The environment in which the SDK's clients find this account. */
  async environment(): Promise<Record<string, string>> {
    this.#server.listen(0, '127.0.0.1');
    await once(this.#server, 'listening');
    return {
      AWS_ENDPOINT_URL: `http://127.0.0.1:${(this.#server.address() as AddressInfo).port}`,
      AWS_REGION: region,
      AWS_ACCESS_KEY_ID: 'key',
      AWS_SECRET_ACCESS_KEY: 'secret',
      AWS_EC2_METADATA_DISABLED: 'true',
    };
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#server.closeAllConnections();
    await new Promise((resolve) => this.#server.close(resolve));
  }

  async #answer(request: IncomingMessage): Promise<Answer> {
    const body = await buffer(request);
    const target = request.headers['x-amz-target'];
    if (typeof target === 'string') return this.#json(target.replace(/^.*\./, ''));
    if (request.url === '/') return this.#query(new URLSearchParams(body.toString()));
    return this.#object(request, body);
  }

  #json(call: string): Answer {
    const answers: Record<string, object> = {
      GetParameter: { Parameter: { Name: 'version', Type: 'String', Value: '30' } },
      DescribeRepositories: {
        repositories: [{ repositoryUri: `${account}.dkr.ecr.${region}.amazonaws.com/assets` }],
      },
      GetAuthorizationToken: {
        authorizationData: [
          {
            authorizationToken: Buffer.from('AWS:password').toString('base64'),
            proxyEndpoint: `https://${account}.dkr.ecr.${region}.amazonaws.com`,
          },
        ],
      },
    };
    if (call === 'DescribeImages') return { status: 400, body: '{"__type":"ImageNotFoundException"}' };
    const answer = answers[call];
    return answer === undefined ? this.#refuse(call) : { body: JSON.stringify(answer) };
  }

  #object({ method, url = '' }: IncomingMessage, body: Buffer): Answer {
    const { pathname, searchParams } = new URL(url, 'http://host');
    const key = pathname.replace(/^\/[^/]+\/?/, '');
    if (method === 'PUT') this.assets.set(key, body);
    if (method === 'PUT' || searchParams.has('encryption')) return { body: '' };
    if (searchParams.has('location')) return { body: `<LocationConstraint>${region}</LocationConstraint>` };
    if (searchParams.has('list-type')) return { body: listing([...this.assets.keys()], searchParams) };
    return this.#refuse(`${method} ${url}`);
  }

  #query(form: Form): Answer {
    const action = form.get('Action') ?? '';
    const result = this.#results[action]?.(form);
    if (result === undefined) return this.#refuse(action);
    if (typeof result !== 'string') return result;
    return { body: `<${action}Response><${action}Result>${result}</${action}Result></${action}Response>` };
  }

  readonly #results: Readonly<Record<string, (form: Form) => string | Answer>> = {
    GetCallerIdentity: () => `<Account>${account}</Account><Arn>arn:aws:iam::${account}:user/me</Arn>`,
    AssumeRole: () =>
      `<Credentials><AccessKeyId>key</AccessKeyId><SecretAccessKey>secret</SecretAccessKey><SessionToken>token</SessionToken><Expiration>2099-01-01T00:00:00Z</Expiration></Credentials>`,
    DescribeStacks: (form) => this.#describe(nameIn(form)),
    CreateChangeSet: (form) => this.#prepare(form),
    DescribeChangeSet: (form) => this.#compare(nameIn(form)),
    DeleteChangeSet: (form) => {
      this.#changes.delete(nameIn(form));
      return '';
    },
    ExecuteChangeSet: (form) => this.#execute(nameIn(form)),
    DescribeStackEvents: (form) => `<StackEvents>${endOf(nameIn(form))}</StackEvents>`,
    GetTemplate: (form) => {
      const template = this.stacks.get(nameIn(form))?.template ?? {};
      return `<TemplateBody>${escaped(JSON.stringify(template))}</TemplateBody>`;
    },
  };

  #describe(name: string): string | Answer {
    const stack = this.stacks.get(name);
    const reviewed = this.#changes.has(name);
    if (stack === undefined && !reviewed)
      return error('ValidationError', `Stack with id ${name} does not exist`);
    const status = stack === undefined ? 'REVIEW_IN_PROGRESS' : 'CREATE_COMPLETE';
    const outputs = Object.keys(stack?.template.Outputs ?? {})
      .map((key) => `<member><OutputKey>${key}</OutputKey><OutputValue>the-${key}</OutputValue></member>`)
      .join('');
    return `<Stacks><member><StackName>${name}</StackName><StackId>${idOf(name)}</StackId><StackStatus>${status}</StackStatus><CreationTime>${now}</CreationTime><Outputs>${outputs}</Outputs></member></Stacks>`;
  }

  #prepare(form: Form): string | Answer {
    const key = new URL(form.get('TemplateURL') ?? 'http://host/').pathname.replace(/^\/[^/]+\//, '');
    const text = this.assets.get(key);
    if (text === undefined) return this.#refuse(`a template that was not uploaded: ${key}`);
    const capabilities = [...form]
      .filter(([name]) => name.startsWith('Capabilities'))
      .map(([, value]) => value);
    const template = JSON.parse(text.toString()) as Stack['template'];
    this.#changes.set(nameIn(form), { template, capabilities });
    return `<Id>arn:aws:cloudformation:${region}:${account}:changeSet/change/1</Id><StackId>${idOf(nameIn(form))}</StackId>`;
  }

  #compare(name: string): string | Answer {
    if (!this.#changes.has(name)) return error('ChangeSetNotFound', `There is no change set of ${name}`);
    const isNew = !isDeepStrictEqual(this.#changes.get(name)?.template, this.stacks.get(name)?.template);
    const outcome = isNew
      ? '<Status>CREATE_COMPLETE</Status><ExecutionStatus>AVAILABLE</ExecutionStatus><Changes><member><Type>Resource</Type></member></Changes>'
      : "<Status>FAILED</Status><StatusReason>The submitted information didn't contain changes.</StatusReason>";
    return `<ChangeSetName>change</ChangeSetName><StackId>${idOf(name)}</StackId>${outcome}`;
  }

  #execute(name: string): string {
    const change = this.#changes.get(name);
    if (change) this.stacks.set(name, change);
    this.#changes.delete(name);
    this.executed++;
    return '';
  }

  #refuse(what: string): Answer {
    this.unknown.push(what);
    return error('NotScripted', what);
  }
}

/** A stack is asked for by its name or its id. */
const nameIn = (form: Form): string =>
  (form.get('StackName') ?? '').replace(/^arn:.*:stack\/([^/]+)\/.*$/, '$1');
const idOf = (name: string): string => `arn:aws:cloudformation:${region}:${account}:stack/${name}/1`;
const escaped = (text: string): string =>
  text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;');

const error = (code: string, message: string): Answer => ({
  status: 400,
  body: `<ErrorResponse><Error><Code>${code}</Code><Message>${message}</Message></Error></ErrorResponse>`,
});

const endOf = (name: string): string =>
  `<member><StackId>${idOf(name)}</StackId><EventId>1</EventId><StackName>${name}</StackName><LogicalResourceId>${name}</LogicalResourceId><ResourceType>AWS::CloudFormation::Stack</ResourceType><Timestamp>${now}</Timestamp><ResourceStatus>CREATE_COMPLETE</ResourceStatus></member>`;

function listing(keys: readonly string[], search: URLSearchParams): string {
  const found = keys.filter((key) => key.startsWith(search.get('prefix') ?? ''));
  const contents = found.map((key) => `<Contents><Key>${key}</Key></Contents>`).join('');
  return `<ListBucketResult><KeyCount>${found.length}</KeyCount>${contents}</ListBucketResult>`;
}
