/** An error that is told to the person at the terminal as it stands: one sentence, no stack trace, exit code 1. */
export class Refusal extends Error {
  override readonly name = 'Refusal';
}

export const codeOf = (error: unknown): string | undefined =>
  error instanceof Error && 'code' in error && typeof error.code === 'string' ? error.code : undefined;

export const textOf = (error: unknown): string => (error instanceof Error ? error.message : String(error));
