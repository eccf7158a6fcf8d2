/**
 * Walks a session that never was: ports, login, connection, MAIL, each RCPT, the end of DATA, then the routes. The
 * first refusal ends it, as it would end the session; a refused recipient ends only its own way.
 */
import { logSafe, type ReversePath } from '../mail/address/address.ts';
import { parseForwardPath, parsePath } from '../mail/address/path.ts';
import type { Directory } from '../mail/directory/directory.ts';
import type { Settings } from '../mail/directory/settings.ts';
import { foldName } from '../mail/document/names.ts';
import type { ListenerPort } from '../mail/envelope/envelope.ts';
import { splitHeader, type HeaderBlock } from '../mail/envelope/header.ts';
import type { PolicyContext } from '../mail/policy/context.ts';
import { peerOf } from '../mail/policy/peer.ts';
import { inServer } from '../mail/policy/ruling.ts';
import { atConnect, atData, atMail, atRecipient } from '../mail/policy/stages.ts';
import type { Because, Step, Verdict } from '../mail/policy/verdict.ts';
import type { Resolver } from '../mail/relay/doors.ts';
import { recipientSyntax501, senderSyntax501 } from '../mail/reply/message-replies.ts';
import { reply, type Reply } from '../mail/reply/reply.ts';
import { notImplemented502 } from '../mail/reply/session-replies.ts';
import { conclude, said, type Explained, type ExplainedStep, type Judged } from './explained.ts';
import { explainRoute } from './explain-route.ts';
import { Failure } from './failure.ts';

export interface Question {
  readonly from: string;
  readonly to: readonly string[];
  readonly port: ListenerPort;
  readonly peer: string;
  /** A confirmed host name; null: none; absent: DNS is asked. */
  readonly named?: string | null;
  readonly helo: string;
  readonly auth?: string;
  readonly size?: number;
}

export interface World {
  readonly settings: Settings;
  readonly directory: Directory;
  readonly resolver: Resolver;
}

export async function explainMessage(world: World, question: Question): Promise<Explained> {
  const { settings, directory, resolver } = world;
  const closed = closedPort(settings, question.port);
  if (closed !== undefined) return ended([step('port', 'closed', closed)], portClosed421, question);
  const auth = await personOf(directory, question.auth);
  const peer = peerOf(question.peer, resolver, question.named);
  const session = { port: question.port, peer, auth };
  return new Walk({ ...world, question, context: { settings, directory, resolver, session } }).go();
}

const portClosed421: Reply = reply(421, undefined, 'The port is closed: no connection is made');

function step(rule: string, outcome: string, because?: Because): Step {
  return because === undefined ? { rule, outcome } : { rule, outcome, because };
}

function closedPort(settings: Settings, port: ListenerPort): Because | undefined {
  if (!settings.server.smtpListener) return inServer(settings, 'smtpListener', 'false');
  return settings.server.ports[port].enabled
    ? undefined
    : inServer(settings, `ports.${port}.enabled`, 'false');
}

/** The Person as the listener knows who logged in. */
async function personOf(directory: Directory, text: string | undefined): Promise<string | undefined> {
  if (text === undefined) return undefined;
  const owners = text.includes('@') ? await directory.findAddress(text) : [];
  const people = [...owners, ...(await directory.findName(text))].filter(({ form }) => form === 'Person');
  const exact = people.find(({ name }) => foldName(name) === foldName(text));
  const names = exact === undefined ? [...new Set(people.map(({ name }) => name))] : [exact.name];
  if (names.length === 1) return names[0];
  throw new Failure(
    names.length === 0
      ? `--auth "${text}": there is no published Person of that name.`
      : `--auth "${text}" is a name of ${names.join(' and ')}; write the full name.`,
  );
}

function ended(steps: readonly Step[], answer: Reply, { to }: Question): Explained {
  const outcome = answer.code < 500 ? 'defer' : 'refuse';
  const because = steps.at(-1)?.because;
  return {
    outcome,
    ...said(answer),
    steps,
    recipients: to.map((address) => ({ address, outcome, route: '', ...(because && { because }) })),
  };
}

interface Walking extends World {
  readonly question: Question;
  readonly context: PolicyContext;
}

class Walk {
  readonly #walking: Walking;
  readonly #steps: ExplainedStep[] = [];

  constructor(walking: Walking) {
    this.#walking = walking;
  }

