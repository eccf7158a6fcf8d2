/**
 * Passes over the lines of message data sixteen octets at a time, in WebAssembly: JavaScript has no vectors, and
 * looking for controls was the most that a large message cost here (docs/measured.md). Stops at the first octet that
 * needs a look: a bare CR or LF, NUL, a line that begins with a dot and is not plainly a stuffed one, or the last
 * octets, which it leaves. Stuffed dots are taken out on the way. What it leaves is for the caller: all, where there is no
 * WebAssembly with vectors.
 */

/** Octets of one pass: sockets are read in chunks of at most so many. */
const widest = 64 * 1024;
/** Octets looked at around the current sixteen: the one after each, and the one after a dot. */
const margin = 17;
const page = 64 * 1024;
/** What is passed is written apart from what is read; a step writes sixteen octets, of which not all may count. */
const outputAt = widest + page;

const octet = { nul: 0x00, lf: 0x0a, cr: 0x0d, dot: 0x2e, firstPlain: 0x0e };

/** Instructions by the names of the WebAssembly specification, section 5.4; loads and stores of any alignment. */
const op = {
  block: [0x02, 0x40],
  loop: [0x03, 0x40],
  if: [0x04, 0x40],
  end: [0x0b],
  br: (depth: number): number[] => [0x0c, depth],
  brIf: (depth: number): number[] => [0x0d, depth],
  get: (local: number): number[] => [0x20, local],
  set: (local: number): number[] => [0x21, local],
  tee: (local: number): number[] => [0x22, local],
  i32: (value: number): number[] => [0x41, ...signed(value)],
  eqz: [0x45],
  eq: [0x46],
  geU: [0x4f],
  ctz: [0x68],
  add: [0x6a],
  and: [0x71],
  load8: (offset: number): number[] => [0x2d, 0, offset],
  load16: (offset: number): number[] => [0x2f, 0, offset],
  vLoad: (offset: number): number[] => [0xfd, 0x00, 0, offset],
  vStore: [0xfd, 0x0b, 0, 0],
  vEq: [0xfd, 0x23],
  vAnd: [0xfd, 0x4e],
  vOr: [0xfd, 0x50],
  vXor: [0xfd, 0x51],
  vBits: [0xfd, 0x64],
} as const;

const local = { at: 0, end: 1, out: 2, bits: 3, here: 4, next: 5 };
const { get, set } = op;

/** Sixteen times: is it this octet? */
function are(vector: number, value: number): number[] {
  return [...get(vector), ...op.i32(value), 0xfd, 0x0f, ...op.vEq];
}

function advance(place: number, by: readonly number[]): number[] {
  return [...get(place), ...by, ...op.add, ...set(place)];
}

/** (at, end, out) → (at, out). Bit n of `bits`: octet n, together with the one after it, needs a look. */
const code = [
  [...op.block, ...op.loop],
  [...get(local.at), ...get(local.end), ...op.geU, ...op.brIf(1)],
  [...get(local.at), ...op.vLoad(0), ...set(local.here)],
  [...get(local.at), ...op.vLoad(1), ...set(local.next)],
  [...get(local.out), ...get(local.here), ...op.vStore],
  [...are(local.here, octet.cr), ...are(local.next, octet.lf), ...op.vXor],
  [...are(local.here, octet.nul), ...op.vOr],
  [...are(local.here, octet.lf), ...are(local.next, octet.dot), ...op.vAnd, ...op.vOr],
  [...op.vBits, ...op.tee(local.bits), ...op.eqz, ...op.if],
  [...advance(local.at, op.i32(16)), ...advance(local.out, op.i32(16)), ...op.br(1), ...op.end],
  [...get(local.bits), ...op.ctz, ...set(local.bits)],
  [...advance(local.at, get(local.bits)), ...advance(local.out, get(local.bits))],
  // A stuffed line: LF, a dot, and no control after it.
  [...get(local.at), ...op.load16(0), ...op.i32((octet.dot << 8) | octet.lf), ...op.eq],
  [...get(local.at), ...op.load8(2), ...op.i32(octet.firstPlain), ...op.geU, ...op.and],
  [...op.eqz, ...op.brIf(1)],
  [...advance(local.at, op.i32(2)), ...advance(local.out, op.i32(1)), ...op.br(0)],
  [...op.end, ...op.end, ...get(local.at), ...get(local.out), ...op.end],
].flat();

const i32Type = 0x7f;
const vectorType = 0x7b;
const sections: readonly (readonly [id: number, content: readonly number[]])[] = [
  [1, [1, 0x60, 3, i32Type, i32Type, i32Type, 2, i32Type, i32Type]],
  [3, [1, 0]],
  [5, [1, 0, (outputAt + widest + page) / page]],
  [7, [2, 1, ...Buffer.from('m'), 2, 0, 1, ...Buffer.from('p'), 0, 0]],
  [10, [1, ...sized([2, 1, i32Type, 2, vectorType, ...code])]],
];
const header = [...Buffer.from('\0asm'), 1, 0, 0, 0];
const binary = [...header, ...sections.flatMap(([id, content]) => [id, ...sized(content)])];

/** As much of it as is used here; Node's types have none. */
interface Assembly {
  readonly Module: new (binary: Uint8Array) => object;
  readonly Instance: new (module: object) => {
    readonly exports: {
      readonly m: { readonly buffer: ArrayBuffer };
      readonly p: (at: number, end: number, out: number) => [at: number, out: number];
    };
  };
}

interface Machine {
  readonly memory: Uint8Array;
  readonly pass: (at: number, end: number, out: number) => [at: number, out: number];
}

/** Undefined where the processor has no vectors, or Node runs without WebAssembly. */
function build(): Machine | undefined {
  try {
    const { Module, Instance } = (globalThis as unknown as { WebAssembly: Assembly }).WebAssembly;
    const { m, p: pass } = new Instance(new Module(Uint8Array.from(binary))).exports;
    return { memory: new Uint8Array(m.buffer), pass };
  } catch {
    return undefined;
  }
}
const machine = build();

export interface Passed {
  /** Up to where the chunk now holds what it held, without the dots. */
  readonly end: number;
  /** Up to where it was looked through. */
  readonly next: number;
}

/** From `from`, which is within a line, or at the CRLF of an empty one, and no LF; so is `next` again. */
export function passLines(chunk: Buffer, from: number): Passed {
  if (machine === undefined) return { end: from, next: from };
  const { memory, pass } = machine;
  const input = from === 0 && chunk.length <= widest ? chunk : chunk.subarray(from, from + widest);
  memory.set(input);
  const [at, outputEnd] = pass(0, Math.max(0, input.length - margin), outputAt);
  const back = lineEndBefore(input, at);
  const next = at - back;
  const length = outputEnd - outputAt - back;
  if (length < next) chunk.set(memory.subarray(outputAt, outputAt + length), from);
  return { end: from + length, next: from + next };
}

/** Octets of the CRLF, or of its half, that was passed last. */
function lineEndBefore(input: Buffer, at: number): number {
  const last = at > 0 ? input[at - 1] : undefined;
  if (last === octet.lf) return 2;
  return last === octet.cr ? 1 : 0;
}

function sized(content: readonly number[]): number[] {
  return [...unsigned(content.length), ...content];
}

/** LEB128, as numbers are written there (section 5.2.2). */
function unsigned(value: number): number[] {
  return value < 0x80 ? [value] : [(value & 0x7f) | 0x80, ...unsigned(value >>> 7)];
}

function signed(value: number): number[] {
  return value < 0x40 ? [value] : [(value & 0x7f) | 0x80, ...signed(value >>> 7)];
}
