/**
 * The forms of table `directory`, gathered: the schema of each and the type of a valid document, where every
 * documented field is present with its default. A text without a default is undefined where it is absent.
 */
import { configurationForm } from './configuration.ts';
import { groupForm, mailInDatabaseForm, personForm } from './directory-forms.ts';
import { foreignSmtpDomainForm, globalDomainForm, smtpConnectionForm } from './domain-forms.ts';
import type { FormName } from './form-names.ts';
import { serverForm } from './server.ts';
import type { Configuration } from './configuration.ts';
import type { Group, MailInDatabase, Person } from './directory-forms.ts';
import type { ForeignSmtpDomain, GlobalDomain, SmtpConnection } from './domain-forms.ts';
import type { Server } from './server.ts';

export { formNames, isForm, type FormName } from './form-names.ts';
export type { Configuration, DkimSigning } from './configuration.ts';
export type { Group, MailInDatabase, Person } from './directory-forms.ts';
export type { ForeignSmtpDomain, GlobalDomain, SmtpConnection } from './domain-forms.ts';
export type { Rule, RuleAction, RuleComparison, RuleCondition, RuleItem } from './rule.ts';
export type { Server } from './server.ts';

export const forms = {
  Server: serverForm,
  Configuration: configurationForm,
  GlobalDomain: globalDomainForm,
  Person: personForm,
  Group: groupForm,
  MailInDatabase: mailInDatabaseForm,
  ForeignSmtpDomain: foreignSmtpDomainForm,
  SmtpConnection: smtpConnectionForm,
} as const satisfies Record<FormName, unknown>;

/** The valid document of each form. */
export type DocumentOf = {
  Server: Server;
  Configuration: Configuration;
  GlobalDomain: GlobalDomain;
  Person: Person;
  Group: Group;
  MailInDatabase: MailInDatabase;
  ForeignSmtpDomain: ForeignSmtpDomain;
  SmtpConnection: SmtpConnection;
};
