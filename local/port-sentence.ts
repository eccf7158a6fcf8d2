/** Why the listener could not have a port, for the person who started it. */
import type { PortRefused } from './listener-messages.ts';
import type { Ports } from './options.ts';

const variables = { smtp: 'SMTP_PORT', submission: 'SUBMISSION_PORT', smtps: 'SMTPS_PORT' } as const;

export function portSentence({ code, port, address, message }: PortRefused, ports: Ports): string {
  const where = `Port ${port ?? '?'} of ${address ?? 'this machine'}`;
  const variable = variableOf(port, ports);
  if (code === 'EADDRINUSE')
    return `${where} is in use by another program; stop it, or choose another with ${variable}.`;
  if (code === 'EACCES')
    return `${where} may not be opened by this user; choose one above 1023 with ${variable}.`;
  if (code === 'EADDRNOTAVAIL') return `HOST is "${address}", which is not an address of this machine.`;
  return `The listener could not start: ${message}.`;
}

function variableOf(port: number | undefined, ports: Ports): string {
  const [name] = Object.entries(ports).find(([, each]) => each === port) ?? [];
  return variables[(name ?? 'smtp') as keyof Ports];
}
