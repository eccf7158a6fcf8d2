/** xtext (RFC 3461 section 4): `+` and two hexadecimal digits stand for an octet. */
export function decodeXtext(text: string): string {
  return text.replaceAll(/\+([0-9A-F]{2})/g, (_, hex: string) =>
    String.fromCharCode(Number.parseInt(hex, 16)),
  );
}
