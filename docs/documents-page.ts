/** The page docs/documents.md, made from the schemas: what it says of a field is what the gateway checks. */
import { fieldRows, type FieldRow } from '../mail/document/field-list.ts';
import { forms, formNames, type FormName } from '../mail/document/forms.ts';
import { places } from '../mail/document/list-entry.ts';

const introduction = `# Documents

This page is generated from the schemas in \`mail/document/\` (\`npm run docs\`). Do not edit it.

The gateway is run by documents in the DynamoDB table \`<stack>-directory\`. The partition key \`form\` says what kind of
document an item is, the sort key \`name\` which one. Write them with the console, the AWS CLI, an SDK or
\`postern documents\`. [domino-map.md](domino-map.md) says where Domino has the same field, and where we differ.

* A dot is nesting: \`routing.relayHost\` is \`{"routing": {"relayHost": "…"}}\`. A field that is not written has its default.
* Lists are lists of strings; a string set does as well. Numbers that are times may be fractions.
* A misspelt attribute is a problem, with the name that was probably meant.
* Names are hierarchical: \`Jane Doe/Acme\` and \`CN=Jane Doe/O=Acme\` are the same, and letter case does not matter.

A JSON Schema of each form, for editors, is in [schema/](schema/).

## How a document takes effect

Within seconds of a write the gateway answers in the item itself:

* \`publishedAt\`: the document is valid and in force. Every write of a valid document gets a new time.
* \`problems\`: it is not in force as it stands; the last valid version is. Each sentence names the field and what would be right.
* \`warnings\`: valid, and perhaps not meant. They stop nothing: an open relay, a postmaster that nobody is, a route that needs
  direct sending where that is not deployed, a member of a listed group that is nobody's name, a DNS list that does not answer for
  its test entry, a secret that nobody has made. DNS and secrets are asked with every write of the document, and
  every 15 minutes.

Documents may be written in any order: one that names another waits, with the problem, until the other is published. Of two
documents with one Internet address, or two default Global Domains, the one in force stays; when it goes, the other takes
its place. A deletion that others need (a group that a list names, the last Configuration) does not take effect until they
need it no more: \`postern documents list\` shows it as "deleted, still in force", with the reason.
`;

const entries = `## Entries of lists

| entry | in lists of | matches |
| --- | --- | --- |
| \`*\` | relay deny entries | everything |
| \`xyz.com\` | domains | the domain and what lies below it, never \`evilxyz.com\` |
| \`@xyz.com\` | domains | that domain alone |
| \`user@xyz.com\` | senders, recipients | that address, in any case |
| \`%Sales\` | relay destinations | recipients \`local%Sales@\` a local domain that leave the local Domino domain; a name and its aliases in \`dominoDomains\` are one |
| \`mx.abc.com\` | hosts | the confirmed host name of the peer, equal or below |
| \`.abc.com\` | hosts | only below |
| \`[1.2.3.4]\` \`[1.2.3.*]\` \`[1.2.3.5-15]\` \`[1.2.3.0/27]\` \`[2001:db8::/32]\` | hosts | the address of the peer; brackets may be left out |
| the name of a group | any | its members, groups within opened; a person is their Internet address |

Anything else is a problem that says what to write.
`;

const nextHops = `## Next hops

\`relayHost\`, \`localDomainSmartHost\` and \`host\` say where mail goes next:

| written | means |
| --- | --- |
| \`relay.acme.example\` | the MX of that name, then its address |
| \`relay.acme.example:587\` | its address, this port |
| \`[192.0.2.1]\`, \`192.0.2.1\`, \`[2001:db8::1]:2525\` | this address |
| \`ses\` | Amazon SES |

On port 465 the session begins with TLS.
`;

const rules = `## Mail rules

A rule has conditions (\`if\`), of which all or any must hold (\`match\`), exceptions (\`unless\`) and one action (\`then\`):

\`\`\`json
{
  "name": "no lotteries",
  "if": [{ "item": "subject", "is": "contains", "value": "lottery" }],
  "unless": [{ "item": "sender", "is": "is", "value": "treasurer@acme.example" }],
  "then": { "action": "move", "database": "Quarantine" },
  "stop": true
}
\`\`\`

Rules run once, at the end of DATA, from the first to the last, and not for reports. A rule that refuses, drops, returns, holds
or moves the message ends the run; so does one with \`stop\`. Letter case does not count. \`size\` is in bytes,
\`sender\` looks at MAIL FROM and From, \`recipient\` at every RCPT. \`journal\` copies to a mail-in database, \`move\`
delivers there and nowhere else, \`tag\` adds a header field. Expressions of \`matches\` are RE2: without look-around and
back-references, and bounded in size.
`;

export function documentsPage(): string {
  const parts = formNames.map(formSection);
  return [introduction, entries, nextHops, rules, ...parts].join('\n');
}

function formSection(form: FormName): string {
  const rows = fieldRows(form);
  const top = rows.filter(({ path, type }) => isTop(path) && !isMap(type));
  const maps = rows.filter(({ path, type }) => isTop(path) && isMap(type));
  const description = forms[form].meta()?.description ?? '';
  const first = top.length === 0 ? [] : [table(top)];
  return (
    [`## ${form}`, description, ...first, ...maps.map((map) => mapSection(map, rows))].join('\n\n') + '\n'
  );
}

function isTop(path: string): boolean {
  return !path.includes('.');
}

function isMap(type: string): boolean {
  return type === 'map' || type === 'list of maps';
}

function mapSection(map: FieldRow, rows: readonly FieldRow[]): string {
  const fields = rows.filter(({ path, type }) => isWithin(path, map.path) && type !== 'map');
  const kind = map.type === 'map' ? '' : ' (a list of maps)';
  return `### ${map.path}${kind}\n\n${map.description}\n\n${table(fields)}`;
}

function isWithin(path: string, map: string): boolean {
  return path.startsWith(`${map}.`) || path.startsWith(`${map}[].`);
}

function table(rows: readonly FieldRow[]): string {
  const head = ['| field | type | default | meaning | Domino |', '| --- | --- | --- | --- | --- |'];
  return [...head, ...rows.map(line)].join('\n');
}

function line(row: FieldRow): string {
  const cells = [`\`${row.path}\``, typeCell(row), defaultCell(row), row.description, dominoCell(row)];
  return `| ${cells.map((cell) => cell.replaceAll('|', '\\|')).join(' | ')} |`;
}

function typeCell({ type, place }: FieldRow): string {
  return place === undefined ? type : `list of ${places[place].takes.replaceAll('*', '`*`')}`;
}

function defaultCell({ fallback, required }: FieldRow): string {
  if (required) return '*required*';
  return fallback === undefined ? '' : `\`${fallback}\``;
}

function dominoCell({ domino }: FieldRow): string {
  return domino === 'none' ? 'has none' : domino;
}
