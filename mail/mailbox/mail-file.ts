/** The name of a mail file: backslash is slash, case does not matter (documents.md, `mailFile`). */
export function canonicalMailFile(text: string): string {
  return text.trim().replaceAll('\\', '/').toLowerCase();
}
