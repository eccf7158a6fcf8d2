import assert from 'node:assert/strict';
import { test } from 'node:test';
import { formNames, type FormName } from '../../../mail/document/forms.ts';
import { validate } from '../../../mail/document/validate.ts';

/** The least that each form takes. */
const least: Record<FormName, object> = {
  Server: { name: 'Mail1/Acme', hostName: 'mail1.acme.example', domain: 'ACME' },
  Configuration: { name: '*' },
  GlobalDomain: { name: 'Acme', primaryDomain: 'acme.example' },
  Person: { name: 'Jane Doe/Acme' },
  Group: { name: 'Sales' },
  MailInDatabase: { name: 'Support Desk' },
  ForeignSmtpDomain: { name: 'Everywhere', internetDomain: '*.*', host: 'relay.acme.example' },
  SmtpConnection: {
    name: 'Out',
    sourceServer: 'Mail1/Acme',
    destinationDomain: 'OUT',
    relayHost: 'relay.acme.example',
  },
};

function problemsOf(form: string, fields: object): string[] {
  return validate(form, { ...least[form as FormName], ...fields }).problems;
}

test('every form is valid with its required fields alone', () => {
  for (const form of formNames) assert.deepEqual(problemsOf(form, { form }), [], form);
});

const problems: [form: string, fields: object, problems: string[], why: string][] = [
  ['Serwer', {}, ['form: "Serwer" is not a form; did you mean Server?'], 'an unknown form'],
  [
    'Printer',
    {},
    [
      'form: "Printer" is not a form; write Server, Configuration, GlobalDomain, Person, Group, MailInDatabase, ForeignSmtpDomain or SmtpConnection',
    ],
    'an unknown form like no other',
  ],
  ['Group', { name: undefined }, ['name: is missing; it is required'], 'no name'],
  [
    'Group',
    { name: 5 },
    ['name: is not a string; write a name such as Jane Doe/Acme'],
    'a name of another type',
  ],
  [
    'Group',
    { name: 'Jane//Acme' },
    ['name: "Jane//Acme" has an empty part; write a name such as Jane Doe/Acme'],
    'a hole',
  ],
  [
    'Group',
    { name: 'a\nb' },
    ['name: "a\nb" has control characters; write it without'],
    'a control character',
  ],
  [
    'Server',
    { hostName: undefined, domain: '' },
    ['hostName: is missing; it is required', 'domain: is empty; it is required'],
    'required fields',
  ],

  [
    'Configuration',
    { routing: { relayHots: 'x' } },
    ['routing.relayHots: unknown attribute; did you mean routing.relayHost?'],
    'a slip in a map',
  ],
  [
    'Configuration',
    { relayHost: 'x' },
    ['relayHost: unknown attribute; did you mean routing.relayHost?'],
    'the right name in the wrong place',
  ],
  [
    'Configuration',
    { 'routing.relayHost': 'x' },
    ['routing.relayHost: unknown attribute; did you mean the map {"routing": {"relayHost": …}}?'],
    'a path as a name',
  ],
  ['Configuration', { Routing: {} }, ['Routing: unknown attribute; did you mean routing?'], 'letter case'],
  [
    'Configuration',
    { nmae: 'x' },
    ['nmae: unknown attribute; did you mean name?'],
    'the key, not that of a rule',
  ],
  [
    'Configuration',
    { colour: 1 },
    ['colour: unknown attribute; a Configuration document has no such field'],
    'like no other',
  ],
  [
    'Server',
    { ports: { pop: {} } },
    ['ports.pop: unknown attribute; ports has no such field: it has smtp, submission, smtps'],
    'a map with few fields',
  ],
  [
    'Configuration',
    { rules: [{ nam: 'x' }] },
    [
      'rules[0].name: is missing; it is required',
      'rules[0].if: is missing; it is required',
      'rules[0].then: is missing; it is required',
      'rules[0].nam: unknown attribute; did you mean rules[0].name?',
    ],
    'in a list of maps',
  ],
  [
    'Person',
    { ['__proto__x']: 1, constructor: 1 },
    [
      '__proto__x: unknown attribute; a Person document has no such field',
      'constructor: unknown attribute; a Person document has no such field',
    ],
    'names of JavaScript',
  ],

  [
    'Server',
    { smtpListener: 'yes' },
    ['smtpListener: "yes" is a string; write true or false'],
    'a text for a boolean',
  ],
  [
    'Server',
    { maximumRecipients: '5' },
    ['maximumRecipients: "5" is a string; write a number'],
    'a text for a number',
  ],
  ['Server', { greeting: 5 }, ['greeting: 5 is a number; write a string'], 'a number for a text'],
  ['Server', { greeting: null }, ['greeting: is null; write a string'], 'null is not absence'],
  ['Server', { ports: [] }, ['ports: is a list; write a map'], 'a list for a map'],
  [
    'Group',
    { members: 'Jane Doe/Acme' },
    ['members: "Jane Doe/Acme" is a string; write a list'],
    'a text for a list',
  ],
  [
    'Group',
    { members: [5, '*', '**'] },
    [
      'members[0]: 5 is a number; write a string',
      'members[2]: "**" has a wildcard; this list takes names, addresses, groups and entries of lists',
    ],
    'the other entries are looked at all the same',
  ],
  ['Group', { members: [''] }, ['members[0]: is empty; leave the entry out'], 'an empty entry'],
  ['Person', { password: 5 }, ['password: the value is a number; write a string'], 'a secret is not shown'],

  [
    'Configuration',
    { routing: { addressLookup: 'full' } },
    ['routing.addressLookup: "full" is not known; write fullname-then-local-part, fullname or local-part'],
    'an unknown value',
  ],
  [
    'Configuration',
    { dnsWhitelist: { action: 'reject' } },
    ['dnsWhitelist.action: "reject" is not known; write skip, log or tag'],
    'a whitelist does not reject',
  ],
  [
    'Configuration',
    { senderAuthentication: { dkim: 'reject' } },
    ['senderAuthentication.dkim: "reject" is not known; write off or tag'],
    'DKIM alone refuses nothing',
  ],

  [
    'Configuration',
    { transfer: { timeoutHours: 241 } },
    ['transfer.timeoutHours: 241 is too large; write at most 240'],
    'the spool ends first',
  ],
  [
    'Configuration',
    { transfer: { timeoutHours: 0 } },
    ['transfer.timeoutHours: 0 is too small; write more than 0'],
    'no time at all',
  ],
  [
    'Configuration',
    { transfer: { concurrentPerHost: 0 } },
    ['transfer.concurrentPerHost: 0 is too small; write at least 1'],
    'mail would stand still',
  ],
  [
    'Configuration',
    { transfer: { maximumHopCount: 1.5 } },
    ['transfer.maximumHopCount: 1.5 is a fraction; write a whole number'],
    'a count is whole',
  ],
  [
    'Configuration',
    { transfer: { initialRetryMinutes: 0.05, timeoutHours: 0.5 } },
    [],
    'times may be fractions',
  ],
  [
    'Server',
    { greetingDelaySeconds: -1 },
    ['greetingDelaySeconds: -1 is too small; write at least 0'],
    'below nothing',
  ],
  [
    'Configuration',
    { transfer: { lowPriorityHours: '0:00-6' } },
    ['transfer.lowPriorityHours: "0:00-6" is not a time range; write HH:MM-HH:MM, as in 00:00-06:00'],
    'not HH:MM',
  ],
  [
    'Configuration',
    { transfer: { lowPriorityHours: '24:00-06:00' } },
    ['transfer.lowPriorityHours: "24:00-06:00" is not a time range; write HH:MM-HH:MM, as in 00:00-06:00'],
    'no such hour',
  ],
  [
    'Configuration',
    { transfer: { lowPriorityHours: '06:00-06:00' } },
    [
      'transfer.lowPriorityHours: "06:00-06:00" begins and ends at the same time; write a range such as 00:00-06:00',
    ],
    'never or always?',
  ],
  [
    'Configuration',
    { transfer: { lowPriorityHours: '' } },
    ['transfer.lowPriorityHours: is empty; leave it out for 00:00-06:00'],
    'empty',
  ],
  ['Configuration', { transfer: { lowPriorityHours: '22:00-06:00' } }, [], 'past midnight'],

  [
    'Configuration',
    { inboundRelay: { allowHosts: ['a.example', 'Sales', '[192.168.*.0/24]'] } },
    [
      'inboundRelay.allowHosts[2]: "[192.168.*.0/24]" mixes a wildcard and a prefix length; write [192.168.0.0/16]',
    ],
    'an entry with its index',
  ],
  [
    'Configuration',
    { inboundRelay: { allowDestinations: ['*'] } },
    [
      'inboundRelay.allowDestinations[0]: "*" stands for everything, which only relay deny lists take; list what you mean',
    ],
    'an open relay by a star',
  ],
  [
    'Configuration',
    { inboundConnections: { deny: ['*'] } },
    [
      'inboundConnections.deny[0]: "*" stands for everything, which only relay deny lists take; list what you mean',
    ],
    'not a relay list',
  ],
  [
    'Configuration',
    { outboundSenders: { deny: ['acme.example'] } },
    ['outboundSenders.deny[0]: "acme.example" is a domain; this list takes addresses and groups'],
    'addresses and groups only',
  ],
  [
    'Server',
    { trustedProxies: ['proxy.acme.example'] },
    ['trustedProxies[0]: "proxy.acme.example" is a domain; this list takes [addresses]'],
    'IP entries only',
  ],
  [
    'Configuration',
    { dnsBlacklist: { sites: ['zen example'] } },
    ['dnsBlacklist.sites[0]: "zen example" is not an Internet domain; write one such as acme.example'],
    'a site',
  ],

  [
    'Configuration',
    { routing: { relayHost: 'relay.example:99999' } },
    ['routing.relayHost: "99999" in "relay.example:99999" is not a port; write a number from 1 to 65535'],
    'a port',
  ],
  [
    'Configuration',
    { routing: { localDomainSmartHost: 'http://x' } },
    [
      'routing.localDomainSmartHost: "http://x" is not a next hop; write host, host:port, [ip], [ip]:port or ses',
    ],
    'a URL',
  ],
  [
    'Configuration',
    { routing: { relayHost: 'a b' } },
    ['routing.relayHost: "a b" is not a next hop; write host, host:port, [ip], [ip]:port or ses'],
    'no host',
  ],
  [
    'Configuration',
    { routing: { relayHostCredentials: '../x' } },
    [
      'routing.relayHostCredentials: "../x" is not the name of a secret; write letters, digits, "-", "_" and "."',
    ],
    'a path',
  ],
  [
    'Configuration',
    { dkimSigning: [{ domain: 'acme.example', selector: '?', secret: 's' }] },
    ['dkimSigning[0].selector: "?" is not a DKIM selector; write labels of letters, digits and hyphens'],
    'a selector',
  ],
  [
    'Configuration',
    { dkimSigning: [{ domain: 'acme.example' }] },
    [
      'dkimSigning[0].selector: is missing; it is required',
      'dkimSigning[0].secret: is missing; it is required',
    ],
    'all three are needed',
  ],
  [
    'Configuration',
    { privateBlacklist: { response: 'a\r\n250 b' } },
    [
      'privateBlacklist.response: "a\r\n250 b" cannot stand in a reply; write one line of at most 400 ASCII characters',
    ],
    'two lines',
  ],
  [
    'Configuration',
    { failureText: { users: 'x' } },
    ['failureText.users: unknown attribute; did you mean failureText.user?'],
    'a class',
  ],

  [
    'Server',
    { hostName: 'localhost' },
    ['hostName: "localhost" is not a fully qualified host name; write one such as mail1.acme.example'],
    'not qualified',
  ],
  [
    'Server',
    { outboundHostName: 'a_b.example' },
    [
      'outboundHostName: "a_b.example" is not a fully qualified host name; write one such as mail1.acme.example',
    ],
    'an underscore',
  ],
  [
    'Server',
    { domain: 'A@B' },
    ['domain: "A@B" is not a Domino domain; write one such as ACME'],
    'a Domino domain',
  ],
  [
    'GlobalDomain',
    { primaryDomain: 'acme' + '.'.repeat(2) },
    ['primaryDomain: "acme.." is not an Internet domain; write one such as acme.example'],
    'a domain',
  ],
  [
    'GlobalDomain',
    { aliases: ['*acme.example'] },
    [
      'aliases[0]: "*acme.example" is not an Internet domain; write acme.example, or *.acme.example for every subdomain',
    ],
    'an alias',
  ],
  ['GlobalDomain', { aliases: ['*.acme.example'], role: 'r4-smtp-mta' }, [], 'a wildcard alias'],
  [
    'GlobalDomain',
    { dominoDomains: ['A=B=C'] },
    [
      'dominoDomains[0]: "A=B=C" is not a Domino domain; write ACME, or Vertrieb=SALESDOM where SMTP addresses say Vertrieb',
    ],
    'two aliases',
  ],
  [
    'GlobalDomain',
    { dominoDomainSeparator: '@' },
    ['dominoDomainSeparator: "@" cannot stand in an address; write one character such as % or .'],
    'a separator',
  ],

  [
    'Person',
    { internetAddress: 'jane' },
    ['internetAddress: "jane" is not an Internet address; write user@acme.example'],
    'no domain',
  ],
  [
    'Person',
    { mailSystem: 'other-internet-mail' },
    ['forwardingAddress: is missing; mailSystem other-internet-mail needs the address that mail goes to'],
    'mail elsewhere needs an address',
  ],
  [
    'Person',
    { mailFile: 'mail/../../x' },
    ['mailFile: "mail/../../x" is not a mail file; write a path such as mail/jdoe'],
    'out of the folder',
  ],
  [
    'Person',
    { password: 'secret' },
    ['password: is not a password hash; set it with: postern people set-password NAME'],
    'a password in clear is not repeated',
  ],
  [
    'Person',
    { shortNames: ['jd\u0000'] },
    ['shortNames[0]: "jd\u0000" has control characters; write the name without'],
    'a control character',
  ],
  [
    'Group',
    { readers: ['@acme.example'] },
    ['readers[0]: "@acme.example" is not an Internet address; write user@acme.example'],
    'readers are people and groups',
  ],

  [
    'ForeignSmtpDomain',
    { host: undefined },
    ['host: is missing, and so is domain; write exactly one of host and domain'],
    'neither',
  ],
  [
    'ForeignSmtpDomain',
    { domain: 'OUT' },
    ['host: stands beside domain; write exactly one of host and domain'],
    'both',
  ],
  [
    'ForeignSmtpDomain',
    { internetDomain: '*x' },
    [
      'internetDomain: "*x" is not a pattern of domains; write *.* for all, *.company.example for every subdomain, or company.example',
    ],
    'a pattern',
  ],
  [
    'SmtpConnection',
    { relayHost: '' },
    ['destinationServer: is missing, and so is relayHost; write where the connection leads'],
    'leads nowhere',
  ],
];

