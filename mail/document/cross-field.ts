/** Rules between the fields of one document; they look at what is written, valid or not. */
import type { FormName } from './forms.ts';
import type { Item } from './plain-item.ts';

type Rule = (fields: Item) => string | undefined;

const rules: Partial<Record<FormName, readonly Rule[]>> = {
  Person: [forwardingAddressForOthers],
  ForeignSmtpDomain: [hostOrDomain],
  SmtpConnection: [destination],
};

export function crossFieldProblems(form: FormName, fields: Item): string[] {
  return (rules[form] ?? []).flatMap((rule) => rule(fields) ?? []);
}

function has(fields: Item, field: string): boolean {
  return fields[field] !== undefined && fields[field] !== '';
}

function forwardingAddressForOthers(fields: Item): string | undefined {
  if (fields['mailSystem'] !== 'other-internet-mail' || has(fields, 'forwardingAddress')) return undefined;
  return 'forwardingAddress: is missing; mailSystem other-internet-mail needs the address that mail goes to';
}

function hostOrDomain(fields: Item): string | undefined {
  if (has(fields, 'host') && has(fields, 'domain'))
    return 'host: stands beside domain; write exactly one of host and domain';
  if (has(fields, 'host') || has(fields, 'domain')) return undefined;
  return 'host: is missing, and so is domain; write exactly one of host and domain';
}

function destination(fields: Item): string | undefined {
  if (has(fields, 'destinationServer') || has(fields, 'relayHost')) return undefined;
  return 'destinationServer: is missing, and so is relayHost; write where the connection leads';
}
