/**
 * One place through which every AWS call of a run passes. The call with the number that a test names goes wrong, in one
 * of the ways in which AWS calls and processes do; the rest of that run and all later ones are well.
 */
import type { Command, MemoryAws } from '../builders/memory-aws.ts';

/**
 * `refused`, `throttled`: no effect, and the caller hears of it. `answer lost`: the effect, and an error. `asked again`: the
 * SDK repeats a call whose answer was lost, and hands over the second answer. `killed before`, `killed after`: the process is
 * gone, before or after the effect.
 */
export const ways = [
  'refused',
  'throttled',
  'answer lost',
  'asked again',
  'killed before',
  'killed after',
] as const;
export type WayToFail = (typeof ways)[number];

/** A call that only reads fails, or its process ends; whether before or after makes no difference. */
export function waysOf({ command }: Called): readonly WayToFail[] {
  return /^(?:Get|Query)/.test(command) ? ['refused', 'killed before'] : ways;
}

export interface Fault {
  /** From 1; every call of every component counts. */
  readonly at: number;
  readonly way: WayToFail;
}

export interface Called {
  readonly component: string;
  readonly command: string;
}

export interface Process {
  readonly component: string;
  alive: boolean;
  /** Resolves when the process is killed. */
  readonly killed: Promise<void>;
  kill(): void;
}

export function process(component: string): Process {
  const { promise, resolve } = Promise.withResolvers<void>();
  return {
    component,
    alive: true,
    killed: promise,
    kill() {
      this.alive = false;
      resolve();
    },
  };
}

export class Faults {
  readonly calls: Called[] = [];
  /** When a call gets its turn; a test may order the calls of several processes. */
  turn: (owner: Process, command: string) => Promise<unknown> = () => Promise.resolve();
  /** Looks at the world after each effect. */
  look: () => void = () => undefined;
  readonly #aws: MemoryAws;
  readonly #fault: Fault | undefined;

  constructor(aws: MemoryAws, fault?: Fault) {
    this.#aws = aws;
    this.#fault = fault;
  }

  /** The call that went wrong. */
  get hit(): Called | undefined {
    return this.calls[(this.#fault?.at ?? 0) - 1];
  }

  /** The call in front of it. */
  get before(): Called | undefined {
    return this.calls[(this.#fault?.at ?? 0) - 2];
  }

  /** A client of any service, as one process has it; calls of a dead process never end. */
  client<C>(owner: Process): C {
    return { send: (command: Command) => this.#send(command, owner) } as C;
  }

  async #send(command: Command, owner: Process): Promise<unknown> {
    await this.turn(owner, command.constructor.name);
    if (!owner.alive) return forever;
    this.calls.push({ component: owner.component, command: command.constructor.name });
    if (this.calls.length === this.#fault?.at) return this.#fail(command, owner, this.#fault.way);
    try {
      return this.#aws.run(command);
    } finally {
      this.look();
    }
  }

  #fail(command: Command, owner: Process, way: WayToFail): unknown {
    if (way === 'throttled') throw awsError('ThrottlingException', 400);
    if (way === 'refused') throw awsError('InternalServerError', 500);
    if (way !== 'killed before') this.#run(command);
    if (way === 'answer lost') throw awsError('TimeoutError', undefined);
    if (way === 'asked again') return this.#again(command);
    owner.kill();
    return forever;
  }

  #run(command: Command): void {
    try {
      this.#aws.run(command);
    } catch {
      // Its answer is lost as well.
    }
  }

  /** A transaction carries a token by which AWS knows it again. */
  #again(command: Command): unknown {
    if (command.constructor.name === 'TransactWriteItemsCommand') return {};
    return this.#aws.run(command);
  }
}

const forever = new Promise<never>(() => undefined);

function awsError(name: string, httpStatusCode: number | undefined): Error {
  return Object.assign(new Error(name), { name, $metadata: { httpStatusCode } });
}