test('problems name the field and say what would be right', () => {
  for (const [form, fields, expected, why] of problems)
    assert.deepEqual(problemsOf(form, fields), expected, why);
});

const condition = { item: 'subject', is: 'contains', value: 'lottery' };
const numeric = '"contains" compares texts and size is a number; write is, is-not, greater-than or less-than';
const rules: [rule: object, problems: string[], why: string][] = [
  [{}, [], 'as in the documentation'],
  [{ if: [] }, ['if: is empty; write at least one'], 'a rule for every message is no accident'],
  [{ match: 'some' }, ['match: "some" is not known; write all or any'], 'match'],
  [
    { if: [{ ...condition, item: 'subjekt' }] },
    [
      'if[0].item: "subjekt" is not an item of a message; write sender, subject, body, importance, priority, to, cc, recipient, recipient-count, size, attachment-name, attachment-count, internet-domain, blacklist-tag, whitelist-tag or header:<name>',
    ],
    'item',
  ],
  [
    { if: [{ ...condition, is: 'has' }] },
    ['if[0].is: "has" is not known; write contains, is, is-not, matches, greater-than or less-than'],
    'comparison',
  ],
  [
    { if: [{ ...condition, value: true }] },
    ['if[0].value: true is neither a string nor a number; write one of them'],
    'value',
  ],
  [
    { if: [{ ...condition, value: '' }] },
    ['if[0].value: "" is contained in every text; write what to look for'],
    'matches everything',
  ],
  [
    { if: [{ item: 'size', is: 'contains', value: 5 }] },
    [`if[0].is: ${numeric}`],
    'a number contains nothing',
  ],
  [
    { if: [{ item: 'size', is: 'greater-than', value: 'big' }] },
    ['if[0].value: "big" is not a number; write one such as 10'],
    'not a number',
  ],
  [
    { if: [{ item: 'subject', is: 'less-than', value: 5 }] },
    ['if[0].is: "less-than" compares numbers and subject is a text; write is, is-not, contains or matches'],
    'a text is not less',
  ],
  [
    { if: [{ item: 'header:X-Score', is: 'greater-than', value: 5 }] },
    [],
    'a header field may hold a number',
  ],
  [
    { if: [{ item: 'header:X Score', is: 'is', value: 'a' }] },
    ['if[0].item: "X Score" is not the name of a header field; write one such as X-Tag'],
    'a space in a name',
  ],
  [
    { unless: [{ ...condition, is: 'matches', value: '(?=a)' }] },
    [
      'unless[0].value: "(?=a)" is not a regular expression that RE2 takes: invalid or unsupported Perl syntax: `(?=`',
    ],
    'RE2 has no look-ahead',
  ],
  [
    { if: [{ ...condition, is: 'matches', value: '(' }] },
    ['if[0].value: "(" is not a regular expression that RE2 takes: missing closing ): `(`'],
    'unbalanced',
  ],
  [
    { if: [{ ...condition, is: 'matches', value: '(a{1,900}){1,900}' }] },
    ['if[0].value: "(a{1,900}){1,900}" is not a regular expression that RE2 takes: expression too large'],
    'too large for RE2',
  ],
  [
    { if: [{ ...condition, is: 'matches', value: 'a{1,900}' }] },
    [
      'if[0].value: "a{1,900}" repeats too much to be compared with every message; write smaller counts than {1000}',
    ],
    'work per character',
  ],
  [{ if: [{ ...condition, is: 'matches', value: '(a+)+$' }] }, [], 'harmless in RE2'],
  [
    { then: { action: 'mov' } },
    ['then.action: "mov" is not known; write refuse, drop, return, hold, journal, move, tag or priority'],
    'an unknown action',
  ],
  [
    { then: {} },
    ['then.action: is missing; write refuse, drop, return, hold, journal, move, tag or priority'],
    'no action',
  ],
  [{ then: { action: 'journal' } }, ['then.database: is missing; it is required'], 'where to?'],
  [
    { then: { action: 'tag', header: 'X:Y', value: 'a' } },
    ['then.header: "X:Y" is not the name of a header field; write one such as X-Tag'],
    'a header name',
  ],
  [
    { then: { action: 'tag', header: 'X-Y', value: 'a\r\nBcc: x' } },
    [
      'then.value: "a\r\nBcc: x" cannot stand in a header field; write one line of at most 400 ASCII characters',
    ],
    'a second header field',
  ],
  [
    { then: { action: 'priority', value: 'urgent' } },
    ['then.value: "urgent" is not known; write high, normal or low'],
    'a priority',
  ],
  [
    { then: { action: 'drop', database: 'X' } },
    ['then.database: does not go with this action'],
    'of another action',
  ],
];

