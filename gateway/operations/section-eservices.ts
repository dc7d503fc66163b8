import { html } from '../catalogue/html.ts'
import type { Html } from '../catalogue/html.ts'
import { badge, bar, facts, figure, identifier, longTable, named, section, table, text } from './parts.ts'
import type { EServiceView, OperationsView, UpstreamView } from './view.ts'
import { age, count, moment, none, percent, size, span, several } from './words.ts'

/** What is live, and how what is behind it does. */
export function eservicesSection ({ eservices, upstreams, gateway: { countedSince }, at }: OperationsView): Html {
  return section('e-service', 'E-service', html`${table('contratti', 'Che cosa è pubblicato', [text('E-service'), text('Versione'), figure('Chiamate'), figure('Rifiutate'), text('Contratto'), text('Risposte'), figure('Dalla cache')], eservices.map((one) => ({ key: one.name, cells: [
    html`${one.title} <small><code>${one.name}</code></small>`, one.version, count(one.calls), count(one.refused), lintOf(one), answersOf(one, at), cacheOf(one)
  ] })), 'Nessun e-service.')}
${table('upstream', `Che cosa rispondono, dall’avvio ${moment(countedSince ?? at, at)}`, [text('E-service'), text('Indirizzo'), figure('Richieste'), figure('Fallite'), figure('In attesa'), figure('p50'), figure('p90'), figure('p99'), text('Errori')], upstreams.map(upstreamRow), 'Nessun e-service.')}
<p class="note">Il tempo è quello fino al primo byte della risposta dell’e-service.</p>`)
}

function lintOf ({ lint, operations }: EServiceView): Html {
  const total = several(operations, 'operazione', 'operazioni')
  if (lint === null) return html`${total} <small>controllo in corso</small>`
  const [errors, warnings] = [lint.reduce((sum, one) => sum + one.errors, 0), lint.reduce((sum, one) => sum + one.warnings, 0)]
  if (errors > 0) return html`${total} ${badge('bad', several(errors, 'errore', 'errori'))} <small>profilo ${lint.map(({ profile }) => profile).join(', ')}</small>`
  return html`${total} ${warnings > 0 ? badge('look', several(warnings, 'avviso', 'avvisi')) : badge('good', 'conforme')} <small>profilo ${lint.map(({ profile }) => profile).join(', ')}</small>`
}

function answersOf ({ answers: { mode, compared, violations, latest } }: EServiceView, at: number): Html {
  if (mode === 'off') return html`<small>non confrontate</small>`
  if (violations === 0) return html`${compared === 0 ? badge('plain', 'ancora nessuna') : badge('good', 'nel contratto')} <small>${count(compared)} confrontate</small>`
  return html`${badge('look', several(violations, 'difformità', 'difformità'))}${latest !== null && html` <small>l’ultima ${moment(latest.at, at)}, ${latest.operationId}: ${latest.detail} (${identifier(latest.correlationId)})</small>`}`
}

function cacheOf ({ cache: { hits, misses, bytes } }: EServiceView): Html {
  return hits + misses === 0 ? html`${none}` : html`${percent(hits, hits + misses)} <small>${size(bytes)}</small>`
}

function upstreamRow ({ eservice, url, waiting, calls, failures, isFailing, p50, p90, p99 }: UpstreamView) {
  const errors = Object.entries(failures)
  const failed = errors.reduce((sum, [, times]) => sum + times, 0)
  return { key: eservice, cells: [html`<code>${eservice}</code>${isFailing && html` ${badge('bad', 'risponde male')}`}`, html`<code>${url}</code>`, count(calls), failed === 0 ? '0' : html`${badge('bad', count(failed))}`, count(waiting), span(p50), span(p90), span(p99), errors.map(([code, times]) => `${code} ${count(times)}`).join(', ') || none] }
}

