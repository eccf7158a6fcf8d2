/**
 * What infra/ gives this function, and what it checks at cold start. It runs each minute. The memory is for its share of a
 * processor: an item takes 1.2 ms of one, and a million deliveries that wait four hours are 4,200 a minute.
 */
export const settings = {
  timeoutSeconds: 55,
  memoryMb: 1024,
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
