/**
 * Routes of a document that need direct sending (port 25, private addresses), for a deployment without it: a warning
 * that publishing adds, for the mail would wait.
 */
import { queueFor } from '../relay/next-hop.ts';
import type { Configuration, DocumentOf, ForeignSmtpDomain, FormName, SmtpConnection } from './forms.ts';

type Tuning = { readonly mxPort: number };
type Route = { readonly field: string; readonly nextHop: string };

export function directWarnings<F extends FormName>(
  form: F,
  document: DocumentOf[F],
  tuning: Tuning,
): string[] {
  return [
    ...routesOf(form, document)
      .filter(({ nextHop }) => queueFor('smtp', nextHop, tuning) === 'direct')
      .map(({ field, nextHop }) => warning(field, `"${nextHop}" is on port 25 or at a private address`)),
    ...byMx(form, document),
  ];
}

function warning(field: string, reason: string): string {
  return `${field}: ${reason}, which needs direct sending, and that is not deployed; such mail waits. Write ses or a public host with another port, or deploy direct sending`;
}

function routesOf(form: FormName, document: object): Route[] {
  if (form === 'Configuration') return routesOfConfiguration(document as Configuration);
  if (form === 'ForeignSmtpDomain') return route('host', (document as ForeignSmtpDomain).host);
  return form === 'SmtpConnection' ? route('relayHost', (document as SmtpConnection).relayHost) : [];
}

function routesOfConfiguration({ routing }: Configuration): Route[] {
  const relay = routing.smtpOutsideLocalDomain ? route('routing.relayHost', routing.relayHost) : [];
  return [...relay, ...route('routing.localDomainSmartHost', routing.localDomainSmartHost)];
}

function route(field: string, nextHop: string | undefined): Route[] {
  return nextHop === undefined || nextHop === '' ? [] : [{ field, nextHop }];
}

/** Mail exchangers are asked on port 25 alone. */
function byMx(form: FormName, document: object): string[] {
  if (form !== 'Configuration') return [];
  const { routing } = document as Configuration;
  if (!routing.smtpOutsideLocalDomain || routing.relayHost !== '') return [];
  return [warning('routing.relayHost', 'is empty, so that mail for other domains goes to their MX')];
}
