/** One graph of the dashboard: a grid, a line for each metric that has figures, and the legend of all. */
import type { Figures } from './figures.ts';
import { curve, line, text } from './svg.ts';

const colours = ['#1f77b4', '#2ca02c', '#d62728', '#9467bd', '#ff7f0e', '#17becf', '#8c564b', '#7f7f7f'];
const legendSize = 11;
const legendLine = 15;

/** Namespace, name, then dimensions and their values, options last. */
export type Metric = readonly [
  namespace: string,
  name: string,
  dimension: string,
  owner: string,
  ...(string | object)[],
];
interface Size {
  readonly width: number;
  readonly height: number;
}
interface Drawn {
  readonly label: string;
  readonly colour: string;
  readonly values: readonly (number | null)[] | undefined;
}

export function graph(metrics: readonly Metric[], figures: Figures, size: Size): string {
  const labels = labelsOf(metrics);
  const drawn = metrics.map((metric, n) => ({
    label: labels[n] ?? '',
    colour: colours[n % colours.length] ?? '',
    values: figures.series[`${metric[1]} ${metric[3]}`],
  }));
  const rows = legendRows(drawn, size.width);
  const legendTop = size.height - rows.length * legendLine;
  const legend = rows.map((items, n) => legendRow(items, legendTop + n * legendLine + 2)).join('\n');
  const area = { left: 46, right: size.width - 22, top: 34, bottom: legendTop - 30 };
  const ours = metrics.some(([namespace]) => !namespace.startsWith('AWS/'));
  return `${plot(drawn, figures, { ...area, ours })}\n${legend}`;
}

/** What tells the metrics apart: their names, or else whose they are. */
function labelsOf(metrics: readonly Metric[]): string[] {
  const nameOf = ([, name]: Metric): string => name;
  const ownerOf = (metric: Metric): string =>
    metric.findLast((part) => typeof part === 'string')?.replace(/^postern-/, '') ?? '';
  const oneName = new Set(metrics.map(nameOf)).size === 1;
  const oneOwner = new Set(metrics.map(ownerOf)).size === 1;
  return metrics.map((metric) =>
    oneOwner ? nameOf(metric) : oneName ? ownerOf(metric) : `${nameOf(metric)} ${ownerOf(metric)}`,
  );
}

interface Area {
  readonly left: number;
  readonly right: number;
  readonly top: number;
  readonly bottom: number;
}

function plot(
  drawn: readonly Drawn[],
  { step }: Figures,
  { ours, ...area }: Area & { ours: boolean },
): string {
  const known = drawn.flatMap(({ values = [] }) => values.filter((value) => value !== null));
  const top = roundUp(Math.max(1, ...known));
  const { left, right, bottom } = area;
  const y = (value: number): number => bottom - (value / top) * (bottom - area.top);
  const grid = [0, top / 2, top].map(
    (value) =>
      line([left, y(value)], [right, y(value)], '#e9ebed') +
      text(String(value), { x: left - 6, y: y(value) + 4, size: 10, fill: '#687078', anchor: 'end' }),
  );
  if (known.length === 0) {
    const words = ours ? 'none of these happened' : 'AWS keeps these; one machine has none';
    const place = { x: (left + right) / 2, y: (area.top + bottom) / 2, size: 12, fill: '#687078' };
    return [...grid, text(words, { ...place, anchor: 'middle' })].join('\n');
  }
  const count = Math.max(...drawn.map(({ values = [] }) => values.length));
  const x = (n: number): number => left + (n / (count - 1)) * (right - left);
  const times = [0, Math.floor((count - 1) / 2), count - 1].map((n) =>
    text(`${n * step} s`, { x: x(n), y: bottom + 16, size: 10, fill: '#687078', anchor: 'middle' }),
  );
  const points = (values: readonly (number | null)[]) =>
    values.flatMap((value, n) => (value === null ? [] : [[x(n), y(value)] as const]));
  const lines = drawn.flatMap(({ values, colour }) => (values ? [curve(points(values), colour)] : []));
  return [...grid, ...times, ...lines].join('\n');
}

/** The next of 1, 2, 4, 5, 10, 20, … */
function roundUp(value: number): number {
  const power = 10 ** Math.floor(Math.log10(value));
  return ([1, 2, 4, 5, 10].find((factor) => factor * power >= value) ?? 10) * power;
}

const widthOf = ({ label }: Drawn): number => label.length * 5.9 + 24;

function legendRows(drawn: readonly Drawn[], width: number): Drawn[][] {
  const rows: Drawn[][] = [[]];
  let used = 12;
  for (const one of drawn) {
    if (used + widthOf(one) > width && rows.at(-1)?.length !== 0) {
      rows.push([]);
      used = 12;
    }
    rows.at(-1)?.push(one);
    used += widthOf(one);
  }
  return rows;
}

function legendRow(items: readonly Drawn[], y: number): string {
  let x = 12;
  return items
    .map((one) => {
      const mark = line([x, y], [x + 10, y], one.colour);
      const words = text(one.label, { x: x + 14, y: y + 4, size: legendSize });
      x += widthOf(one);
      return mark + words;
    })
    .join('');
}