  async go(): Promise<Explained> {
    const { question, context } = this.#walking;
    const noLogin = loginSwitchedOff(context, question.auth);
    if (noLogin !== undefined) return this.#endWith(step('login', 'refuse', noLogin), notImplemented502);
    const connection = await atConnect(context);
    this.#steps.push(...connection.verdict.steps);
    if (connection.verdict.outcome === 'refuse')
      return ended(this.#steps, connection.verdict.reply, question);
    this.#steps.push(...tlsSteps(context));
    const sender = parsePath(bracketed(question.from), { smtpUtf8: true });
    if (!sender.ok) return this.#endWith(step('sender', sender.problem), senderSyntax501(sender.problem));
    const mail = await atMail(context, { sender: sender.value, size: question.size, connection });
    this.#steps.push(...mail.verdict.steps);
    if (mail.verdict.outcome !== 'accept') return ended(this.#steps, mail.verdict.reply, question);
    const recipients = await this.#recipients(sender.value);
    const refused = recipients.every(({ verdict }) => verdict.outcome !== 'accept');
    if (!refused) await this.#data(sender.value, recipients);
    return conclude({ steps: this.#steps, recipients, data: this.#dataVerdict });
  }

  #dataVerdict: Verdict | undefined;

  #endWith(last: Step, answer: Reply): Explained {
    this.#steps.push(last);
    return ended(this.#steps, answer, this.#walking.question);
  }

  async #recipients(sender: ReversePath): Promise<Judged[]> {
    const { question, context } = this.#walking;
    const judged: Judged[] = [];
    for (const address of question.to) {
      const earlier = judged.filter(({ verdict }) => verdict.outcome === 'accept').length;
      const verdict = await recipientVerdict(context, { address, sender, earlier });
      judged.push({ address, verdict, routes: [] });
      this.#steps.push(...verdict.steps.map((one) => ({ ...one, recipient: address })));
    }
    return judged;
  }

  /** What only the message can tell is said to be open. */
  async #data(sender: ReversePath, recipients: Judged[]): Promise<void> {
    const { question, context } = this.#walking;
    const verdict = await atData(context, { size: question.size ?? 0, header: headerFrom(sender), hops: 0 });
    this.#dataVerdict = verdict;
    this.#steps.push(...verdict.steps, ...openSteps(context));
    if (verdict.outcome !== 'accept') return;
    for (const one of recipients.filter((recipient) => recipient.verdict.outcome === 'accept')) {
      one.routes = await explainRoute(this.#walking, { sender, address: one.address, question });
      for (const { route, because } of one.routes)
        this.#steps.push({ ...step('route', route, because), recipient: one.address });
    }
  }
}

/** AUTH is offered where the port's document says so. */
function loginSwitchedOff(
  { settings, session }: PolicyContext,
  auth: string | undefined,
): Because | undefined {
  if (auth === undefined || settings.server.ports[session.port].nameAndPassword) return undefined;
  return inServer(settings, `ports.${session.port}.nameAndPassword`, 'false');
}

/** `a@b`, `<a@b>`, `<>` and the empty text are all taken. */
function bracketed(text: string): string {
  const trimmed = text.trim();
  return trimmed.startsWith('<') ? trimmed : `<${trimmed}>`;
}

async function recipientVerdict(
  context: PolicyContext,
  { address, sender, earlier }: { address: string; sender: ReversePath; earlier: number },
): Promise<Verdict> {
  const parsed = parseForwardPath(bracketed(address), { smtpUtf8: true });
  if (parsed.ok) return atRecipient(context, { sender, recipient: parsed.value, earlier });
  const steps = [step('address', parsed.problem)];
  return { outcome: 'refuse', reply: recipientSyntax501(logSafe(parsed.problem)), steps };
}

function headerFrom(sender: ReversePath): HeaderBlock {
  return splitHeader(Buffer.from(sender === null ? '\r\n' : `From: <${sender.text}>\r\n\r\n`));
}

/** A session is taken to be under TLS where it has to be. */
function tlsSteps({ settings, session }: PolicyContext): Step[] {
  const { name, inboundCommands } = settings.configuration;
  if (session.port === 'smtps' || inboundCommands.startTls !== 'required') return [];
  const because = { document: `Configuration ${name}`, field: 'inboundCommands.startTls', entry: 'required' };
  return [step('TLS', 'only after STARTTLS, else 530 5.7.0', because)];
}

function openSteps({ settings, session }: PolicyContext): Step[] {
  const { senderAuthentication, rules, name } = settings.configuration;
  const document = `Configuration ${name}`;
  const checks =
    session.auth === undefined && Object.values(senderAuthentication).some((one) => one !== 'off');
  return [
    ...(checks
      ? [step('sender authentication', 'depends on the message', { document, field: 'senderAuthentication' })]
      : []),
    ...(rules.length > 0 ? [step('mail rules', 'depend on the message', { document, field: 'rules' })] : []),
  ];
}
