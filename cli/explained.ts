/** What an explanation is made of, and how the stages of a session become one outcome. */
import type { Because, Step, Verdict } from '../mail/policy/verdict.ts';
import { reply, type Reply } from '../mail/reply/reply.ts';
import type { Route } from './explain-route.ts';

/** Steps about one of the recipients name it. */
export type ExplainedStep = Step & { readonly recipient?: string };

export type Outcome = 'accept' | 'refuse' | 'defer';

export interface ExplainedRecipient {
  readonly address: string;
  readonly outcome: Outcome;
  /** Where a copy goes; empty where it is not accepted. */
  readonly route: string;
  readonly because?: Because;
  readonly reply?: string;
  readonly routes?: readonly Route[];
}

export interface Explained {
  readonly outcome: Outcome;
  readonly code: number;
  readonly text: string;
  readonly steps: readonly ExplainedStep[];
  readonly recipients: readonly ExplainedRecipient[];
}

export interface Judged {
  readonly address: string;
  readonly verdict: Verdict;
  routes: readonly Route[];
}

/** As the client sees it: the code, and the text with its enhanced code before it. */
export function said({ code, enhanced, text }: Reply): { code: number; text: string } {
  return { code, text: enhanced === undefined ? text : `${enhanced} ${text}` };
}

export interface Conclusion {
  readonly steps: readonly ExplainedStep[];
  readonly recipients: readonly Judged[];
  readonly data: Verdict | undefined;
}

/** The message's own outcome: the end of DATA; where nobody was accepted, the first recipient's reply. */
export function conclude({ steps, recipients, data }: Conclusion): Explained {
  const verdict = data ?? recipients[0]!.verdict;
  const answer =
    verdict.outcome === 'accept' ? reply(250, '0.0', 'Message accepted for delivery') : verdict.reply;
  return {
    outcome: verdict.outcome,
    ...said(answer),
    steps,
    recipients: recipients.map((one) => recipientRow(one, data)),
  };
}

function recipientRow({ address, verdict, routes }: Judged, data: Verdict | undefined): ExplainedRecipient {
  const decided =
    verdict.outcome === 'accept' && data !== undefined && data.outcome !== 'accept' ? data : verdict;
  const { outcome } = decided;
  const because = routes[0]?.because ?? decided.because;
  const told =
    decided.outcome === 'accept' ? {} : { reply: `${decided.reply.code} ${said(decided.reply).text}` };
  return {
    address,
    outcome,
    route: routes.map(({ route }) => route).join('; '),
    ...(because && { because }),
    ...told,
    ...(routes.length > 1 ? { routes } : {}),
  };
}
