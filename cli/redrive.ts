/** `postern spool redrive`: what a function could not do goes back to its queue, once the cause is mended. */
import { sqs } from '../aws/clients.ts';
import { redrive } from '../aws/dead-letters.ts';
import type { Call, Command } from './command.ts';
import { Failure, Usage } from './failure.ts';
import { word } from './words.ts';

async function run(call: Call) {
  const { queues } = call.gateway;
  const queue = word(call, 0, 'QUEUE');
  const names = Object.keys(queues);
  if (!names.includes(queue)) throw new Usage(`"${queue}" is not a queue; write ${names.join(', ')}.`);
  const to = queues[queue as keyof typeof queues];
  if (to === '') throw new Failure(`The queue ${queue} is not deployed here.`);
  const moved = await redrive({ client: sqs(), from: `${to}-dead`, to });
  const text =
    moved === 0 ? `Nothing lies in ${queue}-dead.` : `${moved} moved from ${queue}-dead to ${queue}.`;
  return { json: { queue, moved }, text };
}

export const redriveCommands: Record<string, Command> = {
  'spool redrive': { takes: 'QUEUE', does: 'moves dead letters back to their queue', run },
};
