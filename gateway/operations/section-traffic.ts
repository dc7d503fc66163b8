import { html } from '../catalogue/html.ts'
import type { Html } from '../catalogue/html.ts'
import { facts, figure, section, table, text } from './parts.ts'
import type { MinuteView, OperationsView, TrafficView } from './view.ts'
import { count, moment, none, percent, span, timeOf } from './words.ts'

/** So many reasons have a colour of their own. */
const mostReasons = 7

/** A line, or a layer, over the minutes: null where there is nothing to be shown. */
export interface Series { readonly name: string, readonly values: readonly (number | null)[] }
/** What is drawn over the minutes: layers that add up, or lines. */
export interface Chart { readonly kind: 'layers' | 'lines', readonly unit: string, readonly series: readonly Series[] }
export interface Charts { readonly at: readonly number[], readonly charts: Readonly<Record<'calls' | 'refusals' | 'latency', Chart>> }

/** What is drawn of the last minutes, as the script of the page reads it; `at` in epoch s. */
export function chartsOf ({ minutes, reasons }: TrafficView): Charts {
  const [own, rest] = [reasons.slice(0, mostReasons).map(({ code }) => code), reasons.slice(mostReasons).map(({ code }) => code)]
  const of = (codes: readonly string[]) => minutes.map(({ refused }) => codes.reduce((sum, code) => sum + (refused[code] ?? 0), 0))
  const refused = of(reasons.map(({ code }) => code))
  const unlessEmpty = (series: readonly Series[]): readonly Series[] => series.some(({ values }) => values.some((value) => value !== null && value > 0)) ? series : []
  return {
    at: minutes.map(({ at }) => at / 1000),
    charts: {
      calls: { kind: 'layers', unit: '', series: unlessEmpty([{ name: 'accolte', values: minutes.map(({ calls }, index) => calls - (refused[index] as number)) }, { name: 'rifiutate', values: refused }]) },
      refusals: { kind: 'layers', unit: '', series: [...own.map((code) => ({ name: code, values: of([code]) })), ...rest.length > 0 ? [{ name: 'altri', values: of(rest) }] : []] },
      latency: { kind: 'lines', unit: ' ms', series: unlessEmpty((['p50', 'p90', 'p99'] as const).map((name) => ({ name, values: minutes.map((minute) => minute[name]) }))) }
    }
  }
}

/** Calls, refusals and how long calls took, minute by minute. */
export function trafficSection ({ traffic, gateway: { countedSince }, at }: OperationsView): Html {
  const { minutes, calls, refused, lately, reasons } = traffic
  const latest = minutes.findLast(({ p50 }) => p50 !== null)
  const peak = minutes.reduce((most, minute) => minute.calls > most.calls ? minute : most)
  return section('traffico', 'Traffico degli ultimi 60 minuti', html`${facts([
    ['Chiamate', count(calls)],
    ['Rifiutate', html`${count(refused)} <small>${percent(refused, calls)}</small>`],
    ['Al minuto (ultimi 5)', count(rateOf(traffic, countedSince ?? at, at))],
    ['Metà entro (ultimi 5 min)', html`${span(lately.p50)} <small>p50</small>`],
    ['99 su 100 entro (ultimi 5 min)', html`${span(lately.p99)} <small>p99</small>`]
  ], 'tiles')}
<p class="note">Le cifre di questa pagina sono contate dall’avvio ${moment(countedSince ?? at, at)} e sommate su tutti i processi; un riavvio le azzera.</p>
<div class="figures">
${chart('calls', 'Chiamate al minuto', calls === 0 ? 'Nessuna chiamata negli ultimi 60 minuti.' : `${count(calls)} chiamate; il minuto con più chiamate è quello delle ${timeOf(peak.at)}, con ${count(peak.calls)}.`)}
${chart('refusals', 'Rifiuti al minuto, per motivo', refused === 0 ? 'Nessun rifiuto negli ultimi 60 minuti.' : `${count(refused)} rifiuti; il motivo più frequente è ${reasons[0]?.code ?? ''}, ${count(reasons[0]?.count ?? 0)} volte.`)}
${chart('latency', 'Tempo di risposta, ms', latest ? `Nell’ultimo minuto con chiamate: p50 ${span(latest.p50)}, p90 ${span(latest.p90)}, p99 ${span(latest.p99)}.` : 'Nessuna chiamata accolta negli ultimi 60 minuti.')}
</div>
${reasons.length > 0 && table('motivi', 'Rifiuti per motivo', [text('Codice'), text('Significato'), figure('Stato'), figure('Volte'), figure('Dei rifiuti')], reasons.map(({ code, status, count: times }) => ({ key: code, cells: [html`<code>${code}</code>`, meaningOf(status), status, count(times), percent(times, refused)] })), '')}
<details id="minuti"><summary>Minuto per minuto</summary>
${table('minuti-table', 'Minuto per minuto, l’ultimo per primo', [text('Minuto'), figure('Chiamate'), figure('Rifiutate'), figure('p50'), figure('p90'), figure('p99'), text('Motivi dei rifiuti')], minutes.filter((minute) => minute.calls > 0).toReversed().map(rowOf), 'Nessuna chiamata negli ultimi 60 minuti.')}
</details>`)
}

/** Calls in a minute, of the last ones that began since there are figures. */
function rateOf ({ minutes }: TrafficView, since: number, at: number): number {
  const last = minutes.slice(-5)
  const calls = last.reduce((sum, minute) => sum + minute.calls, 0)
  return Math.round(calls / Math.max(1, (at - Math.max(since, last[0]?.at ?? at)) / 60_000))
}

function chart (name: keyof Charts['charts'], caption: string, said: string): Html {
  return html`<figure><figcaption><strong>${caption}</strong> <span>${said}</span></figcaption><div class="chart" data-chart="${name}" role="img" aria-label="${caption}. ${said} I valori sono nella tabella «Minuto per minuto»."></div></figure>`
}

function rowOf ({ at, calls, refused, p50, p90, p99 }: MinuteView) {
  const reasons = Object.entries(refused).toSorted(([, one], [, other]) => other - one)
  return { key: String(at), cells: [timeOf(at), count(calls), count(reasons.reduce((sum, [, times]) => sum + times, 0)), span(p50), span(p90), span(p99), reasons.map(([code, times]) => `${code} ${count(times)}`).join(', ') || none] }
}

/** What a status says of whose turn it is. */
function meaningOf (status: number): string {
  if (status === 401) return 'prova mancante o non valida'
  if (status === 403) return 'non ha diritto'
  if (status === 429) return 'oltre i limiti'
  if (status === 404 || status === 405) return 'operazione che non c’è'
  if (status === 409) return 'fuori sequenza'
  if (status === 502 || status === 504) return 'l’e-service non risponde bene'
  if (status === 503) return 'il gateway ora non può'
  return status >= 500 ? 'difetto del gateway' : 'richiesta non conforme'
}
