/**
 * Promise 5: every decision says why. A `Because` names the document, field and entry that decided;
 * a `Step` is one line of `postern explain`; a `Verdict` is what the listener answers.
 */
import type { Reply } from '../reply/reply.ts';

export interface Because {
  /** Form and name, e.g. `Configuration *` or `Person Alice Example/Acme`. */
  readonly document: string;
  /** The field as documents.md spells it, e.g. `inboundRelay.denyHosts`. */
  readonly field: string;
  /** The entry or value that decided, as the administrator wrote it. */
  readonly entry?: string;
}

export interface Step {
  readonly rule: string;
  readonly outcome: string;
  readonly because?: Because;
}

export type Verdict =
  | { readonly outcome: 'accept'; readonly steps: readonly Step[]; readonly because?: Because }
  | {
      readonly outcome: 'refuse' | 'defer';
      readonly reply: Reply;
      readonly steps: readonly Step[];
      readonly because?: Because;
    };
