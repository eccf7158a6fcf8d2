import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { dominoDomains, percentDomain } from '../../../mail/directory/domino-domains.ts';
import { isLocalDomain, localDomainOf } from '../../../mail/directory/local-domains.ts';
import { settingsOf } from '../policy/world.ts';

const acme = {
  name: 'Acme',
  primaryDomain: 'Acme.example',
  aliases: ['acme.test', '*.labs.example', 'bücher.example'],
};
const other = {
  name: 'Other',
  primaryDomain: 'other.example',
  aliases: ['acme.example', '*.sub.labs.example'],
};
const withDomains = settingsOf({ domains: [acme, other] });
const without = settingsOf({ domains: [] });

describe('local domains', () => {
  const rows = [
    [withDomains, 'acme.example', true, 'D2: the primary domain'],
    [withDomains, 'acme.test', true, 'D2: an alias'],
    [withDomains, 'xn--bcher-kva.example', true, 'an alias in its own script'],
    [withDomains, 'sub.acme.example', false, 'D2: not what lies below'],
    [withDomains, 'a.b.labs.example', true, 'D3: a wildcard covers every subdomain'],
    [withDomains, 'labs.example', false, 'D3: but not the bare name'],
    [withDomains, 'evillabs.example', false, 'D3: nor a look-alike'],
    [withDomains, 'mail1.acme.example', true, 'D4: the host name stays local'],
    [withDomains, 'example', false, 'not a top-level domain'],
    [without, 'mail1.acme.example', true, 'D1: the host name'],
    [without, 'acme.example', true, 'D1: and its domain'],
    [without, 'example', false, 'D1: but nothing above'],
    [
      settingsOf({ domains: [], server: { hostName: 'acme.example' } }),
      'example',
      false,
      'D1: not even of two labels',
    ],
  ] as const;
  for (const [settings, domain, expected, why] of rows)
    test(`${domain}: ${why}`, () => assert.equal(isLocalDomain(domain, settings), expected));

  test('name the document, and the primary domain of an alias', () => {
    assert.deepEqual(localDomainOf('acme.test', withDomains), {
      primary: 'acme.example',
      because: { document: 'GlobalDomain Acme', field: 'aliases', entry: 'acme.test' },
    });
    assert.equal(
      localDomainOf('acme.example', withDomains)?.primary,
      undefined,
      'a primary domain is nobody’s alias',
    );
    assert.equal(
      localDomainOf('x.sub.labs.example', withDomains)?.primary,
      'other.example',
      'the nearest wildcard',
    );
  });
});

describe('Domino domains', () => {
  const settings = settingsOf({
    domains: [{ ...acme, dominoDomains: ['ACME', 'Akme=acme', 'Vertrieb=SALESDOM'] }],
  });

  test('are those of servers and Global Domains, with their aliases', () => {
    const listed = (entry: string) => ({ document: 'GlobalDomain Acme', field: 'dominoDomains', entry });
    const [ours, sales] = [
      ['acme', 'akme'],
      ['salesdom', 'vertrieb'],
    ];
    const said = { document: 'Server Mail1/Acme', field: 'domain', entry: 'ACME' };
    assert.deepEqual(Object.fromEntries(dominoDomains(settings)), {
      acme: { name: 'ACME', own: true, because: said, words: ours },
      akme: { name: 'acme', own: true, because: listed('Akme=acme'), words: ours },
      salesdom: { name: 'SALESDOM', own: false, because: listed('Vertrieb=SALESDOM'), words: sales },
      vertrieb: { name: 'SALESDOM', own: false, because: listed('Vertrieb=SALESDOM'), words: sales },
    });
  });

  const rows = [
    ['jane', 'none', 'jane'],
    ['jane%ACME', 'own', 'jane'],
    ['jane%akme', 'own', 'jane'],
    ['jane%Vertrieb', 'other', 'jane'],
    ['jane%Sales%ACME', 'own', 'jane%Sales'],
    ['jane%evil.example', 'unknown', 'jane%evil.example'],
  ] as const;
  for (const [text, kind, local] of rows)
    test(`in ${text}: ${kind}`, () => {
      const found = percentDomain(text, settings);
      assert.deepEqual([found.kind, found.local], [kind, local]);
    });
});
