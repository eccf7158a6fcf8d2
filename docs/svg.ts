/** The few shapes that pictures of the docs are made of. */

/** Pixels of one unit of CloudWatch's grid. */
export const column = 60;
export const row = 38;

export interface Place {
  readonly x: number;
  readonly y: number;
}

export function text(
  words: string,
  {
    x,
    y,
    size,
    weight = 'normal',
    fill = '#16191f',
    anchor = 'start',
  }: Place & {
    size: number;
    weight?: string;
    fill?: string;
    anchor?: 'start' | 'middle' | 'end';
  },
): string {
  const escaped = words.replaceAll('&', '&amp;').replaceAll('<', '&lt;');
  return `<text x="${round(x)}" y="${round(y)}" font-size="${size}" font-weight="${weight}" fill="${fill}" text-anchor="${anchor}">${escaped}</text>`;
}

export function box(
  { x, y, width, height }: Place & { width: number; height: number },
  fill: string,
): string {
  return `<rect x="${round(x)}" y="${round(y)}" width="${round(width)}" height="${round(height)}" fill="${fill}" stroke="#d5dbdb" rx="3"/>`;
}

type Point = readonly [x: number, y: number];

export function line([x1, y1]: Point, [x2, y2]: Point, stroke: string): string {
  return `<line x1="${round(x1)}" y1="${round(y1)}" x2="${round(x2)}" y2="${round(y2)}" stroke="${stroke}"/>`;
}

export function curve(points: readonly Point[], stroke: string): string {
  const all = points.map(([x, y]) => `${round(x)},${round(y)}`).join(' ');
  return `<polyline points="${all}" fill="none" stroke="${stroke}" stroke-width="1.8"/>`;
}

const round = (value: number): number => Math.round(value * 10) / 10;
