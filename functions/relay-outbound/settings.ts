/** What infra/ gives this function (one deployment of it reads `relay`, the other `direct`), and what it checks at cold start. */
export const settings = {
  timeoutSeconds: 900,
  memoryMb: 512,
  batchSize: 1,
  maximumConcurrency: 20,
  variables: [
    'server',
    'viewsTable',
    'spoolTable',
    'bucket',
    'relayQueue',
    'directQueue',
    'reportQueue',
    'secretPrefix',
  ],
} as const;
