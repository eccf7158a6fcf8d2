/** What infra/ gives this function, and what it checks at cold start. */
export const settings = {
  timeoutSeconds: 60,
  memoryMb: 512,
  batchSize: 10,
  maximumConcurrency: 5,
  variables: ['server', 'viewsTable', 'spoolTable', 'bucket', 'routeQueue', 'reportQueue'],
} as const;
