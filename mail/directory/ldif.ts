/**
 * Reads LDIF (RFC 2849): entries of attributes with their values. Folded lines, comments, base64 and attribute
 * options are taken; what cannot be read is told with its line, and the other entries are read all the same.
 */
export interface LdifEntry {
  /** Line of its `dn`. */
  readonly line: number;
  readonly dn: string;
  /** By name in lower case, options (`;lang-en`) taken off; values in file order. */
  readonly attributes: ReadonlyMap<string, readonly string[]>;
  /** Names of attributes with values that are no text. */
  readonly binary: readonly string[];
}

export interface LdifProblem {
  readonly line: number;
  readonly dn: string;
  readonly problem: string;
}

export interface Ldif {
  readonly entries: readonly LdifEntry[];
  readonly problems: readonly LdifProblem[];
}

interface Line {
  readonly number: number;
  readonly text: string;
}

export function parseLdif(text: string): Ldif {
  const entries: LdifEntry[] = [];
  const problems: LdifProblem[] = [];
  for (const lines of blocksOf(unfold(text))) {
    const read = readEntry(lines);
    if (read === undefined) continue;
    if ('problem' in read) problems.push(read);
    else entries.push(read);
  }
  return { entries, problems };
}

/** A line that begins with a space goes on where the one before ended. */
function unfold(text: string): Line[] {
  const lines: { number: number; parts: string[] }[] = [];
  for (const [index, line] of text
    .replace(/^\ufeff/, '')
    .split(/\r?\n/)
    .entries()) {
    const last = lines.at(-1);
    if (line.startsWith(' ') && last !== undefined && last.parts[0] !== '') last.parts.push(line.slice(1));
    else lines.push({ number: index + 1, parts: [line] });
  }
  return lines.map(({ number, parts }) => ({ number, text: parts.join('') }));
}

/** Comments go; empty lines part entries. */
function blocksOf(lines: readonly Line[]): Line[][] {
  const blocks: Line[][] = [[]];
  for (const line of lines) {
    if (line.text.startsWith('#')) continue;
    if (line.text.trim() === '') blocks.push([]);
    else blocks.at(-1)!.push(line);
  }
  return blocks.filter((block) => block.length > 0);
}

type Value = { readonly name: string; readonly text?: string };

function readEntry(lines: readonly Line[]): LdifEntry | LdifProblem | undefined {
  const attributes = new Map<string, string[]>();
  const binary = new Set<string>();
  const [start] = lines;
  const problemAt = (line: Line, problem: string): LdifProblem => ({
    line: line.number,
    dn: attributes.get('dn')?.[0] ?? '',
    problem: `line ${line.number}: ${problem}`,
  });
  for (const line of lines) {
    const read = readLine(line.text);
    if (typeof read === 'string') return problemAt(line, read);
    if (read.text === undefined) binary.add(read.name);
    else attributes.set(read.name, [...(attributes.get(read.name) ?? []), read.text]);
  }
  if (attributes.size === 1 && attributes.has('version')) return undefined;
  const dn = attributes.get('dn')?.[0];
  if (dn === undefined) return problemAt(start!, 'the entry has no dn');
  const change = attributes.get('changetype')?.[0]?.trim().toLowerCase() ?? 'add';
  if (change !== 'add') return problemAt(start!, `changetype ${change} is no entry; only add is read`);
  for (const name of ['dn', 'version', 'changetype']) attributes.delete(name);
  return { line: start!.number, dn, attributes, binary: [...binary] };
}

/** `name: text`, `name:: base64`, `name:< URL`; a sentence where it is none of them. */
function readLine(text: string): Value | string {
  const found = /^([A-Za-z0-9][A-Za-z0-9.-]*)((?:;[^:;]*)*):(:|<)?(.*)$/s.exec(text);
  if (found === null) return `"${text.slice(0, 60)}" is no attribute; write name: value`;
  const [, name = '', , kind, rest = ''] = found;
  const value = rest.replace(/^ +/, '');
  if (kind === '<') return { name: name.toLowerCase() };
  if (kind === undefined) return { name: name.toLowerCase(), text: value };
  if (!/^[A-Za-z0-9+/\s]*={0,2}\s*$/.test(value)) return `the value of ${name} is not base64`;
  const decoded = utf8(Buffer.from(value, 'base64'));
  return { name: name.toLowerCase(), ...(decoded === undefined ? {} : { text: decoded }) };
}

function utf8(bytes: Buffer): string | undefined {
  try {
    return new TextDecoder('utf-8', { fatal: true }).decode(bytes);
  } catch {
    return undefined;
  }
}
