/** What infra/ gives this function, and what it checks at cold start. It runs each minute. */
export const settings = {
  timeoutSeconds: 55,
  memoryMb: 256,
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
