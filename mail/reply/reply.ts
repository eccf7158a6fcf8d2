/**
 * SMTP replies as values (RFC 5321 section 4.2, RFC 3463). The class digit of the enhanced code is computed
 * from the reply code, so a 4xx with 5.x.x cannot be written. Replies have names that contain their number.
 */
export interface Reply {
  readonly code: number;
  /** Enhanced status code with its class digit, e.g. `5.7.1`; absent in greeting, HELO and EHLO replies. */
  readonly enhanced?: string;
  /** One sentence; a line feed separates lines. */
  readonly text: string;
}

/** Makes a reply; `detail` is the enhanced code without its class, e.g. `7.1`. */
export function reply(code: number, detail: string | undefined, text: string): Reply {
  const clean = /^[ -~\n]*$/.test(text) ? text : text.replaceAll(/[^\P{Cc}\n]/gu, ' ');
  if (detail === undefined) return { code, text: clean };
  return { code, enhanced: `${Math.floor(code / 100)}.${detail}`, text: clean };
}

export function isPermanent(answer: Reply): boolean {
  return answer.code >= 500;
}

/** The reply on one line, as the spool keeps it: `550 5.1.1 No such user`. */
export function line(answer: Reply): string {
  return [answer.code, answer.enhanced, answer.text.replaceAll('\n', ' ')].filter(Boolean).join(' ');
}
