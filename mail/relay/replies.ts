/**
 * Replies of another host (RFC 5321 section 4.2), read from bytes in any shape: split anywhere, ended by CRLF or LF,
 * with or without text, with lines that are no reply at all. What cannot be read has code 0, which is temporary.
 */
export interface RemoteReply {
  readonly code: number;
  /** Text after the code, a line each. */
  readonly lines: readonly string[];
}

/** Far more than any real reply; a peer that never ends one does not fill our memory. */
const mostBytes = 64 * 1024;
const longestText = 1024;

export class ReplyReader {
  #rest = '';
  #lines: string[] = [];
  #code = 0;
  #bytes = 0;

  /** The replies that these bytes complete; throws where one grows without end. */
  read(chunk: Uint8Array): RemoteReply[] {
    const text = Buffer.from(chunk.buffer, chunk.byteOffset, chunk.byteLength).toString('latin1');
    const lines = (this.#rest + text).split('\n');
    this.#rest = lines.pop()!;
    this.#bytes += chunk.length;
    const replies: RemoteReply[] = [];
    for (const line of lines) {
      const reply = this.#line(line.endsWith('\r') ? line.slice(0, -1) : line);
      if (reply !== undefined) replies.push(reply);
    }
    if (this.#bytes > mostBytes) throw new Error(`The reply of the other host exceeds ${mostBytes} octets`);
    return replies;
  }

  /** Forgets what has come so far: nothing said in clear counts after TLS has begun (RFC 3207 section 6). */
  reset(): void {
    this.#rest = '';
    this.#begin();
  }

  #line(text: string): RemoteReply | undefined {
    const [, code, separator, rest] = /^(\d{3})(?:([- \t])(.*))?$/.exec(text) ?? [];
    if (code === undefined && text.trim() === '') return undefined;
    const within = this.#lines.length > 0;
    this.#lines.push(readable(code === undefined ? text : (rest ?? '')));
    // A line without a code inside a reply is text of it; alone it is a reply that cannot be read.
    if (code === undefined && within) return undefined;
    // Where the lines differ in code, the last one counts.
    this.#code = Number(code ?? 0);
    if (separator === '-') return undefined;
    const reply = { code: this.#code, lines: this.#lines };
    this.#begin();
    return reply;
  }

  #begin(): void {
    this.#lines = [];
    this.#code = 0;
    this.#bytes = this.#rest.length;
  }
}

/** UTF-8 where it is, else byte for byte; without control characters. */
function readable(latin1: string): string {
  if (/^[ -~]*$/.test(latin1)) return latin1.trim();
  const utf8 = Buffer.from(latin1, 'latin1').toString('utf8');
  const text = utf8.includes('\ufffd') ? latin1 : utf8;
  return text.replaceAll(/\p{Cc}/gu, ' ').trim();
}

const enhancedCode = /^([245]\.\d{1,3}\.\d{1,3})(?:\s+|$)/;

/** The whole reply on one line: `550 5.1.1 No such user; ask postmaster`, an enhanced code that repeats said once. */
export function replyText({ code, lines }: RemoteReply): string {
  const enhanced = enhancedCode.exec(lines[0] ?? '')?.[1];
  const words = lines.map((line) =>
    enhancedCode.exec(line)?.[1] === enhanced ? line.replace(enhancedCode, '') : line,
  );
  const text = [code === 0 ? undefined : code, enhanced, ...words].filter(Boolean).join(' ');
  return clipped(text === '' ? 'an empty reply' : text);
}

function clipped(text: string): string {
  const bytes = Buffer.from(text);
  if (bytes.length <= longestText) return text;
  return `${bytes
    .subarray(0, longestText - 3)
    .toString('utf8')
    .replace(/\ufffd+$/, '')}…`;
}

export function isPositive({ code }: RemoteReply): boolean {
  return code >= 200 && code < 300;
}

export function isPermanent({ code }: RemoteReply): boolean {
  return code >= 500 && code < 600;
}
