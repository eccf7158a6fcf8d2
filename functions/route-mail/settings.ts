/** What infra/ gives this function, and what it checks at cold start. */
export const settings = {
  timeoutSeconds: 60,
  memoryMb: 512,
  batchSize: 10,
  maximumConcurrency: 20,
  variables: [
    'server',
    'viewsTable',
    'spoolTable',
    'bucket',
    'routeQueue',
    'deliverQueue',
    'relayQueue',
    'directQueue',
    'reportQueue',
  ],
} as const;
