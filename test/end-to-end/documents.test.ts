/**
 * Documents written straight to the table, as the AWS CLI writes them, shown by SMTP replies: a good one comes into
 * force while the gateway runs, a bad one never, and says why; what others need stays.
 */
import assert from 'node:assert/strict';
import test from 'node:test';
import { DeleteItemCommand, GetItemCommand, PutItemCommand } from '@aws-sdk/client-dynamodb';
import { marshall, unmarshall } from '@aws-sdk/util-dynamodb';
import { until, type SharedGateway } from '../builders/gateway.ts';
import { sharedGateway } from '../builders/shared-gateway.ts';
import { greeted } from '../listener/client.ts';

interface Document {
  readonly form: string;
  readonly name: string;
  readonly [field: string]: unknown;
}
interface Item {
  readonly publishedAt?: string;
  readonly problems?: string[];
  readonly warnings?: string[];
}

function tableOf({ clients: { dynamodb }, endpoints: { tables } }: SharedGateway) {
  const TableName = tables.directory;
  const read = async ({ form, name }: Document): Promise<Item | undefined> => {
    const Key = marshall({ form, name });
    const { Item } = await dynamodb.send(new GetItemCommand({ TableName, Key, ConsistentRead: true }));
    return Item && unmarshall(Item);
  };
  const write = (document: Document) =>
    dynamodb.send(
      new PutItemCommand({ TableName, Item: marshall(document, { removeUndefinedValues: true }) }),
    );
  return {
    read,
    write,
    remove: ({ form, name }: Document) =>
      dynamodb.send(new DeleteItemCommand({ TableName, Key: marshall({ form, name }) })),
    /** What publishing says of it. */
    async judged(document: Document): Promise<Item> {
      await write(document);
      return until(`${document.form} ${document.name} is judged`, async () => {
        const item = await read(document);
        return (item?.problems ?? item?.publishedAt) ? item : undefined;
      });
    },
  };
}

async function replyTo(gateway: SharedGateway, recipient: string): Promise<string> {
  const client = await greeted(gateway.port('smtp'));
  const [, reply = ''] = await client.askAll('MAIL FROM:<you@there.example>', `RCPT TO:<${recipient}>`);
  client.close();
  return reply;
}

/** In force `POSTERN_REFRESH` after it was published. */
function becomes(gateway: SharedGateway, recipient: string, wanted: RegExp): Promise<string> {
  return until(`${recipient} is answered ${wanted.source}`, async () => {
    const reply = await replyTo(gateway, recipient);
    return wanted.test(reply) ? reply : undefined;
  });
}

const accepted = /^250 /;
const unknown = /^550 5\.1\.1 /;
const refused = /^554 5\.7\.1 /;
const everybody: Document = { form: 'Configuration', name: '*' };
const zoe: Document = {
  form: 'Person',
  name: 'Zoe Late/Acme',
  lastName: 'Late',
  internetAddress: 'zoe@acme.example',
};

