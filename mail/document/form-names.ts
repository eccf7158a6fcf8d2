/**
 * The names of the forms of table `directory`, apart from their schemas (forms.ts): who only reads valid documents
 * needs no validation, whose libraries are a good part of a function's start.
 */
export const formNames = [
  'Server',
  'Configuration',
  'GlobalDomain',
  'Person',
  'Group',
  'MailInDatabase',
  'ForeignSmtpDomain',
  'SmtpConnection',
] as const;

export type FormName = (typeof formNames)[number];

export function isForm(text: unknown): text is FormName {
  return (formNames as readonly unknown[]).includes(text);
}
