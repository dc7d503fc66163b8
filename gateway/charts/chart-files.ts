import { createRequire } from 'node:module'
import { dirname, join } from 'node:path'

const uplot = join(dirname(createRequire(import.meta.url).resolve('uplot/package.json')), 'dist')

/** What pages with charts are made of (absolute paths): uPlot with its rules, the colours of lines in light and dark, and how charts are dressed in them (a script that gives `chartDress`). */
export const chartFiles = {
  uplot: join(uplot, 'uPlot.iife.min.js'),
  uplotCss: join(uplot, 'uPlot.min.css'),
  palette: join(import.meta.dirname, 'palette.css'),
  dress: join(import.meta.dirname, 'chart-dress.js')
} as const
