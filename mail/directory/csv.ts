/**
 * Reads CSV (RFC 4180) with a header row: cells in double quotes may hold separators, line ends and doubled quotes.
 * The separator (comma, semicolon, tab) is the one that the header row has most of.
 */
export interface Csv {
  readonly header: readonly string[];
  readonly rows: readonly Row[];
}

export function parseCsv(text: string): Csv {
  const plain = text.replace(/^\ufeff/, '');
  const separator = separatorOf(plain);
  const rows = rowsOf(plain, separator).filter(({ cells }) => cells.some((cell) => cell.trim() !== ''));
  const [header, ...rest] = rows;
  return { header: (header?.cells ?? []).map((cell) => cell.trim()), rows: rest };
}

function separatorOf(text: string): string {
  const header = text.split(/\r?\n/, 1)[0] ?? '';
  const count = (separator: string): number => header.split(separator).length;
  return [',', ';', '\t'].reduce((best, one) => (count(one) > count(best) ? one : best));
}

export interface Row {
  readonly line: number;
  readonly cells: readonly string[];
  /** A quotation mark is never closed: the last cell holds the rest of the text, further rows with it. */
  readonly open?: true;
}

function rowsOf(text: string, separator: string): Row[] {
  const rows: Row[] = [];
  let [line, cells, at, open] = [1, [] as string[], 0, false];
  while (at < text.length) {
    const started = line;
    do {
      const cell = text[at] === '"' ? quotedCell(text, at, separator) : plainCell(text, at, separator);
      cells.push(cell.value);
      open = cell.open === true;
      line += text.slice(at, cell.end).split('\n').length - 1;
      at = cell.end;
    } while (text[at] === separator && (at += 1) <= text.length);
    rows.push({ line: started, cells, ...(open && { open }) });
    cells = [];
    if (text[at] === '\r') at += 1;
    if (text[at] === '\n') at += 1;
    line += 1;
  }
  return rows;
}

interface Cell {
  readonly value: string;
  readonly end: number;
  readonly open?: true;
}

function plainCell(text: string, from: number, separator: string): Cell {
  let end = from;
  while (end < text.length && text[end] !== separator && text[end] !== '\n' && text[end] !== '\r') end += 1;
  return { value: text.slice(from, end), end };
}

/** What stands behind the closing quote belongs to the cell, so that nothing is lost and reading goes on. */
function quotedCell(text: string, from: number, separator: string): Cell {
  let value = '';
  let at = from + 1;
  for (; at < text.length; at += 1) {
    if (text[at] !== '"') value += text[at];
    else if (text[at + 1] === '"') value += text[(at += 1)];
    else break;
  }
  if (at === text.length) return { value, end: at, open: true };
  const end = at + 1;
  const rest = plainCell(text, end, separator);
  return { value: value + rest.value, end: rest.end };
}
