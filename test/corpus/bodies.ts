/** Bodies as mail programs make them: text in many charsets, MIME trees, signed and encrypted mail, attachments. */
import type { Random } from './random.ts';

export interface Body {
  /** Fields of MIME, whole, without the last CRLF. */
  readonly fields: readonly string[];
  readonly bytes: Buffer;
}

type Maker = (random: Random, depth: number) => Body;

const latin = 'Sehr geehrte Damen und Herren,\r\n\r\nmit freundlichen Gr\u00fc\u00dfen\r\n';
const polish = Buffer.from('5a61c5bcc3b3c582c487206765c59b6cc4850d0a', 'hex');
const japanese = Buffer.from('1b2442467c4b5c386c1b28420d0a', 'hex');
const koi8 = Buffer.from('f0d2c9d7c5d40d0a', 'hex');

const plain: Maker = (random) => ({
  fields: [`Content-Type: text/plain; charset=${random.pick(['us-ascii', 'utf-8', '"US-ASCII"'])}`],
  bytes: Buffer.from('Hello,\r\n.a line with a dot\r\nFrom a line that is quoted in mbox\r\n\r\nBye\r\n'),
});
const none: Maker = () => ({ fields: [], bytes: Buffer.from('no MIME at all\r\n') });
const empty: Maker = () => ({ fields: ['Content-Type: text/plain'], bytes: Buffer.alloc(0) });
const eightBit: Maker = (random) => {
  const [charset, bytes] = random.pick<readonly [string, Buffer]>([
    ['iso-8859-1', Buffer.from(latin, 'latin1')],
    ['utf-8', Buffer.from(latin)],
    ['windows-1252', Buffer.from('\u0093quoted\u0094 \u0080 100\r\n', 'latin1')],
    ['utf-8', polish],
    ['koi8-r', koi8],
    ['x-unknown', Buffer.from(random.bytes(60).map((byte) => (byte < 32 ? 65 : byte)))],
  ]);
  return {
    fields: [`Content-Type: text/plain; charset=${charset}`, 'Content-Transfer-Encoding: 8bit'],
    bytes,
  };
};
const iso2022: Maker = () => ({
  fields: ['Content-Type: text/plain; charset=ISO-2022-JP', 'Content-Transfer-Encoding: 7bit'],
  bytes: japanese,
});
const quoted: Maker = () => ({
  fields: ['Content-Type: text/html; charset=utf-8', 'Content-Transfer-Encoding: quoted-printable'],
  bytes: Buffer.from('<p>Gr=C3=BC=C3=9Fe=20=\r\nund Dank</p>=0D=0A\r\n'),
});
const flowed: Maker = () => ({
  fields: ['Content-Type: text/plain; format=flowed;\r\n\tcharset=utf-8; delsp=yes'],
  bytes: Buffer.from('> quoted  \r\n> and on\r\n-- \r\nsignature\r\n'),
});
const longLine: Maker = () => ({
  fields: ['Content-Type: text/plain'],
  bytes: Buffer.from(`${'x'.repeat(5000)}\r\n`),
});
const attachment: Maker = (random) => ({
  fields: [
    "Content-Type: application/octet-stream;\r\n name*=utf-8''Gr%C3%BC%C3%9Fe.bin",
    'Content-Transfer-Encoding: base64',
    'Content-Disposition: attachment; filename="=?utf-8?q?Gr=C3=BC=C3=9Fe=2Ebin?="',
  ],
  bytes: Buffer.from(wrapped(random.bytes(300 + random.below(2000)).toString('base64'))),
});
const opaqueSmime: Maker = (random) => ({
  fields: [
    'Content-Type: application/pkcs7-mime; smime-type=enveloped-data; name="smime.p7m"',
    'Content-Transfer-Encoding: base64',
    'Content-Disposition: attachment; filename="smime.p7m"',
  ],
  bytes: Buffer.from(wrapped(`MIAGCSqGSIb3DQEHA6CA${random.bytes(900).toString('base64')}`)),
});

function wrapped(text: string): string {
  return text.replaceAll(/.{1,76}/g, '$&\r\n');
}

function multipart(type: string, parts: readonly Body[], random: Random): Body {
  const boundary = `${random.pick(['----=_Part_', 'b1_', '=-', "'()+_,-./:=?"])}${random.hex(8)}`;
  const open = `--${boundary}\r\n`;
  const chunks = parts.flatMap(({ fields, bytes }) => [
    Buffer.from(`${open}${fields.map((field) => `${field}\r\n`).join('')}\r\n`),
    bytes,
    Buffer.from('\r\n'),
  ]);
  const preamble = random.chance(0.3) ? 'This is a multi-part message in MIME format.\r\n' : '';
  const end = random.chance(0.1) ? '' : `--${boundary}--\r\n`;
  return {
    fields: [`Content-Type: ${type};\r\n\tboundary="${boundary}"`],
    bytes: Buffer.concat([Buffer.from(preamble), ...chunks, Buffer.from(end)]),
  };
}

const alternative: Maker = (random) =>
  multipart('multipart/alternative', [plain(random, 0), quoted(random, 0)], random);
const mixed: Maker = (random, depth) =>
  multipart('multipart/mixed', [bodyOf(random, depth + 1), attachment(random, 0)], random);
const related: Maker = (random, depth) =>
  multipart('multipart/related; type="text/html"', [quoted(random, 0), bodyOf(random, depth + 1)], random);
const signedSmime: Maker = (random, depth) => {
  const signature: Body = {
    fields: [
      'Content-Type: application/pkcs7-signature; name="smime.p7s"',
      'Content-Transfer-Encoding: base64',
    ],
    bytes: Buffer.from(wrapped(random.bytes(700).toString('base64'))),
  };
  const type = 'multipart/signed; protocol="application/pkcs7-signature"; micalg=sha-256';
  return multipart(type, [bodyOf(random, depth + 1), signature], random);
};
const forwarded: Maker = (random) => {
  const inner = Buffer.from('From: jdoe@ACME\r\nSubject: inner\r\n\r\nNot to be converted.\r\n');
  return multipart(
    'multipart/mixed',
    [plain(random, 0), { fields: ['Content-Type: message/rfc822'], bytes: inner }],
    random,
  );
};

const leaves: readonly Maker[] = [
  plain,
  none,
  empty,
  eightBit,
  iso2022,
  quoted,
  flowed,
  longLine,
  attachment,
  opaqueSmime,
];
const trees: readonly Maker[] = [alternative, mixed, related, signedSmime, forwarded];

export function bodyOf(random: Random, depth = 0): Body {
  const makers = depth > 3 ? leaves : [...leaves, ...trees, ...trees];
  return random.pick(makers)(random, depth);
}

/** 30 MB as one attachment; made of one block, so that a test spends its time elsewhere. */
export function largeBody(random: Random): Body {
  const block = Buffer.from(wrapped(random.bytes(57 * 1000).toString('base64')));
  const count = Math.ceil((30 * 1024 * 1024) / block.length);
  return {
    fields: ['Content-Type: application/zip', 'Content-Transfer-Encoding: base64'],
    bytes: Buffer.concat(Array.from({ length: count }, () => block)),
  };
}
