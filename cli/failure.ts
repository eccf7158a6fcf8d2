/** Errors that the command explains itself: a sentence, exit code 1; or words that are no command, exit code 2. */
export class Failure extends Error {
  override readonly name = 'Failure';
}

export class Usage extends Error {
  override readonly name = 'Usage';
}
