/** What infra/ gives the listener service, and what it checks at start. */
export const settings = {
  variables: ['server', 'viewsTable', 'spoolTable', 'bucket', 'routeQueue', 'secretPrefix'],
} as const;
