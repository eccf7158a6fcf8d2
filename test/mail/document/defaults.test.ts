import assert from 'node:assert/strict';
import { test } from 'node:test';
import { fieldRows } from '../../../mail/document/field-list.ts';
import { formNames } from '../../../mail/document/forms.ts';
import { validate } from '../../../mail/document/validate.ts';

test('a Configuration of its name alone has every default', () => {
  const { document } = validate('Configuration', { name: '*' });
  assert.deepEqual(document, {
    name: '*',
    routing: {
      smtpOutsideLocalDomain: false,
      smtpWithinLocalDomain: 'disabled',
      reachableOverSmtp: 'always',
      addressLookup: 'fullname-then-local-part',
      relayHost: '',
      relayHostAuthentication: 'disabled',
      relayHostCredentials: '',
      relayHostClientCertificate: '',
      forwardingSender: 'keep',
      sesMaximumSize: 10_240,
      privateAddresses: 'refuse',
      localDomainSmartHost: '',
      smartHostForAllLocalRecipients: false,
      hostNameLookup: 'dynamic-then-local',
      maximumMessageSize: 25_600,
      lowPriorityAbove: 0,
      ignorePriority: false,
    },
    inboundRelay: { allowDestinations: [], denyDestinations: ['*'], allowHosts: [], denyHosts: ['*'] },
    relayEnforcement: { hosts: 'external', excludeHosts: [], authenticatedUsers: 'allow' },
    privateWhitelist: { enabled: false, hosts: [] },
    privateBlacklist: { enabled: false, hosts: [], action: 'log', response: '' },
    dnsWhitelist: { enabled: false, sites: [], action: 'skip' },
    dnsBlacklist: { enabled: false, sites: [], action: 'log', response: '' },
    inboundConnections: { verifyHostName: false, allow: [], deny: [] },
    inboundSenders: { verifyDomain: false, allow: [], deny: [] },
    inboundRecipients: { verifyLocal: true, rejectAmbiguous: true, denyGroups: false, allow: [], deny: [] },
    senderAuthentication: { spf: 'tag', dmarc: 'tag', dkim: 'tag', trustedForwarders: [] },
    outboundSenders: { allow: [], deny: [] },
    outboundRecipients: { allow: [], deny: [] },
    delivery: { overQuota: 'deliver', junkUntrusted: false, junkSoftfail: false, junkExceptions: [] },
    transfer: {
      maximumHopCount: 40,
      initialRetryMinutes: 15,
      timeoutHours: 24,
      delayNotificationMinutes: 0,
      lowPriorityHours: '00:00-06:00',
      lowPriorityNotification: 'never',
      concurrentPerHost: 10,
    },
    undeliverable: { hold: false, processDeadMail: false, deadMailAttempts: 12 },
    inboundCommands: {
      size: true,
      pipelining: true,
      eightBitMime: true,
      dsn: true,
      smtpUtf8: true,
      help: true,
      vrfy: false,
      expn: false,
      startTls: 'enabled',
    },
    outboundCommands: {
      tls: 'negotiated',
      fallbackToPlain: false,
      dsn: true,
      pipelining: true,
      size: true,
      eightBitMime: true,
      smtpUtf8: true,
    },
    conversion: { lookupInternetAddress: false, phrase: 'none' },
    dkimSigning: [],
    rules: [],
    failureText: {},
    tracking: { enabled: true, subjects: false, exceptFor: [] },
  });
});

test('the defaults of the other forms', () => {
  assert.deepEqual(validate('Server', { name: 'S/A', hostName: 'm.a.example', domain: 'A' }).document, {
    name: 'S/A',
    hostName: 'm.a.example',
    domain: 'A',
    smtpListener: false,
    smtpRouting: true,
    outboundHostName: 'm.a.example',
    namedNetwork: 'TCPIP Network',
    internetAuthentication: 'fewer-name-variations',
    greeting: '',
    trustedProxies: [],
    proxyProtocol: [],
    ports: { smtp: port(true), submission: port(false), smtps: port(false) },
    allHostsExternal: false,
    relayDenyWins: false,
    verifyAuthenticatedSender: true,
    maximumRecipients: 1000,
    maximumSessionsPerHost: 50,
    errorLimit: 20,
    greetingDelaySeconds: 0,
  });
  assert.deepEqual(validate('GlobalDomain', { name: 'A', primaryDomain: 'a.example' }).document, {
    name: 'A',
    role: 'internet-domains',
    default: false,
    dominoDomains: [],
    primaryDomain: 'a.example',
    aliases: [],
    internetAddressLookup: true,
    addressFormat: 'address-only',
    localPart: 'full-name',
    dominoDomainsIncluded: 'none',
    dominoDomainPosition: 'left',
    dominoDomainSeparator: '%',
  });
  assert.deepEqual(plain(validate('Person', { name: 'J' }).document), {
    name: 'J',
    userNames: [],
    shortNames: [],
    mailSystem: 'notes',
    quotaMB: 0,
    sendAs: [],
  });
  assert.deepEqual(plain(validate('Group', { name: 'G' }).document), {
    name: 'G',
    groupType: 'multi-purpose',
    members: [],
    readers: [],
  });
  assert.deepEqual(plain(validate('MailInDatabase', { name: 'M' }).document), { name: 'M', quotaMB: 0 });
});

test('a part of a map keeps the defaults of the rest', () => {
  const { document } = validate('Server', {
    name: 'S/A',
    hostName: 'm.a.example',
    domain: 'A',
    ports: { smtp: { enabled: false } },
  });
  assert.deepEqual(document?.ports.smtp, { enabled: false, anonymous: true, nameAndPassword: false });
  assert.equal(document?.ports.submission.enabled, true);
});

test('a rule has its defaults', () => {
  const rule = { name: 'r', if: [{ item: 'size', is: 'greater-than', value: 5 }], then: { action: 'drop' } };
  assert.deepEqual(validate('Configuration', { name: '*', rules: [rule] }).document?.rules, [
    {
      ...rule,
      if: [{ item: 'size', is: 'greater-than', value: '5' }],
      match: 'all',
      unless: [],
      stop: false,
    },
  ]);
});

test('every field says what it means and what of Domino it imitates', () => {
  for (const form of formNames)
    for (const { path, description, domino } of fieldRows(form)) {
      assert.ok(description.length > 3, `${form} ${path} has no description`);
      assert.ok(domino.length > 3, `${form} ${path} does not name the Domino field`);
    }
});

function port(anonymous: boolean) {
  return { enabled: true, anonymous, nameAndPassword: !anonymous };
}

/** As JSON has it: what is undefined is absent. */
function plain(document: object | undefined): unknown {
  return JSON.parse(JSON.stringify(document));
}
