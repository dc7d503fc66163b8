import { denialType } from '../../policies/denials.ts'
import type { DenialCode } from '../../policies/denials.ts'
import type { OperationsView } from './view.ts'
import { count, dateOf, dayOf, moment, several } from './words.ts'

/** How soon a human is needed: calls are failing now, they will unless something is done, or somebody should look. In the order of urgency. */
export const urgencies = ['now', 'soon', 'look'] as const
export type Urgency = (typeof urgencies)[number]

/** What has to be done: what is wrong, and one sentence that says what to do. Only figures that change slowly are in it: whoever listens is told again whenever it changes. */
export interface Alarm { readonly id: string, readonly urgency: Urgency, readonly what: string, readonly todo: string }

type Told = Omit<OperationsView, 'alarms'>
type Rule = (view: Told) => readonly Alarm[]

/** What there is to do, the most urgent first. */
export function alarmsOf (view: Told): readonly Alarm[] {
  const all = rules.flatMap((rule) => rule(view))
  return urgencies.flatMap((urgency) => all.filter((alarm) => alarm.urgency === urgency))
}

const dayMs = 86_400_000
/** Platform keys are fetched every 5 minutes and serve on for 24 hours, in s. */
const [keysLate, keysWorn] = [30 * 60, 12 * 3600]

/** A rule of one alarm. */
const when = (isSo: boolean, alarm: () => Alarm): readonly Alarm[] => isSo ? [alarm()] : []

const processes: Rule = ({ gateway: { processes, countedSince }, at }) => {
  const missing = processes.filter(({ state, answers }) => state === 'waiting' || (state === 'serving' && !answers))
  const hashes = new Set(processes.flatMap(({ state, hash }) => state === 'serving' && hash !== null ? [hash] : []))
  return [
    ...when(countedSince === null, () => ({ id: 'no-process', urgency: 'now', what: 'Nessun processo del gateway sta servendo: ogni chiamata fallisce.', todo: 'Leggere nel log perché i processi terminano (righe «worker ended» e «worker cannot serve») e correggere la configurazione o la macchina.' })),
    ...when(countedSince !== null && missing.length > 0, () => ({ id: 'missing-process', urgency: 'soon', what: `${several(missing.length, 'processo manca', 'processi mancano')} all’appello: servono gli altri.`, todo: 'Leggere nel log le righe «worker ended» e «worker cannot serve»: dicono come è terminato e perché non riparte.' })),
    ...when(hashes.size > 1, () => ({ id: 'hashes', urgency: 'soon', what: 'I processi servono configurazioni diverse.', todo: 'Eseguire «npx varco reload»: porta tutti alla configurazione che è nei file.' })),
    ...processes.flatMap(({ worker, restarts, lastEnd }) => when(lastEnd !== null && at - lastEnd.at < 3_600_000, () => ({ id: `restarted-${worker}`, urgency: 'look', what: `Il processo ${worker ?? ''} è terminato da solo ${moment(lastEnd?.at ?? 0, at)} ed è ripartito (${several(restarts, 'volta', 'volte')} in tutto).`, todo: `Cercarne la causa nel log di quell’ora (${lastEnd?.how ?? ''}).` })))
  ]
}

const admission: Rule = ({ trust: { keysAgeSeconds, registry }, gateway: { countedSince } }) => countedSince === null ? [] : [
  ...when(keysAgeSeconds === null, () => ({ id: 'keys', urgency: 'now', what: 'Le chiavi pubbliche della PDND non sono mai state lette: nessun voucher si può verificare.', todo: 'Controllare che da questa macchina si raggiunga l’indirizzo delle chiavi (pdnd.jwksUri) e il proxy in uscita.' })),
  ...when(keysAgeSeconds !== null && keysAgeSeconds > keysLate, () => ({ id: 'keys', urgency: keysAgeSeconds as number > keysWorn ? 'now' : 'soon', what: 'Le chiavi pubbliche della PDND non si rinnovano più: valgono 24 ore dall’ultima lettura.', todo: 'Controllare che da questa macchina si raggiunga l’indirizzo delle chiavi (pdnd.jwksUri).' })),
  ...when(registry.state === 'unavailable', () => ({ id: 'registry', urgency: 'now', what: 'Richieste di fruizione e finalità non sono note o sono troppo vecchie: ogni chiamata riceve 503.', todo: 'Controllare l’accesso alle API di interoperabilità (pdnd.api: client, chiave, rete) con «npx varco doctor».' })),
  ...when(registry.state === 'failing', () => ({ id: 'registry', urgency: 'soon', what: 'L’ultima lettura di richieste di fruizione e finalità dalla PDND non è riuscita; vale quanto già noto.', todo: `Controllare l’accesso alle API di interoperabilità${registry.lastError === null ? '' : ` (${registry.lastError})`}.` }))
]

