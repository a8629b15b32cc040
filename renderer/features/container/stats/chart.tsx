import { useEffect, useRef } from 'react';
import { useTranslation } from 'react-i18next';
import Plot from 'uplot';
import 'uplot/dist/uPlot.min.css';
import { useAppearance } from '../../../stores/settings.ts';

export interface Line {
  label: string;
  values: readonly number[];
  colour: 'accent' | 'info' | 'err';
  dashed?: boolean;
}

const heightPx = 132;
const variables = { accent: 'accent-text', info: 'info', err: 'err', grid: 'line', axis: 'text-3' } as const;

/** Canvas knows no variables: the colours are what the theme makes of them now. */
function colourOf(element: HTMLElement, name: keyof typeof variables, percent = 100): string {
  const probe = element.appendChild(document.createElement('i'));
  probe.style.color = `color-mix(in srgb, var(--color-${variables[name]}) ${percent}%, transparent)`;
  const { color } = getComputedStyle(probe);
  probe.remove();
  return color;
}

function makePlot(
  element: HTMLElement,
  lines: readonly Line[],
  format: (value: number) => string,
  language: string,
): Plot {
  const axis = {
    stroke: colourOf(element, 'axis'),
    font: '11px Inter, sans-serif',
    grid: { stroke: colourOf(element, 'grid'), width: 1 },
    ticks: { show: false },
  };
  const clock = new Intl.DateTimeFormat(language, { timeStyle: 'medium', hourCycle: 'h23' });
  return new Plot(
    {
      width: element.clientWidth,
      height: heightPx,
      legend: { show: false },
      cursor: { drag: { x: false, y: false }, sync: { key: 'container-usage' }, points: { size: 5 } },
      scales: { x: { time: true }, y: { range: (_plot, _min, max) => [0, Math.max(max * 1.08, 1e-3)] } },
      axes: [
        {
          ...axis,
          space: 90,
          size: 24,
          values: (_plot, ticks) => ticks.map((tick) => clock.format(tick * 1000)),
        },
        { ...axis, size: 64, space: 34, values: (_plot, ticks) => ticks.map(format) },
      ],
      series: [
        {},
        ...lines.map(({ label, colour, dashed }) => ({
          label,
          stroke: colourOf(element, colour),
          width: 1.5,
          points: { show: false },
          ...(dashed ? { dash: [5, 4] } : { fill: colourOf(element, colour, 12) }),
        })),
      ],
    },
    [[], ...lines.map(() => [])],
    element,
  );
}

/** Values over time. The drawing is for eyes; its summary and the table beside it say the same. */
export default function Chart({
  times,
  lines,
  format,
  summary,
}: {
  /** Seconds since the epoch. */
  times: readonly number[];
  lines: readonly Line[];
  format: (value: number) => string;
  summary: string;
}) {
  const { i18n } = useTranslation();
  const element = useRef<HTMLDivElement>(null);
  const plot = useRef<Plot>(undefined);
  const theme = useAppearance((state) => state.theme);
  const shape = lines.map(({ label, dashed }) => `${label}${dashed ?? ''}`).join();
  // biome-ignore lint/correctness/useExhaustiveDependencies: made anew where its colours, words or lines differ
  useEffect(() => {
    const parent = element.current;
    if (!parent) return;
    const made = makePlot(parent, lines, format, i18n.language);
    plot.current = made;
    const observer = new ResizeObserver(() => made.setSize({ width: parent.clientWidth, height: heightPx }));
    observer.observe(parent);
    return () => {
      observer.disconnect();
      made.destroy();
    };
  }, [theme, i18n.language, shape]);
  // biome-ignore lint/correctness/useExhaustiveDependencies: also a plot that was made anew wants its data
  useEffect(() => {
    plot.current?.setData([[...times], ...lines.map(({ values }) => [...values])]);
  }, [times, lines, theme, i18n.language, shape]);
  return <div ref={element} role="img" aria-label={summary} style={{ height: heightPx }} />;
}
