import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { fieldPaths, fieldRows } from '../../../mail/document/field-list.ts';
import { formNames, type FormName } from '../../../mail/document/forms.ts';
import { validate } from '../../../mail/document/validate.ts';

const form = fc.constantFrom(...formNames);

test('whatever an item holds, the answer is a document or sentences', () => {
  fc.assert(
    fc.property(form, fc.dictionary(fc.string(), fc.anything(), { noNullPrototype: true }), (name, item) => {
      const { document, problems } = validate(name, { ...item, name: 'x' });
      assert.equal(document === undefined, problems.length > 0);
    }),
    { numRuns: 300 },
  );
});

/** One field of a form with any value, in its place. */
const oneField = form.chain((name) =>
  fc.tuple(fc.constant(name), fc.constantFrom(...plainPaths(name)), fc.anything()),
);

function plainPaths(name: FormName): string[] {
  return fieldPaths(name).filter((path) => !path.includes('[]'));
}

test('a problem begins with the field it is about', () => {
  fc.assert(
    fc.property(oneField, ([name, path, value]) => {
      const { problems } = validate(name, { ...valid[name], ...nested(path, value) });
      const known = ['host', 'forwardingAddress', 'destinationServer'];
      for (const problem of problems)
        assert.ok(
          problem.startsWith(path) || known.some((one) => problem.startsWith(one)),
          `${path}: ${problem}`,
        );
    }),
    { numRuns: 2000 },
  );
});

function nested(path: string, value: unknown): Record<string, unknown> {
  const [first = '', ...rest] = path.split('.');
  return { [first]: rest.length === 0 ? value : nested(rest.join('.'), value) };
}

const valid: Record<FormName, Record<string, unknown>> = {
  Server: {
    name: 'CN=Mail1/O=Acme',
    hostName: 'mail1.acme.example',
    domain: 'ACME',
    ports: { smtp: { enabled: false } },
  },
  Configuration: {
    name: '*',
    routing: { relayHost: 'relay.example:587' },
    rules: [{ name: 'r', if: [{ item: 'size', is: 'greater-than', value: 5 }], then: { action: 'drop' } }],
  },
  GlobalDomain: {
    name: 'Acme',
    primaryDomain: 'acme.example',
    role: 'r4-smtp-mta',
    aliases: ['*.acme.example'],
  },
  Person: {
    name: 'CN=Jane/O=Acme',
    internetAddress: 'Jane@acme.example',
    lastName: '',
    mailFile: 'Mail\\Jane.nsf',
  },
  Group: { name: 'Sales', members: new Set(['Jane/Acme']) },
  MailInDatabase: { name: 'Support', internetAddress: 'support@acme.example' },
  ForeignSmtpDomain: { name: 'F', internetDomain: '*.*', host: 'ses', domain: '' },
  SmtpConnection: { name: 'C', sourceServer: 'S', destinationDomain: 'D', relayHost: 'h.example:25' },
};

test('a valid document is valid again, and the same', () => {
  for (const name of formNames) {
    const once = validate(name, valid[name]);
    assert.deepEqual(once.problems, [], name);
    assert.deepEqual(validate(name, { ...once.document }), once, name);
    const stored = JSON.parse(JSON.stringify(once.document)) as Record<string, unknown>;
    assert.deepEqual(JSON.parse(JSON.stringify(validate(name, stored).document)), stored, name);
  }
});

test('a default is itself valid', () => {
  for (const name of formNames)
    for (const { path, fallback } of fieldRows(name))
      if (fallback !== undefined && !path.includes('[]'))
        assert.deepEqual(
          validate(name, { ...valid[name], ...nested(path, JSON.parse(fallback)) }).problems,
          [],
          path,
        );
});
