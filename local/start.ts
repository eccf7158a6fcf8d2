/** Starts the gateway for a person at a terminal: reads the settings, shows the screen, stops on Ctrl-C or SIGTERM. */
import { flushCompileCache } from 'node:module';
import { readOptions } from './options.ts';
import { Refusal, textOf } from './sentence.ts';
import { BrokenState } from './services/broken-state.ts';

process.on('uncaughtException', refuse);
try {
  const options = readOptions(process.env);
  console.log('Postern is starting …');
  const { startGateway } = await import('./gateway.ts');
  const gateway = await startGateway(options, refuse);
  const { startScreen } = await import('./screen.ts');
  const { endpoints, samplePassword } = gateway;
  console.log(
    startScreen({
      options,
      endpoints,
      sample: options.sample,
      ...(samplePassword && { password: samplePassword }),
    }),
  );
  stopOnSignal(() => gateway.stop());
  flushCompileCache();
} catch (error) {
  refuse(error);
}

/** npm passes Ctrl-C on although the terminal did already: a second signal changes nothing. */
function stopOnSignal(stop: () => Promise<void>): void {
  let stopping: Promise<void> | undefined;
  const end = (): void => {
    stopping ??= stop().then(() => process.exit(0), refuse);
  };
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.on(signal, end);
}

function refuse(error: unknown): never {
  console.error(
    error instanceof Refusal || error instanceof BrokenState
      ? error.message
      : `Postern could not go on: ${textOf(error)}`,
  );
  process.exit(1);
}
