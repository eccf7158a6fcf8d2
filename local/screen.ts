/** What a newcomer reads when the gateway is up: where to send mail, what to try, where to look. */
import { relative } from 'node:path';
import type { Endpoints } from './endpoints.ts';
import { isLoopback, type Options } from './options.ts';

export interface ScreenFacts {
  readonly options: Options;
  readonly endpoints: Endpoints;
  /** The sample's documents are there. */
  readonly sample: boolean;
  /** Bob's, where it was set at this start; a random one is shown this once. */
  readonly password?: string;
}

export function startScreen(facts: ScreenFacts): string {
  const { endpoints, options } = facts;
  const near = relative(process.cwd(), options.data) || '.';
  const folder = near.startsWith('..') ? options.data : near;
  const command = folder === '.postern' ? 'npx postern' : `POSTERN_DATA=${folder} npx postern`;
  return [
    `Postern is up: ${options.server}. Ctrl-C stops it.`,
    '',
    `  SMTP          ${endpoints.smtp}`,
    `  Submission    ${endpoints.submission}   (AUTH after STARTTLS)`,
    `  SMTP with TLS ${endpoints.smtps}`,
    `  SES inbox     ${endpoints.sesInbox}   (what left by Amazon SES, which is played on this machine)`,
    `  State, logs   ${folder}`,
    ...(facts.sample ? tryNext(facts, command) : [...firstDocuments(command)]),
    '',
  ].join('\n');
}

function tryNext({ endpoints, options, password }: ScreenFacts, command: string): string[] {
  const login = password ?? (isLoopback(options.host) ? 'postern' : 'PASSWORD');
  return [
    '',
    'The sample domain is acme.example, with Alice, Bob, a group (team@) and a mail-in database (support@). Try:',
    '',
    `  swaks --server ${endpoints.smtp} --from you@elsewhere.example --to alice@acme.example`,
    `  ${command} mailbox list mail/alice`,
    '',
    'Bob may send to the world, once he has logged in:',
    '',
    `  swaks --server ${endpoints.submission} -tls --auth-user bob@acme.example --auth-password ${login} \\`,
    '        --from bob@acme.example --to someone@elsewhere.example',
    '',
    `  ${command} explain --from you@elsewhere.example --to nobody@acme.example`,
    `  ${command} documents list`,
    ...passwordNote(options, password),
  ];
}

function passwordNote(options: Options, password: string | undefined): string[] {
  if (password === undefined || isLoopback(options.host)) return [];
  return [
    '',
    `${options.host} is reachable from elsewhere, so Bob's password is a random one, shown this once.`,
  ];
}

function firstDocuments(command: string): string[] {
  return [
    '',
    'The directory is yours to fill; without documents the ports answer 421. Begin with:',
    '',
    `  ${command} documents init --server NAME --host-name HOST --domain DOMAIN`,
  ];
}
