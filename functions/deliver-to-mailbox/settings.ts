/** What infra/ gives this function, and what it checks at cold start. */
export const settings = {
  timeoutSeconds: 45,
  memoryMb: 256,
  batchSize: 10,
  maximumConcurrency: 20,
  variables: [
    'server',
    'viewsTable',
    'spoolTable',
    'mailboxesTable',
    'bucket',
    'deliverQueue',
    'reportQueue',
  ],
} as const;
