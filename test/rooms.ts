/**
 * Which room may import what (the one-way street that keeps decisions pure and the one-machine runtime small).
 * `violations` reads sources as text: types count like values, for a room that knows another's types knows it.
 */
import { posix } from 'node:path';

export interface Source {
  readonly path: string;
  readonly text: string;
}

interface Room {
  /** Rooms it may import from beside itself. */
  readonly rooms: readonly string[];
  /** Files of other rooms that it may import although the room is closed to it. */
  readonly files?: RegExp;
  readonly packages?: (name: string) => boolean;
}

const sdk = (name: string): boolean => name.startsWith('@aws-sdk/') || name.startsWith('@smithy/');
const cdk = (name: string): boolean => /^(aws-cdk-lib|constructs|cdk-nag)(\/|$)/.test(name);
const neither = (name: string): boolean => !sdk(name) && !cdk(name);

/** Libraries that compute and do nothing else. */
const pure = new Set([
  'zod',
  'ipaddr.js',
  'nodemailer/lib/qp',
  're2js',
  'node:buffer',
  'node:crypto',
  'node:stream',
  'node:url',
  'node:util',
]);

const everything = ['mail', 'aws', 'listener', 'functions', 'infra', 'local', 'cli'];
const rooms: Record<string, Room> = {
  mail: { rooms: [], packages: (name) => pure.has(name) },
  aws: { rooms: ['mail'], packages: (name) => !cdk(name) },
  listener: { rooms: ['mail', 'aws'], packages: neither },
  functions: { rooms: ['mail', 'aws'], packages: neither },
  cli: { rooms: ['mail', 'aws'], packages: neither },
  infra: {
    rooms: [],
    files: /^(aws\/variables|functions\/[^/]+\/settings|listener\/settings)\.ts$/,
    packages: isInfras,
  },
  local: { rooms: ['mail', 'aws', 'listener', 'functions', 'cli'], packages: (name) => !cdk(name) },
  bench: { rooms: everything },
  docs: { rooms: everything },
  test: { rooms: [...everything, 'bench', 'docs'] },
};

function isInfras(name: string): boolean {
  return cdk(name) || name === 'esbuild' || name.startsWith('node:');
}

/** What a pure room must be handed instead of taking it: the time, the environment, the network. */
const impure: readonly (readonly [RegExp, string])[] = [
  [/\bDate\.now\(|\bnew Date\(\)/, 'the clock'],
  [/\bprocess\./, 'the process'],
  [/\bset(Timeout|Interval|Immediate)\(/, 'a timer'],
  [/\bfetch\(/, 'the network'],
  [/\bconsole\./, 'the console'],
];
const vagueNames = new Set(['utils', 'util', 'common', 'helpers', 'index.ts']);

export function violations(sources: readonly Source[]): string[] {
  return sources.flatMap((source) => [
    ...importsOf(source).flatMap((target) => wrongImport(source.path, target)),
    ...wrongReach(source),
    ...wrongName(source.path),
  ]);
}

/** Statements begin a line (prettier sees to it), so that code quoted in a string is not taken for one. */
const statements = /^(?:import|export)\b\s*(?:[^'"`;=(]*?\bfrom\s*)?['"]([^'"\n]+)['"]/gm;
const calls = /\b(?:import|require)\(\s*['"]([^'"\n]+)['"]\s*\)/g;

/** Every module a source names, in whatever way: import, export from, import(), import type, require(). */
export function importsOf({ text }: Source): string[] {
  const code = withoutComments(text);
  return [...code.matchAll(statements), ...code.matchAll(calls)].map((match) => match[1] ?? '');
}

/** Comments go; `//` inside a string (a URL) is kept because a quote or colon stands before it. */
function withoutComments(text: string): string {
  return text.replace(/\/\*[\s\S]*?\*\//g, '').replace(/(^|[^:'"`\\])\/\/.*$/gm, '$1');
}

const roomOf = (path: string): string => path.split('/')[0] ?? '';

function wrongImport(path: string, target: string): string[] {
  const room = rooms[roomOf(path)];
  if (room === undefined)
    return [`${path} stands in no room; the rooms are ${Object.keys(rooms).join(', ')}.`];
  if (!target.startsWith('.'))
    return (room.packages?.(target) ?? true) ? [] : [`${path} imports ${target}; ${roomOf(path)}/ may not.`];
  const file = posix.join(posix.dirname(path), target);
  const open =
    [roomOf(path), ...room.rooms].includes(roomOf(file)) ||
    !file.includes('/') ||
    room.files?.test(file) === true;
  return open ? [] : [`${path} imports ${file}; ${roomOf(path)}/ may not import from ${roomOf(file)}/.`];
}

function wrongReach({ path, text }: Source): string[] {
  if (roomOf(path) !== 'mail') return [];
  const code = withoutComments(text);
  return impure
    .filter(([pattern]) => pattern.test(code))
    .map(([, what]) => `${path} reaches for ${what}; mail/ is pure.`);
}

function wrongName(path: string): string[] {
  return path
    .split('/')
    .filter((part) => vagueNames.has(part))
    .map((part) => `${path}: "${part}" says nothing; name it after what is in it.`);
}
