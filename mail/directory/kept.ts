/**
 * Kept versions: the last valid version of each document, which stays in force whatever becomes of its item. All
 * views (look-ups, owned addresses, settings) are a function of them.
 */
import type { DocumentOf, FormName } from '../document/forms.ts';

/** A document by form and folded name: two spellings of one name are one document. */
export interface DocumentKey {
  readonly form: FormName;
  readonly name: string;
}

/** An item of table `directory`, by its name as it is written there. */
export interface SourceKey {
  readonly form: string;
  readonly name: string;
}

export type Kept<F extends FormName = FormName> = {
  readonly [G in F]: {
    readonly form: G;
    /** Folded. */
    readonly name: string;
    /** Name of the item that this came from. */
    readonly source: string;
    /** Changes with every write of this version; conditions of later writes name it. */
    readonly version: string;
    /** Hash of the item's content, without what the gateway wrote. */
    readonly hash: string;
    readonly publishedAt: string;
    readonly warnings: readonly string[];
    /** What the warnings were made from, whole: an item may have had room for some only. */
    readonly warned?: Warned;
    /** Claims that this version, or one shortly before, let go of: who waits for them is to be looked at. */
    readonly letGo?: readonly string[];
    /**
     * Absent while the first version of a document with many names is half written, and when the document has gone,
     * until all that follows from its going is done.
     */
    readonly document?: DocumentOf[G];
    /** Views that this version has in the table: id → digest of what they say. */
    readonly standing: Readonly<Record<string, string>>;
  };
}[F];

/** Hashes of a settings document's warnings: those of the directory, and those of what lies outside it. */
export interface Warned {
  readonly inside: string;
  readonly outside: string;
}

/** A document that is not in force as it stands in the table: invalid, or deleted while others need it. */
export interface Rejected {
  readonly form: string;
  readonly source: string;
  readonly state: 'invalid' | 'deleted';
  readonly hash: string;
  readonly problems: readonly string[];
  /** What to look at again when it changes: ids of documents and of claims. */
  readonly waitsFor: readonly string[];
}

export function idOf(key: DocumentKey | SourceKey): string {
  return `${key.form}#${key.name}`;
}

/** Forms that settings are compiled from; the others are looked up one by one. */
export const settingsForms = [
  'Server',
  'GlobalDomain',
  'SmtpConnection',
  'ForeignSmtpDomain',
  'Configuration',
] as const;
export type SettingsForm = (typeof settingsForms)[number];

export function isSettingsForm(form: string): form is SettingsForm {
  return (settingsForms as readonly string[]).includes(form);
}
