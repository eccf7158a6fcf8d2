/**
 * LDAP distinguished names (RFC 4514) as Domino's hierarchical names: `CN=Jane Doe,OU=Sales,O=Acme` is
 * `Jane Doe/Sales/Acme`. Undefined where the text is no distinguished name.
 */

/** Values of the first type of each part, from the entry to the root. */
export function partsOf(dn: string): string[] | undefined {
  const parts: string[] = [];
  for (const part of splitAt(dn, /[,;]/)) {
    const [first = ''] = splitAt(part, /\+/);
    const found = /^\s*(?:[A-Za-z][A-Za-z0-9-]*|\d+(?:\.\d+)*)\s*=(.*)$/s.exec(first);
    const value = found === null ? undefined : valueOf(found[1]!);
    if (value === undefined || value === '') return undefined;
    parts.push(value);
  }
  return parts;
}

export function hierarchicalName(dn: string): string | undefined {
  return partsOf(dn)?.join('/');
}

/** Outside quotes, and not behind a backslash. */
function splitAt(text: string, separator: RegExp): string[] {
  const parts = [''];
  let quoted = false;
  for (let at = 0; at < text.length; at += 1) {
    const letter = text[at]!;
    if (letter === '\\') parts.push(parts.pop()! + letter + (text[(at += 1)] ?? ''));
    else if (separator.test(letter) && !quoted) parts.push('');
    else {
      if (letter === '"') quoted = !quoted;
      parts.push(parts.pop()! + letter);
    }
  }
  return parts;
}

/** Quotes and escapes taken away: `\,` is a comma, `\C3\A9` are octets of UTF-8. */
function valueOf(written: string): string | undefined {
  const trimmed = trimUnescaped(written);
  const text = /^".*"$/s.test(trimmed) ? trimmed.slice(1, -1) : trimmed;
  if (text.startsWith('#')) return undefined;
  const octets: Buffer[] = [];
  for (const [piece] of text.matchAll(/\\[0-9A-Fa-f]{2}|\\.|[^\\]+/gs)) {
    if (/^\\[0-9A-Fa-f]{2}$/.test(piece)) octets.push(Buffer.from(piece.slice(1), 'hex'));
    else octets.push(Buffer.from(piece.startsWith('\\') ? piece.slice(1) : piece));
  }
  return Buffer.concat(octets).toString('utf8');
}

/** A blank at the end stays where a backslash is before it. */
function trimUnescaped(text: string): string {
  const trimmed = text.trim();
  return trimmed.endsWith('\\') && !trimmed.endsWith('\\\\') ? `${trimmed} ` : trimmed;
}