test('rules', () => {
  const rule = {
    name: 'no lotteries',
    if: [condition],
    then: { action: 'move', database: 'Quarantine' },
    stop: true,
  };
  for (const [change, expected, why] of rules) {
    const found = problemsOf('Configuration', { rules: [{ ...rule, ...change }] });
    assert.deepEqual(
      found,
      expected.map((problem) => `rules[0].${problem}`),
      why,
    );
  }
});

test('string sets are lists, and what the gateway wrote is passed over', () => {
  const { document } = validate('Group', {
    form: 'Group',
    name: 'CN=Sales/O=Acme',
    members: new Set(['Jane Doe/Acme']),
    problems: ['x'],
    warnings: new Set(['y']),
    publishedAt: 5,
  });
  assert.deepEqual(document, {
    name: 'Sales/Acme',
    groupType: 'multi-purpose',
    members: ['Jane Doe/Acme'],
    readers: [],
  });
});

test('names may hold slashes, quotes and any script', () => {
  for (const name of ['a/b/c/d', `O'Neil "Bob"`, '株式会社/東京', 'Größe % (50)', '😀'])
    assert.deepEqual(problemsOf('Person', { name, userNames: [name], lastName: name }), [], name);
});

const files: [fields: object, mailFile: string | undefined, why: string][] = [
  [{}, undefined, 'nothing to make it from'],
  [{ internetAddress: 'Jane.Doe@acme.example' }, 'mail/jane.doe', 'the local part'],
  [{ internetAddress: '"../x"@acme.example' }, 'mail/.._x', 'never out of the folder'],
  [{ internetAddress: '".."@acme.example' }, 'mail/_', 'never the folder above'],
  [{ mailFile: 'Mail\\JDoe.nsf', internetAddress: 'x@acme.example' }, 'mail/jdoe.nsf', 'as Domino writes it'],
];

