/**
 * Files of documents: one JSON document, a list of them, or a document on each line; `-` is standard input. What is
 * no JSON is a failure that names file and line; what is JSON but no document is for validation to say.
 */
import { readFileSync } from 'node:fs';
import { Failure, Usage } from './failure.ts';
import { readAllInput } from './input.ts';

export interface Written {
  /** File, and the document's number in it. */
  readonly place: string;
  readonly value: unknown;
}

/** The text of a file, or of standard input; a byte order mark is not part of it. */
export function readText(file: string): string {
  return decode(readBytes(file), nameOf(file)).replace(/^\ufeff/, '');
}

function readBytes(file: string): Buffer {
  try {
    return file === '-' ? readAllInput() : readFileSync(file);
  } catch (error) {
    const { code, message } = error as NodeJS.ErrnoException;
    throw new Failure(code === 'ENOENT' ? `There is no file ${file}.` : `${file} cannot be read: ${message}`);
  }
}

function decode(bytes: Buffer, file: string): string {
  try {
    return new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(bytes);
  } catch {
    throw new Failure(`${file} is not UTF-8; save it as UTF-8 and try again.`);
  }
}

export function nameOf(file: string): string {
  return file === '-' ? 'standard input' : file;
}

export function readDocuments(files: readonly string[]): Written[] {
  if (files.length === 0) throw new Usage('FILE is missing; write - for standard input.');
  return files.flatMap((file) => parseDocuments(readText(file), nameOf(file)));
}

export function parseDocuments(text: string, file: string): Written[] {
  const whole = tryJson(text);
  if ('value' in whole) {
    const list = Array.isArray(whole.value) ? whole.value : [whole.value];
    return list.map((value: unknown, index) => ({ place: `${file}, document ${index + 1}`, value }));
  }
  if (text.trim() === '') throw new Failure(`${file} is empty; write documents as JSON.`);
  return parseLines(text, { file, problem: whole.problem });
}

/** Where not even the first line is JSON by itself, the text was meant as one document or a list. */
function parseLines(text: string, { file, problem }: { file: string; problem: string }): Written[] {
  const lines = text
    .split(/\r?\n/)
    .map((line, index) => ({ line, number: index + 1 }))
    .filter(({ line }) => line.trim() !== '');
  return lines.map(({ line, number }, index) => {
    const found = tryJson(line);
    if ('value' in found) return { place: `${file}, line ${number}`, value: found.value };
    if (index === 0) throw new Failure(`${file} is not JSON: ${problem}.`);
    throw new Failure(`${file}, line ${number}, is not JSON: ${found.problem}.`);
  });
}

function tryJson(text: string): { value: unknown } | { problem: string } {
  try {
    return { value: JSON.parse(text) as unknown };
  } catch (error) {
    return { problem: (error as Error).message.replaceAll(/\s+/g, ' ') };
  }
}
