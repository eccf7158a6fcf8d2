/** The published settings that a command looks at: those of the server that this gateway runs. */
import { dynamodb, s3 } from '../aws/clients.ts';
import { settingsStore } from '../aws/settings-store.ts';
import { awsViews } from '../aws/views.ts';
import type { Settings } from '../mail/directory/settings.ts';
import type { Call } from './command.ts';
import { Failure, Usage } from './failure.ts';
import type { Gateway } from './gateway.ts';
import { option } from './words.ts';

/** `--server`, else the one that runs here, else `$POSTERN_SERVER`, else the only one that has settings. */
export async function publishedSettings(call: Call): Promise<Settings> {
  const { tables, bucket } = call.gateway;
  const store = settingsStore({ client: dynamodb(), table: tables.views, s3: s3(), bucket });
  const names = await serverNames(call);
  const pointers = (await Promise.all(names.map((name) => store.pointer(name)))).filter(
    (pointer) => pointer !== undefined,
  );
  const [only, ...others] = pointers;
  if (only === undefined)
    throw new Failure(
      `No settings are published${names.length === 1 ? ` for server ${names[0]}` : ''}, so the listener answers 421. Write Server and Configuration documents, and look at "postern documents list".`,
    );
  if (others.length > 0)
    throw new Usage(`There are settings of several servers; write --server with one of ${names.join(', ')}.`);
  return store.read(only);
}

async function serverNames(call: Call): Promise<string[]> {
  const named = option(call, 'server') ?? call.gateway.server ?? process.env['POSTERN_SERVER'];
  if (named) return [named];
  const kept = await awsViews(viewsOf(call.gateway)).keptOfForm('Server');
  return kept.flatMap(({ document }) => document?.name ?? []);
}

export function viewsOf({ tables }: Gateway) {
  return { client: dynamodb(), table: tables.views };
}
