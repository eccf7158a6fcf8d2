/**
 * Draws the dashboard as SVG: the widgets of the synthesized template, with the figures that bench/dashboard.ts
 * recorded on one machine. What only AWS keeps (queues' age, CPU, errors of functions) has its frame and its legend.
 */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { synthesize } from '../infra/synthesize.ts';
import { widgetsOf, type Widget } from './dashboard-body.ts';
import { graph } from './dashboard-graph.ts';
import type { Figures, Refusals } from './figures.ts';
import { box, column, line, row, text } from './svg.ts';

const recorded = join(import.meta.dirname, '..', 'bench', 'results', 'dashboard.json');

export async function dashboardPicture(): Promise<string> {
  const figures = JSON.parse(readFileSync(recorded, 'utf8')) as Figures;
  return draw(widgetsOf(await synthesize({})), figures);
}

function draw(widgets: readonly Widget[], figures: Figures): string {
  const width = Math.max(...widgets.map(({ x, width }) => x + width)) * column;
  const height = Math.max(...widgets.map(({ y, height }) => y + height)) * row;
  const drawn = widgets.map((widget) => frame(widget, figures)).join('\n');
  return `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${width} ${height}" width="${width}" height="${height}" font-family="Helvetica, Arial, sans-serif">
<title>The dashboard of Postern, with two minutes of mail on one machine</title>
<rect width="${width}" height="${height}" fill="#f2f3f3"/>
${drawn}
</svg>
`;
}

function frame({ type, x, y, width, height, properties }: Widget, figures: Figures): string {
  const size = { width: width * column - 8, height: height * row - 8 };
  const inside = {
    alarm: () => alarms(properties.alarms ?? [], size.width),
    metric: () => graph(properties.metrics ?? [], figures, size),
    log: () => refusals(figures.refusals),
  }[type]();
  return `<g transform="translate(${x * column + 4} ${y * row + 4})">
${box({ x: 0, y: 0, ...size }, '#ffffff')}
${text(properties.title, { x: 12, y: 20, size: 14, weight: 'bold' })}
${inside}
</g>`;
}

/** Their states are AWS's to say. */
function alarms(names: readonly string[], width: number): string {
  const perLine = 8;
  const each = (width - 24) / perLine;
  return names
    .map((name, n) => {
      const at = { x: 12 + (n % perLine) * each, y: 30 + Math.floor(n / perLine) * 22 };
      return (
        box({ ...at, width: each - 6, height: 18 }, '#e9ebed') +
        text(name, { x: at.x + 6, y: at.y + 13, size: 11 })
      );
    })
    .join('\n');
}

function refusals(all: readonly Refusals[]): string {
  const columns = [12, 120, 300, 440, 760];
  const cells = (values: readonly string[], y: number, weight: string) =>
    values.map((value, n) => text(value, { x: columns[n] ?? 0, y, size: 12, weight })).join('');
  const head = cells(['refusals', 'reason', 'stage', 'because.document', 'because.field'], 44, 'bold');
  const rows = all
    .slice(0, 6)
    .map(({ refusals, reason, stage, document, field }, n) =>
      cells([String(refusals), reason, stage, document, field], 66 + n * 20, 'normal'),
    );
  return [head, line([12, 50], [1_400, 50], '#d5dbdb'), ...rows].join('\n');
}
