import { html } from '../catalogue/html.ts'
import type { Html } from '../catalogue/html.ts'
import { badge, facts, figure, identifier, section, table, text } from './parts.ts'
import type { LoadView, OperationsView, ProcessView } from './view.ts'
import { age, count, dayOf, moment, none, several, size, span } from './words.ts'

/** What proves what was done: records of calls, and what was filed of them. */
export function proofsSection ({ records, tracing }: OperationsView): Html {
  return section('prove', 'Registrazioni e tracing PDND', html`${facts([
    ['Scrittura', records.works ? badge('good', 'funziona') : badge('bad', 'non riesce')],
    ['Chiamate registrate', count(records.kept)],
    ['Non registrate', records.lost === 0 ? '0' : badge('bad', count(records.lost))],
    ['Righe di log perdute', records.droppedLines === 0 ? '0' : badge('look', count(records.droppedLines))],
    ['Ultimo giorno di tracing preso dalla PDND', tracing?.lastFiled ? dayOf(tracing.lastFiled) : html`nessuno <small>${tracing ? 'ancora nessun giorno da inviare è stato preso' : 'non lo invia questo gateway'}</small>`],
    ...tracing ? [['Giorni mancanti', tracing.missing.length === 0 ? 'nessuno' : html`${badge('bad', count(tracing.missing.length))} <small>${tracing.missing.slice(0, 5).map(dayOf).join(', ')}${tracing.missing.length > 5 && ' …'}</small>`] as const] : []
  ])}
${tracing && tracing.refused.length > 0 && table('rifiuti-tracing', 'Giorni che la PDND non ha preso', [text('Giorno'), text('Perché')], tracing.refused.map(({ day, why }) => ({ key: day, cells: [dayOf(day), why] })), '')}`)
}

/** The processes that serve, with what they carry. */
export function processesSection ({ gateway: { processes }, load, at }: OperationsView): Html {
  const known = new Map(load.map((one) => [one.pid, one]))
  return section('processi', 'Processi', table('processi-table', 'Processi del gateway', [text('Processo'), text('Stato'), text('In servizio'), text('Configurazione'), figure('Ripartenze'), figure('Memoria'), figure('Attesa massima'), figure('Respinte per carico'), text('Com’è terminato l’ultimo')],
    processes.map((one, index) => ({ key: `${one.worker ?? index}`, cells: cellsOf(one, known.get(one.pid ?? -1), at) })), 'Nessun processo.'))
}

function cellsOf (one: ProcessView, load: LoadView | undefined, at: number): readonly (Html | string)[] {
  const { worker, pid, startedAt, hash, restarts, lastEnd } = one
  return [
    html`${worker ?? (one.state === 'waiting' ? 'posto vuoto' : 'unico')} <small>${pid === null ? '' : `pid ${pid}`}</small>`,
    stateOf(one),
    startedAt === null ? none : html`${moment(startedAt, at)} <small>da ${age((at - startedAt) / 1000)}</small>`,
    hash === null ? none : identifier(hash),
    count(restarts),
    size(load?.rssBytes ?? null),
    load ? span(load.delayMs) : none,
    load ? html`${count(load.shed)}${load.limit !== null && html` <small>ora accoglie ${several(load.limit, 'chiamata', 'chiamate')} per giro</small>`}` : none,
    lastEnd ? html`${moment(lastEnd.at, at)}: ${lastEnd.how}` : none
  ]
}

function stateOf ({ state, answers, isReady }: ProcessView): Html {
  if (state === 'waiting') return badge('bad', 'manca')
  if (state === 'starting') return badge('look', 'si avvia')
  if (state === 'draining') return badge('look', 'sta finendo')
  if (!answers) return badge('bad', 'non risponde')
  return isReady ? badge('good', 'serve') : badge('bad', 'non può servire')
}
