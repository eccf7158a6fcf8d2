/**
 * Writes docs/documents.md and docs/schema/<Form>.json from the schemas of the forms, and docs/dashboard.svg from the
 * dashboard of the template. Run it (`npm run docs`) after a change of a form or of the dashboard; a test fails while
 * the files are not current.
 */
import { mkdirSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { formNames } from '../mail/document/forms.ts';
import { dashboardPicture } from './dashboard-picture.ts';
import { documentsPage } from './documents-page.ts';
import { schemaOf } from './schemas.ts';

/** Contents by path below docs/. */
export function generatedFiles(): ReadonlyMap<string, string> {
  const schemas = formNames.map(
    (form) => [`schema/${form}.json`, `${JSON.stringify(schemaOf(form), null, 2)}\n`] as const,
  );
  return new Map([['documents.md', documentsPage()] as const, ...schemas]);
}

export function writeGenerated(folder: string): void {
  for (const [path, content] of generatedFiles()) {
    const file = join(folder, path);
    mkdirSync(dirname(file), { recursive: true });
    writeFileSync(file, content);
  }
}

if (import.meta.main) {
  writeGenerated(import.meta.dirname);
  writeFileSync(join(import.meta.dirname, 'dashboard.svg'), await dashboardPicture());
}
