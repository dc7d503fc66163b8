import { createHash } from 'node:crypto'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { Html, html } from '../../gateway/catalogue/html.ts'
import { chartFiles } from '../../gateway/charts/chart-files.ts'
import { lengthOf } from '../circumstances.ts'
import type { Circumstances } from '../circumstances.ts'
import type { Measured } from '../measure.ts'
import { cautions } from './cautions.ts'
import { historyChart, isCompared, latencyChart, ratioChart, throughputChart } from './charts.ts'
import type { Chart } from './charts.ts'
import { grouped } from './columns.ts'
import { placeOf } from './history.ts'
import { elsewhereTable, groupTable, historyTable, moment, summaryTable } from './html-tables.ts'
import type { Run } from './json.ts'

const shared = (name: keyof typeof chartFiles): string => readFileSync(chartFiles[name], 'utf8')
const own = (name: string): string => readFileSync(join(import.meta.dirname, name), 'utf8')

/**
 * The report of a run as one page that needs nothing else: charts with the same figures in tables, and the ratios of earlier runs that can be compared with
 * it. `history` may contain the run itself. Whatever names are in it are text.
 */
export function htmlReport (measured: readonly Measured[], circumstances: Circumstances, history: readonly Run[]): string {
  const run: Run = { ...circumstances, scenarios: measured }
  const others = history.filter(({ date }) => date !== run.date)
  const comparable = [...others.filter((other) => placeOf(other) === placeOf(run)), run].toSorted((a, b) => Date.parse(a.date) - Date.parse(b.date))
  const elsewhere = others.filter((other) => placeOf(other) !== placeOf(run))
  const charts: Chart[] = []
  const content = html`${circumstancesSection(run)}
<section aria-labelledby="summary"><h2 id="summary">Summary</h2>${summaryTable(measured)}</section>
${[...grouped(measured)].map(([group, members], index) => groupSection(group, members, index, charts))}
${historySection(measured, comparable, elsewhere, charts)}`
  return page(run, content, charts)
}

function page (run: Run, content: Html, charts: readonly Chart[]): string {
  const styles = [shared('uplotCss'), shared('palette'), own('report.css')]
  const scripts = [shared('uplot'), shared('dress'), own('charts.js')]
  const groups = [...grouped(run.scenarios).keys()]
  const policy = `default-src 'none'; script-src ${hashes(scripts)}; style-src ${hashes(styles)}; base-uri 'none'; form-action 'none'`
  // A "<" in it would end the script early.
  const data = JSON.stringify(charts).replaceAll('<', String.raw`\u003c`)
  return html`<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta http-equiv="Content-Security-Policy" content="${new Html(policy)}">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="light dark">
<title>Varco load test, ${run.date.slice(0, 16).replace('T', ' ')} UTC</title>
${styles.map((style) => html`<style>${new Html(style)}</style>`)}
</head>
<body>
<header><h1>Varco load test</h1><p>${moment(run.date)}</p>
<nav aria-label="Sections"><ul><li><a href="#summary">Summary</a></li>${groups.map((group, index) => html`<li><a href="#group-${index}">${group}</a></li>`)}<li><a href="#history">Earlier runs</a></li></ul></nav></header>
<main>
${content}
</main>
<script type="application/json" id="charts">${new Html(data)}</script>
${scripts.map((script) => html`<script>${new Html(script)}</script>`)}
</body>
</html>
`.text
}

function hashes (texts: readonly string[]): string {
  return texts.map((text) => `'sha256-${createHash('sha256').update(text).digest('base64')}'`).join(' ')
}