test('documents written straight to the table', async (t) => {
  const gateway = await sharedGateway(t);
  const table = tableOf(gateway);

  await t.test('a person is known once published, and unknown once deleted', async () => {
    assert.match(await replyTo(gateway, 'zoe@acme.example'), unknown);
    assert.match((await table.judged(zoe)).publishedAt ?? '', /^\d{4}-\d\d-\d\dT[\d:]{8}\.\d{3}Z$/);
    await becomes(gateway, 'zoe@acme.example', accepted);
    await table.remove(zoe);
    await becomes(gateway, 'zoe@acme.example', unknown);
  });

  await t.test('a Global Domain is in force without a restart', async () => {
    const second: Document = { form: 'GlobalDomain', name: 'Second', primaryDomain: 'second.example' };
    assert.match(await replyTo(gateway, 'alice@second.example'), /^5\d\d 5\.7\.1 /);
    await table.judged(second);
    await becomes(gateway, 'alice@second.example', accepted);
    await table.remove(second);
    await becomes(gateway, 'alice@second.example', /^5\d\d 5\.7\.1 /);
  });

  await t.test('a bad Configuration says what is wrong, and the one in force stays', async () => {
    await table.judged({ ...everybody, inboundRecipients: { deny: ['alice@acme.example'] } });
    await becomes(gateway, 'alice@acme.example', refused);
    const bad = { ...everybody, inboundRelay: { allowHosts: ['[10.0.0.1]', '[192.168.*.0/24]'] } };
    const { problems, publishedAt } = await table.judged(bad);
    assert.deepEqual(problems, [
      'inboundRelay.allowHosts[1]: "[192.168.*.0/24]" mixes a wildcard and a prefix length; write [192.168.0.0/16]',
    ]);
    assert.equal(publishedAt, undefined);
    await settled(table);
    assert.match(await replyTo(gateway, 'alice@acme.example'), refused);
    await table.judged(everybody);
    await becomes(gateway, 'alice@acme.example', accepted);
  });

  await t.test('a Configuration written before its group is valid with the group', async () => {
    const blocked: Document = { form: 'Group', name: 'Blocked', members: ['alice@acme.example'] };
    const naming = { ...everybody, inboundRecipients: { deny: ['Blocked'] } };
    assert.match((await table.judged(naming)).problems?.[0] ?? '', /^inboundRecipients\.deny\[0\]: no group/);
    assert.match(await replyTo(gateway, 'alice@acme.example'), accepted);
    await table.judged(blocked);
    await becomes(gateway, 'alice@acme.example', refused);
    assert.equal((await table.read(naming))?.problems, undefined);

    await table.remove(blocked);
    await settled(table);
    assert.match(await replyTo(gateway, 'alice@acme.example'), refused, 'the list needs its group');
    await table.judged(everybody);
    await becomes(gateway, 'alice@acme.example', accepted);
    assert.match((await table.judged(naming)).problems?.[0] ?? '', /no group/, 'the need has ended');
    await table.judged(everybody);
  });

  await t.test('of two equal addresses the one in force stays; when it goes, the other comes', async () => {
    const other = { ...zoe, name: 'Zora Later/Acme', mailFile: 'mail/zora' };
    await table.judged(zoe);
    assert.deepEqual((await table.judged(other)).problems, [
      'internetAddress: "zoe@acme.example" is the address of Person "Zoe Late/Acme" already; an address belongs to one document',
    ]);
    await becomes(gateway, 'zoe@acme.example', accepted);
    await table.remove(zoe);
    await until('the other is published', async () => (await table.read(other))?.publishedAt);
    const client = await greeted(gateway.port('smtp'));
    await client.askAll('MAIL FROM:<you@there.example>', 'RCPT TO:<zoe@acme.example>');
    assert.match(await client.deliver('Subject: hers now\r\n\r\nHello.\r\n'), accepted);
    client.close();
    assert.equal((await gateway.mail('mail/zora'))[0]?.subject, 'hers now');
  });

  await t.test('an item deleted while it is judged is never made again', async () => {
    const people = Array.from({ length: 20 }, (_, index): Document => ({
      form: 'Person',
      name: `Gone ${index}/Acme`,
      internetAddress: index % 2 === 0 ? `gone${index}@acme.example` : 'no address',
    }));
    await Promise.all(people.map((one) => table.write(one)));
    await Promise.all(people.map((one) => table.remove(one)));
    await settled(table);
    for (const one of people) assert.equal(await table.read(one), undefined, one.name);
    assert.match(await replyTo(gateway, 'gone0@acme.example'), unknown);
  });

  await t.test('what is valid and probably not meant is warned of', async () => {
    const open = {
      ...everybody,
      relayEnforcement: { hosts: 'none' },
      dnsBlacklist: { enabled: true, sites: ['list.example'] },
      routing: { relayHostCredentials: 'relay-login' },
    };
    const { warnings = [], publishedAt } = await table.judged(open);
    assert.ok(publishedAt !== undefined, 'a warning never blocks');
    assert.match(warnings[0] ?? '', /^relayEnforcement\.hosts: none is an open relay/);
    assert.match(warnings[1] ?? '', /^dnsBlacklist\.sites\[0\]: "list\.example" does not answer/);
    assert.match(warnings[2] ?? '', /^routing\.relayHostCredentials: there is no secret named "relay-login"/);
    assert.equal(warnings.length, 3);
    await table.judged(everybody);
  });

  await t.test('problems of a document full of mistakes stay within 2 KB', async () => {
    const members = Array.from({ length: 5_000 }, (_, index) => `[1.2.3.${index + 256}]`);
    const { problems = [] } = await table.judged({ form: 'Group', name: 'Full', members });
    assert.ok(problems.length > 5);
    assert.ok(Buffer.byteLength(JSON.stringify(problems)) <= 2_048);
    assert.match(problems.at(-1) ?? '', /^and \d+ more problems$|more entries have such problems$/);
  });
});

/** Records are read in order: what was written before this document has been judged when it is. */
async function settled(table: ReturnType<typeof tableOf>): Promise<void> {
  const after: Document = { form: 'Group', name: 'Afterwards', members: [] };
  const before = (await table.read(after))?.publishedAt;
  await table.write(after);
  await until('all is judged', async () => {
    const publishedAt = (await table.read(after))?.publishedAt;
    return publishedAt !== undefined && publishedAt !== before ? true : undefined;
  });
}