/** What of their quotas consumers used today, and who called. */
export function quotasSection ({ quotas, consumers, otherCalls, shared: { place } }: OperationsView): Html {
  const full = quotas.filter(({ used, limit }) => used >= limit).length
  return section('fruitori', 'Fruitori di oggi', html`${facts([['Fruitori che hanno chiamato', count(consumers.length)], ['Quote esaurite', full === 0 ? '0' : badge('bad', count(full))]], 'tiles')}
${longTable('quote', 'Quote giornaliere, le più usate per prime (giorno di Roma)', [text('Fruitore'), text('Finalità'), text('E-service'), text('Uso'), figure('Usate'), figure('Quota'), figure('Rimaste')], quotas.map(({ eservice, purpose, consumer, used, limit }) => ({ key: `${eservice} ${purpose.id}`, cells: [
    named(consumer), named(purpose), html`<code>${eservice}</code>`, html`${bar(used, limit)} ${percent(used, limit)}`, count(used), count(limit), count(Math.max(0, limit - used))
  ] })), 'Oggi nessuno ha ancora usato una quota.')}
${quotas.length > 0 && html`<p class="note">Di ogni finalità si mostra la quota più stretta, come l’ha trovata l’ultima chiamata.${place === 'local' && ' Finché Redis non risponde ogni processo conta una sua parte della quota: «Usate» può dire più di quanto è stato usato.'}</p>
`}${longTable('chi-chiama', 'Chi ha chiamato oggi', [text('Fruitore'), figure('Chiamate')], [...consumers.map(({ consumer, calls }) => ({ key: consumer.id, cells: [named(consumer), count(calls)] })), ...otherCalls > 0 ? [{ key: 'altri', cells: ['Tutti gli altri', count(otherCalls)] }] : []], 'Oggi non ha ancora chiamato nessun fruitore riconosciuto.')}`)
}

/** What the gateway relies on, and what others rely on it for. */
export function trustSection ({ trust: { keysAgeSeconds, registry, signing, certificates }, shared, at }: OperationsView): Html {
  const state = { current: badge('good', 'aggiornato'), failing: badge('look', 'lettura non riuscita'), unavailable: badge('bad', 'non disponibile') }[registry.state]
  const place = { memory: badge('good', 'in questo processo'), redis: badge('good', 'Redis'), local: badge('bad', 'Redis non risponde') }[shared.place]
  return section('piattaforma', 'Piattaforma, chiavi e stato condiviso', html`${facts([
    ['Chiavi della PDND', keysAgeSeconds === null ? badge('bad', 'mai lette') : `lette ${age(keysAgeSeconds)} fa`],
    ['Richieste di fruizione e finalità', html`${state} ${registry.source === 'file' ? 'da un file' : registry.ageSeconds === null ? 'mai lette dalla PDND' : `confermate dalla PDND ${age(registry.ageSeconds)} fa`}${registry.lastError !== null && html` <small>${registry.lastError}</small>`}`],
    ...registry.undecided > 0 ? [['Chiamate senza verdetto', html`${count(registry.undecided)} <small>la PDND non ha saputo dire</small>`] as const] : [],
    ['Limiti e prove usate', html`${place}${shared.place !== 'memory' && html` <small>${count(shared.redis)} risposte di Redis, ${count(shared.local)} senza, ${count(shared.lease)} da quote prenotate</small>`}`]
  ])}
${signing.length > 0 && table('firma', 'Chiavi che firmano le risposte', [text('Chiave (kid)'), text('E-service'), text('File'), figure('In uso da')], signing.map(({ eservices, kid, file, since }) => ({ key: kid, cells: [identifier(kid), eservices.join(', '), html`<code>${file}</code>`, since === null ? none : age((at - since) / 1000)] })), '')}
${certificates.length > 0 && table('certificati', 'Certificati dei listener', [text('Listener'), text('Intestato a'), text('File'), figure('Giorni rimasti')], certificates.map(({ of, file, subject, endsAt }) => ({ key: `${of} ${file}`, cells: [of, subject ?? 'il file non si può leggere', html`<code>${file}</code>`, daysLeft(endsAt, at)] })), '')}`)
}

function daysLeft (endsAt: number | null, at: number): Html {
  if (endsAt === null) return badge('bad', none)
  const days = Math.floor((endsAt - at) / 86_400_000)
  return badge(days < 14 ? 'bad' : days < 30 ? 'look' : 'good', days < 0 ? 'scaduto' : count(days))
}
