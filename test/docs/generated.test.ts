import assert from 'node:assert/strict';
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { dashboardPicture } from '../../docs/dashboard-picture.ts';
import { generatedFiles } from '../../docs/generate.ts';
import { schemaOf } from '../../docs/schemas.ts';
import { fieldRows } from '../../mail/document/field-list.ts';
import { formNames } from '../../mail/document/forms.ts';

const docs = join(import.meta.dirname, '..', '..', 'docs');

test('the page and the schemas of the documents are current (npm run docs)', () => {
  for (const [path, content] of generatedFiles())
    assert.equal(readFileSync(join(docs, path), 'utf8'), content, path);
});

test('the picture of the dashboard is that of the template (npm run docs)', async () => {
  assert.equal(readFileSync(join(docs, 'dashboard.svg'), 'utf8'), await dashboardPicture());
});

test('no schema is left of a form that is gone', () => {
  assert.deepEqual(readdirSync(join(docs, 'schema')).sort(), formNames.map((form) => `${form}.json`).sort());
});

test('the map of Domino has every field', () => {
  const map = readFileSync(join(docs, 'domino-map.md'), 'utf8');
  for (const form of formNames) {
    assert.ok(map.includes(`## ${form}`), form);
    for (const { domino, path } of fieldRows(form).filter(({ path: one }) => !one.includes('.')))
      assert.ok(map.includes(`\`${path}\``), `${form} ${path} (${domino})`);
  }
});

test('an editor refuses what the gateway refuses', () => {
  for (const form of formNames) {
    const schema = schemaOf(form);
    assert.equal(schema['additionalProperties'], false, form);
    assert.deepEqual(schema.required?.slice(0, 2), ['form', 'name'], form);
    const required = fieldRows(form).filter((row) => row.required && !row.path.includes('.'));
    assert.deepEqual(
      schema.required?.slice(2),
      required.map(({ path }) => path),
      form,
    );
  }
});

test('our own notes are no keywords of a schema', () => {
  for (const content of generatedFiles().values()) {
    assert.ok(!content.includes('"domino":'));
    assert.ok(!content.includes('"required": true'));
    assert.ok(!content.includes('"place":'));
  }
});
