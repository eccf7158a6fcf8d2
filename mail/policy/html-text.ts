/**
 * What a reader sees of HTML, near enough for mail rules: tags and comments gone, entities read. In time with the
 * length whatever the text: no tag is matched across another's beginning.
 */
const named: Readonly<Record<string, string>> = {
  amp: '&',
  lt: '<',
  gt: '>',
  quot: '"',
  apos: "'",
  nbsp: ' ',
  shy: '',
};

export function htmlText(html: string): string {
  return html
    .replaceAll(/<\/?(?:p|div|br|tr|td|th|li|h[1-6]|hr|table)\b[^<>]*>/gi, ' ')
    .replaceAll(/<[^<>]*>/g, '')
    .replaceAll(/&(?:#(\d{1,7})|#x([\da-f]{1,6})|([a-z]{2,5}));/gi, entity);
}

function entity(text: string, decimal?: string, hex?: string, name?: string): string {
  if (name !== undefined) return named[name.toLowerCase()] ?? text;
  const code = decimal === undefined ? Number.parseInt(hex ?? '', 16) : Number(decimal);
  return code > 0 && code <= 0x10_ff_ff ? String.fromCodePoint(code) : text;
}
