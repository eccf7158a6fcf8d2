/** Ends of data that are none: by these mail was smuggled (CVE-2023-51764 and its kin). The last is plain content. */
export const falseEnds: readonly (readonly [name: string, octets: string])[] = [
  ['LF.LF', '\n.\n'],
  ['LF.CRLF', '\n.\r\n'],
  ['CRLF.LF', '\r\n.\n'],
  ['CR.CR', '\r.\r'],
  ['CR.CRLF', '\r.\r\n'],
  ['CRLF.CR', '\r\n.\r'],
  ['CRCRLF.CRCRLF', '\r\r\n.\r\r\n'],
  ['CRLF.CRCRLF', '\r\n.\r\r\n'],
  ['CRLF NUL.CRLF', '\r\n\0.\r\n'],
  ['CRLF.NUL CRLF', '\r\n.\0\r\n'],
  ['CRLF.SP CRLF', '\r\n. \r\n'],
];
