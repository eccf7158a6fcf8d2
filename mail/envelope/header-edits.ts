/**
 * Header edits (DESIGN.md): the stored bytes never change; what a copy gets on its way out is prepended,
 * replaced or dropped. `name` is compared without case, `n` counts from 1 among the fields of that name in the
 * stored header. `field` is a whole field, folded with CRLF, without the last CRLF. `length` is the stored length
 * of the field that is replaced or dropped, its CRLF included, so that sizes are known without reading the body.
 * Prepended fields stand in list order, the last one on top.
 */
import type { HeaderField } from './header.ts';

export type HeaderEdit =
  | { readonly op: 'prepend'; readonly field: string }
  | {
      readonly op: 'replace';
      readonly name: string;
      readonly n: number;
      readonly field: string;
      readonly length: number;
    }
  | { readonly op: 'drop'; readonly name: string; readonly n: number; readonly length: number };

export function drop({ name, n, start, end }: HeaderField): HeaderEdit {
  return { op: 'drop', name, n, length: end - start };
}
