/** A batch of stream records, published; answered with the records whose documents failed. */
import { idOf, type SourceKey } from '../../mail/directory/kept.ts';
import { publish, type Publisher } from './publish.ts';

export interface StreamRecord {
  readonly dynamodb?: {
    readonly Keys?: Readonly<Record<string, { readonly S?: string }>>;
    readonly SequenceNumber?: string;
  };
}
export interface BatchResponse {
  readonly batchItemFailures: readonly { readonly itemIdentifier: string }[];
}

export async function publishRecords(
  parts: Publisher,
  records: readonly StreamRecord[],
): Promise<BatchResponse> {
  const sources = records.map(sourceOf);
  const failures = await publish(
    parts,
    sources.flatMap((source) => source ?? []),
  );
  const failed = records.filter((_, index) => {
    const source = sources[index];
    return source !== undefined && failures.has(idOf(source));
  });
  return {
    batchItemFailures: failed.map(({ dynamodb: change }) => ({
      itemIdentifier: change?.SequenceNumber ?? '',
    })),
  };
}

function sourceOf({ dynamodb: change }: StreamRecord): SourceKey | undefined {
  const { form, name } = change?.Keys ?? {};
  return form?.S === undefined || name?.S === undefined ? undefined : { form: form.S, name: name.S };
}
