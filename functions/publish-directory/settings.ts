/** What infra/ gives this function, and what it checks at cold start. It also runs every 15 minutes as a full pass. */
export const settings = {
  timeoutSeconds: 300,
  memoryMb: 512,
  batchSize: 100,
  variables: ['server', 'directoryTable', 'viewsTable', 'bucket', 'directQueue', 'secretPrefix'],
} as const;
