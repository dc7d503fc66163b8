import { Html, html } from '../../gateway/catalogue/html.ts'
import { lengthOf } from '../circumstances.ts'
import type { Measured, Spread } from '../measure.ts'
import { percentiles } from '../percentile.ts'
import { isCompared, percentileNames, ratioIn } from './charts.ts'
import { grouped, known, needs, p50, p99, ratio, requests } from './columns.ts'
import type { Column } from './columns.ts'
import { placeOf } from './history.ts'
import type { Run } from './json.ts'
import { significant } from './numbers.ts'

/** When something was, to the minute. */
export function moment (date: string): Html {
  return html`<time datetime="${date}">${date.slice(0, 16).replace('T', ' ')} UTC</time>`
}

/** Headings of columns that are no figures. */
const textual = new Set(['to', 'commit', 'rounds', 'latest'])

/** A table that scrolls by itself where it is wider than the page, also by keyboard. */
function scrolling (caption: string, head: readonly string[], body: Html | readonly Html[]): Html {
  return html`<div class="scroll" role="region" aria-label="${caption}" tabindex="0"><table>
<caption><span>${caption}</span></caption>
<thead><tr>${head.map((heading) => html`<th scope="col"${textual.has(heading) && new Html(' class="text"')}>${heading}</th>`)}</tr></thead>
${body}
</table></div>`
}

/** A median for people and, exactly, for programs. */
function cell (spread: Spread | undefined, write: Column['write'], apart: boolean): Html {
  if (spread === undefined) return html`<td>–</td>`
  const { median, min, max } = spread
  return html`<td><data value="${median}">${write(median)}</data>${apart && min !== max && html` <small>${write(min)}–${write(max)}</small>`}</td>`
}

const comparedCells = (one: Measured, apart: boolean): Html => isCompared(one) ? html`${cell(one.ratio, ratio.write, apart)}<td class="text">${one.ratioTo}</td>` : html`<td>–</td><td class="text">itself the reference</td>`

/** Every scenario at a glance. */
export function summaryTable (measured: readonly Measured[]): Html {
  const columns = known([requests, p50, p99, ...needs], measured)
  const bodies = [...grouped(measured)].map(([group, members]) => html`<tbody>
<tr><th scope="rowgroup" colspan="${columns.length + 3}">${group}</th></tr>
${members.map((one) => html`<tr><th scope="row">${one.name}</th>${columns.map(({ of, write }) => cell(of(one), write, false))}${comparedCells(one, false)}</tr>
`)}</tbody>`)
  return scrolling('All scenarios, medians of the rounds', ['Scenario', ...columns.map(({ heading }) => heading), 'ratio', 'to'], bodies)
}

/** The figures of a group, those of its charts among them. */
export function groupTable (group: string, measured: readonly Measured[]): Html {
  const latencies = percentiles.map((one): Column => ({ heading: `${percentileNames[one]} ms`, of: ({ latency }) => latency[one], write: significant }))
  const columns = known([...latencies, ...needs], measured)
  const rows = measured.map((one) => html`<tr><th scope="row">${one.name}</th>${cell(one.requestsPerSecond, requests.write, true)}${comparedCells(one, true)}${columns.map(({ of, write }) => cell(of(one), write, true))}</tr>
`)
  return scrolling(`${group}: medians of the rounds, with the lowest and the highest`, ['Scenario', 'req/s', 'ratio', 'to', ...columns.map(({ heading }) => heading)], html`<tbody>${rows}</tbody>`)
}

/** The ratios of a group, run by run, the latest first. */
export function historyTable (group: string, measured: readonly Measured[], runs: readonly Run[]): Html {
  const compared = measured.filter(isCompared)
  const rows = runs.toReversed().map((run) => html`<tr><th scope="row">${moment(run.date)}</th><td class="text">${run.commit ?? '–'}</td><td class="text">${run.rounds} × ${lengthOf(run)}</td>${compared.map((one) => cell(ratioIn(run, one), ratio.write, true))}</tr>
`)
  return scrolling(`${group}: ratios of the runs, the latest first`, ['Run', 'commit', 'rounds', ...compared.map(({ name, ratioTo }) => `${name} to ${ratioTo}`)], html`<tbody>${rows}</tbody>`)
}

/** The runs that cannot be compared with this one. */
export function elsewhereTable (runs: readonly Run[]): Html {
  const rows = [...Map.groupBy(runs, placeOf)].map(([place, members]) => html`<tr><th scope="row">${place}</th><td>${members.length}</td><td class="text">${moment(members.at(-1)?.date ?? '')}</td></tr>
`)
  return scrolling('Runs under other circumstances, which are not in the charts', ['Where and how', 'runs', 'latest'], html`<tbody>${rows}</tbody>`)
}