test('mail files', () => {
  for (const [fields, mailFile, why] of files)
    assert.equal(validate('Person', { name: 'x', ...fields }).document?.mailFile, mailFile, why);
});

const hash = 'scrypt$16384$8$1$c2FsdHNhbHRzYWx0c2E=$aGFzaGhhc2hoYXNoaGFzaA==';
const passwords: [password: string, ok: boolean, why: string][] = [
  [hash, true, 'as people set-password writes it'],
  ['', true, 'none'],
  [`${hash}$x`, false, 'one part too many'],
  ['scrypt$16384$8$1$c2FsdA==', false, 'no hash'],
  ['scrypt', false, 'somebody may choose that'],
];

test('passwords are hashes', () => {
  for (const [password, ok, why] of passwords)
    assert.equal(problemsOf('Person', { password }).length === 0, ok, why);
});

test('the outbound host name is the host name', () => {
  const { document } = validate('Server', { ...least.Server });
  assert.equal(document?.outboundHostName, 'mail1.acme.example');
  const other = validate('Server', { ...least.Server, outboundHostName: 'out.acme.example' });
  assert.equal(other.document?.outboundHostName, 'out.acme.example');
});

test('an international host name goes out as A-labels, any other as it is written', () => {
  const names = { hostName: 'mail1.bücher.example', outboundHostName: 'out.Bücher.example' };
  const { document } = validate('Server', { ...least.Server, ...names });
  const { hostName, outboundHostName } = document!;
  assert.deepEqual(
    [hostName, outboundHostName],
    ['mail1.xn--bcher-kva.example', 'out.xn--bcher-kva.example'],
  );
  const plain = validate('Server', { ...least.Server, hostName: 'Mail1.Acme.example' });
  assert.equal(plain.document?.hostName, 'Mail1.Acme.example');
});

