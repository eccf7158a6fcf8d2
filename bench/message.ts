/** A message of about so many octets, in lines of 78. */
const header = [
  'From: Load <load@load.bench.invalid>',
  'To: user@bench.invalid',
  'Subject: bench',
  'Message-ID: <one@load.bench.invalid>',
  'Date: Sat, 21 Nov 2026 00:00:00 +0000',
  '',
  '',
].join('\r\n');
const width = 76;

export function messageOf(size: number, line: string = 'X'.repeat(width)): string {
  const whole = `${line}\r\n`;
  return header + whole.repeat(Math.max(1, Math.ceil((size - header.length) / whole.length)));
}