const records: Rule = ({ records: kept }) => [
  ...when(!kept.works, () => ({ id: 'records', urgency: 'now', what: 'Le registrazioni delle chiamate non si possono scrivere: le operazioni con obbligo di prova rispondono 503.', todo: 'Liberare spazio sul disco della cartella di stato o ripristinarlo: la scrittura riprende da sola.' })),
  ...when(kept.droppedLines > 0, () => ({ id: 'log', urgency: 'look', what: 'Chi raccoglie il log non ne tiene il passo: alcune righe sono andate perdute.', todo: 'Controllare il raccoglitore del log su questa macchina; le registrazioni delle chiamate su disco non ne risentono.' })),
  ...when(kept.works && kept.lost > 0, () => ({ id: 'records-lost', urgency: 'soon', what: `${several(kept.lost, 'chiamata è stata servita', 'chiamate sono state servite')} senza registrazione su disco.`, todo: 'Verificare disco e spazio libero, e annotare l’accaduto: di queste chiamate resta solo il log.' }))
]

const load: Rule = ({ load: processes, at }) => {
  const limited = processes.filter(({ limit }) => limit !== null)
  return when(limited.length > 0 && at > 0, () => ({ id: 'shedding', urgency: 'now', what: 'Il gateway è sovraccarico e respinge chiamate con 503.', todo: 'Aggiungere processi (workers) o macchine, o abbassare il limite (burst) del fruitore che chiama di più.' }))
}

const shared: Rule = ({ shared: { place } }) => when(place === 'local', () => ({ id: 'redis', urgency: 'now', what: 'Redis non risponde: i limiti si contano qui in quota parte, e le operazioni ad uso singolo rispondono 503.', todo: 'Ripristinare Redis o la rete verso di esso: il gateway torna a usarlo da solo entro 2 secondi.' }))

/** So many e-services that fail are named. */
const mostNamed = 5

const upstreams: Rule = ({ upstreams: all }) => {
  const failing = all.flatMap(({ eservice, isFailing }) => isFailing ? [`«${eservice}»`] : [])
  const named = failing.length > mostNamed ? `${failing.slice(0, mostNamed).join(', ')} e ${several(failing.length - mostNamed, 'altro', 'altri')}` : failing.join(', ')
  return when(failing.length > 0, () => ({ id: 'upstream', urgency: 'now', what: `${failing.length === 1 ? `L’e-service ${named} non risponde o risponde` : `Gli e-service ${named} non rispondono o rispondono`} male: i fruitori ricevono 502 o 504.`, todo: 'Guardare in «E-service» quali errori crescono, e riparare l’e-service o la rete tra il gateway e il suo indirizzo.' }))
}

const certificates: Rule = ({ trust: { certificates: all }, at }) => all.flatMap(({ of, file, endsAt }) => {
  if (endsAt === null) return [{ id: `certificate-${file}`, urgency: 'soon', what: `Il file del certificato del listener ${of} non si può leggere: resta in uso quello letto prima.`, todo: `Ripristinare ${file}: al prossimo avvio il gateway non partirebbe.` }]
  const days = Math.floor((endsAt - at) / dayMs)
  return when(days < 30, () => ({
    id: `certificate-${file}`, urgency: days < 3 ? 'now' : days < 14 ? 'soon' : 'look',
    what: endsAt <= at ? `Il certificato del listener ${of} è scaduto il ${dateOf(endsAt)}.` : `Il certificato del listener ${of} scade il ${dateOf(endsAt)}.`,
    todo: `Rinnovarlo e sostituire ${file}: il gateway lo usa entro 30 secondi, senza riavvio.`
  }))
})