const warnings: [form: FormName, fields: object, warnings: string[], why: string][] = [
  [
    'Server',
    {},
    ['postmaster: nobody is named; mail for postmaster is held until somebody is'],
    'no postmaster',
  ],
  ['Server', { postmaster: 'Jane Doe/Acme' }, [], 'a postmaster'],
  ['Configuration', {}, [], 'closed by default'],
  [
    'Configuration',
    { inboundRelay: { allowHosts: ['[0.0.0.0/0]'] } },
    [
      'inboundRelay.allowHosts: "[0.0.0.0/0]" is an open relay: every host may relay everywhere; write your own networks',
    ],
    'everybody by number',
  ],
  [
    'Configuration',
    { inboundRelay: { allowHosts: ['::/0'] } },
    [
      'inboundRelay.allowHosts: "::/0" is an open relay: every host may relay everywhere; write your own networks',
    ],
    'everybody by IPv6',
  ],
  [
    'Configuration',
    { relayEnforcement: { excludeHosts: ['[10.0.0.0/8]', '[*.*.*.*]'] } },
    [
      'relayEnforcement.excludeHosts: "[*.*.*.*]" is an open relay: every host may relay everywhere; write your own networks',
    ],
    'everybody is exempt',
  ],
  [
    'Configuration',
    { relayEnforcement: { hosts: 'none' } },
    ['relayEnforcement.hosts: none is an open relay: every host may relay everywhere; write external or all'],
    'nobody is concerned',
  ],
  [
    'Configuration',
    { routing: { relayHostAuthentication: 'required' } },
    [
      'routing.relayHostCredentials: is empty, and relayHostAuthentication is required; name the secret that holds the user name and password',
    ],
    'no credentials',
  ],
];

test('warnings do not block', () => {
  for (const [form, fields, expected, why] of warnings) {
    const { document, warnings: found } = validate(form, { ...least[form], ...fields });
    assert.ok(document !== undefined, why);
    assert.deepEqual(found, expected, why);
  }
});