function circumstancesSection ({ scenarios, ...run }: Run): Html {
  const facts: readonly (readonly [string, string])[] = [
    ['Node', run.node],
    ['Machine', `${run.cpuModel}, ${run.cores} cores`],
    ['Pinned', run.pinned ? 'yes: what is measured has a core of its own' : 'no: the system chose the cores'],
    ['Load', `${run.connections} connections; after a warm-up ${run.rounds} ${run.rounds === 1 ? 'round' : 'rounds'} of ${lengthOf(run)}, interleaved`],
    ['Commit', run.commit === undefined ? 'unknown' : run.commit.endsWith('+') ? `${run.commit.slice(0, -1)} with local changes` : run.commit],
    ...run.url === undefined ? [] : [['Aimed at', run.url] as const]
  ]
  const notes = [...cautions(scenarios), ...run.skipped.map(({ name, why }) => `not measured: ${name}: ${why}`)]
  return html`<section aria-labelledby="circumstances"><h2 id="circumstances">Circumstances</h2>
<dl>${facts.map(([name, value]) => html`<div><dt>${name}</dt><dd>${value}</dd></div>`)}</dl>
<h3>How to read the figures</h3>
<p>A <strong>ratio</strong> compares the requests per second of two scenarios in the same round of one run, so a machine that is slower today slows both: ratios may be compared between runs on one
machine. <strong>Absolute figures</strong> (requests, milliseconds, CPU time) are those of this machine at that hour. Every figure is the median of the rounds; what stands beside it is the lowest and
the highest of them. Every answer was checked: a wrong one would have ended the run.</p>
${notes.length > 0 && html`<div class="notes"><h3>Cautions</h3><ul>${notes.map((note) => html`<li>${note}</li>`)}</ul></div>`}
</section>`
}

function groupSection (group: string, measured: readonly Measured[], index: number, charts: Chart[]): Html {
  const names = measured.map(({ name }) => name)
  return html`<section aria-labelledby="group-${index}"><h2 id="group-${index}">${group}</h2>
<div class="figures">
${figure(charts, throughputChart(measured), 'Requests per second: the bar is the median, the line across it goes from the lowest to the highest round.')}
${measured.some(isCompared) && figure(charts, ratioChart(measured), 'Ratio of requests per second; the dashed line is 1, as many as what it is compared with.')}
${figure(charts, latencyChart(measured), 'Latency by percentile, in ms, on a logarithmic scale: so many of 100 calls took no longer.', names)}
</div>
${groupTable(group, measured)}
</section>`
}

function historySection (measured: readonly Measured[], comparable: readonly Run[], elsewhere: readonly Run[], charts: Chart[]): Html {
  const groups = [...grouped(measured)].filter(([, members]) => members.some(isCompared))
  const drawn = groups.map(([group, members]) => html`<h3>${group}</h3>
${comparable.length > 1 && figure(charts, historyChart(members, comparable), 'Ratios over time; the medians of each run.', members.filter(isCompared).map(({ name, ratioTo }) => `${name} to ${ratioTo}`))}
<details${comparable.length <= 5 && new Html(' open')}><summary>Figures of ${group}, ${comparable.length} ${comparable.length === 1 ? 'run' : 'runs'}</summary>${historyTable(group, members, comparable)}</details>
`)
  return html`<section aria-labelledby="history"><h2 id="history">Earlier runs</h2>
<p>${comparable.length > 1 ? html`The ${comparable.length} runs under the same circumstances` : 'There is no earlier run under the same circumstances'}: ${placeOf(comparable[0] as Run)}.</p>
${drawn}
${elsewhere.length > 0 && html`<h3>Elsewhere</h3>${elsewhereTable(elsewhere)}`}
</section>`
}

/** A place for a chart, with the names of its lines where it has several. */
function figure (charts: Chart[], chart: Chart, caption: string, lines: readonly string[] = []): Html {
  const number = charts.push(chart) - 1
  return html`<figure><div class="chart" role="img" aria-label="${caption} The table below has the same figures." data-chart="${number}"></div>
${lines.length > 0 && html`<ul class="legend">${lines.map((name, index) => html`<li><svg class="line-${index % 8} dash-${(index + Math.floor(index / 8)) % 4}" viewBox="0 0 28 8" aria-hidden="true"><path d="M0 4h28"/></svg>${name}</li>`)}</ul>`}
<figcaption>${caption}</figcaption></figure>`
}