const tracing: Rule = ({ tracing: filing }) => {
  if (filing === undefined) return []
  const { missing: [first], missing, refused: [wrong], lastError } = filing
  return [
    ...when(first !== undefined, () => ({ id: 'tracing-missing', urgency: 'soon', what: `Il tracing PDND non è stato inviato per ${several(missing.length, 'giorno', 'giorni')} (dal ${dayOf(first as string)}).`, todo: `Eseguire «npx varco tracing run», che invia i giorni mancanti, e «npx varco tracing status» se non basta${lastError === null ? '' : ` (${lastError})`}.` })),
    ...when(wrong !== undefined, () => ({ id: 'tracing-refused', urgency: 'soon', what: `La PDND ha rifiutato il tracing del ${dayOf(wrong?.day as string)}.`, todo: `Eseguire «npx varco tracing errors --day ${wrong?.day}», correggere e inviare di nuovo con «npx varco tracing submit --day ${wrong?.day}».` })),
    ...when(missing.length === 0 && wrong === undefined && lastError !== null, () => ({ id: 'tracing-failing', urgency: 'look', what: 'L’ultimo invio del tracing PDND non è riuscito; si ritenta da soli.', todo: `Guardare «npx varco tracing status» (${lastError}).` }))
  ]
}

const answers: Rule = ({ eservices, at }) => eservices.flatMap(({ name, answers: { latest } }) => when(latest !== null && at - latest.at < 3_600_000, () => ({ id: `answers-${name}`, urgency: 'look', what: `L’e-service «${name}» ha risposto fuori contratto nell’ultima ora (${latest?.operationId ?? ''}).`, todo: 'Correggere l’e-service o il contratto: il dettaglio è nella sua riga qui sotto e nel log.' })))

/** So many calls of the last ten minutes, and this share of them refused, is no accident of one caller. */
const [manyCalls, manyRefused] = [100, 0.5]

const refusals: Rule = ({ traffic: { minutes } }) => {
  const last = minutes.slice(-10)
  const counts = new Map<string, number>()
  for (const { refused } of last) for (const [code, calls] of Object.entries(refused)) counts.set(code, (counts.get(code) ?? 0) + calls)
  const [calls, refused] = [last.reduce((sum, minute) => sum + minute.calls, 0), [...counts.values()].reduce((sum, one) => sum + one, 0)]
  const [first] = [...counts].toSorted(([, one], [, other]) => other - one)
  return [
    ...when(counts.has('internal-error'), () => ({ id: 'internal-error', urgency: 'soon', what: 'Negli ultimi dieci minuti il gateway ha risposto 500 almeno una volta: è un difetto del gateway.', todo: 'Cercare «internal-error» nel log e segnalarlo con quella riga: contiene il motivo, mai dati.' })),
    ...when(calls >= manyCalls && refused > calls * manyRefused, () => ({ id: 'refusals', urgency: 'look', what: `Più della metà delle chiamate degli ultimi dieci minuti è stata rifiutata, soprattutto con ${first?.[0] ?? ''}.`, todo: mend(first?.[0] ?? '') }))
  ]
}

/** Whose turn it is when most calls are refused like this. */
function mend (code: string): string {
  const { status } = denialType(code as DenialCode)
  if (status === 429) return `Cercare «${code}» nel log per vedere chi supera i limiti, e accordarsi con lui o alzare il limite.`
  if (status >= 500) return 'Guardare lo stato di piattaforma, Redis ed e-service qui sotto: la causa è da questa parte.'
  return `Cercare «${code}» nel log per vedere chi chiama, e avvisarlo: la pagina /problems/${code} del gateway dice come rimediare.`
}

const rules: readonly Rule[] = [processes, admission, records, shared, load, upstreams, certificates, tracing, refusals, answers]

/** What all of it comes to when nothing is to be done. */
export const allWell = 'Tutto regolare'

/** How many alarms there are, in words. */
export function summaryOf (alarms: readonly Alarm[]): string {
  const urgent = alarms.filter(({ urgency }) => urgency === 'now').length
  return alarms.length === 0 ? allWell : urgent > 0 ? `${several(urgent, 'cosa da fare subito', 'cose da fare subito')}${alarms.length > urgent ? `, ${count(alarms.length - urgent)} da seguire` : ''}` : several(alarms.length, 'cosa da seguire', 'cose da seguire')
}
