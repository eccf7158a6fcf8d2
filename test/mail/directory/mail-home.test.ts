import assert from 'node:assert/strict';
import { test } from 'node:test';
import { mailFileOf } from '../../../mail/directory/mail-home.ts';
import { validate } from '../../../mail/document/validate.ts';

const rows = [
  [{ mailFile: 'Mail\\JDoe' }, 'mail/jdoe', 'backslash is slash, lower case'],
  [{ internetAddress: 'Jane.Doe@acme.example' }, 'mail/jane.doe', 'the local part of the address'],
  [{ internetAddress: '"a/../b"@acme.example' }, 'mail/a_.._b', 'a local part leads nowhere else'],
  [{}, 'mail/jane_doe', 'without an address the common name'],
] as const;
for (const [fields, expected, why] of rows)
  test(`the mail file of ${JSON.stringify(fields)}: ${why}`, () => {
    const { document } = validate('Person', { form: 'Person', name: 'Jane Doe/Acme', ...fields });
    assert.equal(document && mailFileOf(document), expected);
  });
