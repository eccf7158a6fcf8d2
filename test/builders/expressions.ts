/** The expressions of DynamoDB that our writes use, over plain objects: conditions, updates, key conditions. */
type Plain = Readonly<Record<string, unknown>>;

export interface Placeholders {
  readonly names: Readonly<Record<string, string>>;
  readonly values: Plain;
}

type Test = (item: Plain) => boolean;

const tokens = /[A-Za-z_]\w*|#\w+|:\w+|<>|<=|>=|[=<>(),+-]/g;

export function conditionOf(text: string | undefined, placeholders: Placeholders): Test {
  if (text === undefined) return () => true;
  const parser = new Parser(text, placeholders);
  const test = parser.either();
  parser.end();
  return test;
}

/** What an update makes of an item. */
export function updated(text: string, placeholders: Placeholders, item: Plain): Record<string, unknown> {
  const next: Record<string, unknown> = { ...item };
  for (const [, verb, list] of text.matchAll(/(SET|REMOVE|ADD)\s(.*?)(?=\s(?:SET|REMOVE|ADD)\s|$)/g))
    for (const one of (list ?? '').split(',').map((part) => part.trim()))
      change(next, { verb: verb ?? '', one, item, placeholders });
  return next;
}

function change(
  next: Record<string, unknown>,
  { verb, one, item, placeholders }: { verb: string; one: string; item: Plain; placeholders: Placeholders },
): void {
  const [target = '', rest = ''] = verb === 'SET' ? one.split(/\s*=\s*/) : one.split(/\s+/);
  const name = nameOf(target, placeholders);
  if (verb === 'REMOVE') return void delete next[name];
  if (verb === 'ADD')
    return void (next[name] = Number(item[name] ?? 0) + Number(operand(rest, item, placeholders)));
  const [left = '', right] = rest.split(/\s*\+\s*/);
  const value = operand(left, item, placeholders);
  if (right === undefined) return void (next[name] = value);
  if (typeof value !== 'number') throw new Error(`ValidationException: ${left} is no number in ${one}`);
  next[name] = value + Number(operand(right, item, placeholders));
}

function nameOf(token: string, { names }: Placeholders): string {
  return token.startsWith('#') ? (names[token] ?? token) : token;
}

function operand(token: string, item: Plain, placeholders: Placeholders): unknown {
  if (!token.startsWith(':')) return item[nameOf(token, placeholders)];
  if (!(token in placeholders.values)) throw new Error(`ValidationException: ${token} has no value`);
  return placeholders.values[token];
}

class Parser {
  readonly #tokens: string[];
  readonly #placeholders: Placeholders;
  #at = 0;

  constructor(text: string, placeholders: Placeholders) {
    this.#tokens = text.match(tokens) ?? [];
    this.#placeholders = placeholders;
  }

  either(): Test {
    const tests = [this.both()];
    while (this.#taken('OR')) tests.push(this.both());
    return (item) => tests.some((test) => test(item));
  }

  both(): Test {
    const tests = [this.one()];
    while (this.#taken('AND')) tests.push(this.one());
    return (item) => tests.every((test) => test(item));
  }

  one(): Test {
    if (this.#taken('(')) {
      const test = this.either();
      this.#take(')');
      return test;
    }
    const token = this.#next();
    if (['attribute_exists', 'attribute_not_exists', 'begins_with'].includes(token)) return this.#call(token);
    return this.#comparison(token);
  }

  end(): void {
    if (this.#at < this.#tokens.length) throw new Error(`ValidationException: ${this.#tokens.join(' ')}`);
  }

  #call(name: string): Test {
    this.#take('(');
    const left = this.#next();
    const prefix = this.#taken(',') ? this.#next() : '';
    this.#take(')');
    const value = (token: string, item: Plain) => operand(token, item, this.#placeholders);
    if (name === 'begins_with')
      return (item) => String(value(left, item)).startsWith(String(value(prefix, item)));
    return (item) => (value(left, item) !== undefined) === (name === 'attribute_exists');
  }

  #comparison(left: string): Test {
    const operator = this.#next();
    const rights = operator === 'IN' ? this.#list() : [this.#next()];
    return (item) => {
      const a = operand(left, item, this.#placeholders);
      return rights.some((right) => holds(operator, a, operand(right, item, this.#placeholders)));
    };
  }

  #list(): string[] {
    this.#take('(');
    const found = [this.#next()];
    while (this.#taken(',')) found.push(this.#next());
    this.#take(')');
    return found;
  }

  #taken(token: string): boolean {
    if (this.#tokens[this.#at] !== token) return false;
    this.#at += 1;
    return true;
  }

  #take(token: string): void {
    if (!this.#taken(token)) throw new Error(`ValidationException: no ${token} in ${this.#tokens.join(' ')}`);
  }

  #next(): string {
    this.#at += 1;
    return this.#tokens[this.#at - 1] ?? '';
  }
}

/** A missing attribute compares with nothing. */
function holds(operator: string, a: unknown, b: unknown): boolean {
  if (operator === '=' || operator === 'IN') return a !== undefined && a === b;
  if (operator === '<>') return a !== b;
  if (typeof a !== typeof b || a === undefined) return false;
  const [left, right] = [a as string, b as string];
  if (operator === '<') return left < right;
  if (operator === '<=') return left <= right;
  if (operator === '>') return left > right;
  if (operator === '>=') return left >= right;
  throw new Error(`ValidationException: ${operator}`);
}
