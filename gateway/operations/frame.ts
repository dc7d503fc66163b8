import { html } from '../catalogue/html.ts'
import type { Html } from '../catalogue/html.ts'
import { allWell, summaryOf } from './alarms.ts'
import type { Alarm, Urgency } from './alarms.ts'
import type { Files } from './files.ts'
import { badge, identifier } from './parts.ts'
import { eservicesSection, quotasSection, trustSection } from './section-eservices.ts'
import { processesSection, proofsSection } from './section-processes.ts'
import { trafficSection } from './section-traffic.ts'
import type { OperationsView } from './view.ts'
import { exactTimeOf, moment } from './words.ts'

/** Headers of the page: nothing from elsewhere, nothing inline, no frames; forms are sent here only, and say where they come from. */
export const pageHeaders = {
  'content-security-policy': "default-src 'none'; script-src 'self'; style-src 'self'; font-src 'self'; img-src data:; connect-src 'self'; base-uri 'none'; form-action 'self'; frame-ancestors 'none'",
  'x-content-type-options': 'nosniff',
  'cross-origin-opener-policy': 'same-origin',
  'cross-origin-resource-policy': 'same-origin',
  'referrer-policy': 'same-origin'
}

const links: readonly (readonly [href: string, text: string])[] = [['#traffico', 'Traffico'], ['#e-service', 'E-service'], ['#fruitori', 'Fruitori'], ['#piattaforma', 'Piattaforma'], ['#prove', 'Registrazioni'], ['#processi', 'Processi']]
const raw: readonly (readonly [href: string, text: string])[] = [['/-/config', 'Configurazione'], ['/-/eservices', 'E-service'], ['/-/registry', 'Registro'], ['/-/processes', 'Processi'], ['/metrics', 'Metriche'], ['/status', 'Stato']]

/** The title of the window: what there is to do can be seen without looking at the page. */
export function titleOf ({ alarms }: OperationsView): string {
  return `${alarms.length > 0 ? `(${alarms.length}) ` : ''}Varco · Operazioni`
}

/** The page as it is first sent; what changes of it is `contentOf`. */
export function writePage (view: OperationsView, files: Files): Buffer {
  return document(titleOf(view), files, ['uplot.css', 'palette.css', 'operations.css'], ['uplot.js', 'chart-dress.js', 'operations.js'], html`<a class="skip" href="#contenuto">Vai al contenuto</a>
<header><div class="inside"><p class="brand">Varco <span>Operazioni</span></p>
<form method="post" action="/-/sign-out"><button>Esci</button></form></div></header>
<main id="contenuto" tabindex="-1">
<h1>Come sta il gateway</h1>
<p id="lost" class="lost" role="status" hidden></p>
<div id="live" data-view="/-/view">${contentOf(view)}</div>
</main>
<footer><nav aria-label="Dati grezzi"><ul>${raw.map(([href, said]) => html`<li><a href="${href}">${said}</a></li>`)}</ul></nav></footer>`)
}

/** Everything on the page that changes. */
export function contentOf (view: OperationsView): Html {
  const { gateway: { publicUrl, environment, isReady, countedSince, processes }, at } = view
  const hashes = [...new Set(processes.flatMap(({ hash }) => hash ?? []))]
  return html`<p class="state">${isReady ? badge('good', 'In servizio') : badge('bad', 'Non in servizio')} ${publicUrl} <small>${countedSince !== null && `ambiente PDND ${environment}, dall’avvio ${moment(countedSince, at)}`}${hashes.length > 0 && html`, configurazione ${hashes.map((hash, index) => html`${index > 0 && ' e '}${identifier(hash)}`)}`}</small></p>
<p class="updated"><small>Aggiornato alle ${exactTimeOf(at)}</small></p>
<section class="alarms" aria-labelledby="alarms-heading"><h2 id="alarms-heading" class="visually-hidden">Che cosa c’è da fare</h2>
<div aria-live="polite" aria-atomic="false">${alarmStrip(view.alarms)}</div></section>
${countedSince === null ? processesSection(view) : sections(view)}`
}

/** Of a gateway of which no process answers there are no figures. */
function sections (view: OperationsView): Html {
  return html`<nav class="index" aria-label="Sezioni"><ul>${links.map(([href, said]) => html`<li><a href="${href}">${said}</a></li>`)}</ul></nav>
${trafficSection(view)}${eservicesSection(view)}${quotasSection(view)}${trustSection(view)}${proofsSection(view)}${processesSection(view)}`
}

const urgencyNames: Readonly<Record<Urgency, string>> = { now: 'Subito', soon: 'Presto', look: 'Da seguire' }

function alarmStrip (alarms: readonly Alarm[]): Html {
  if (alarms.length === 0) return html`<p class="well"><strong>${allWell}</strong></p>`
  return html`<p class="visually-hidden">${summaryOf(alarms)}</p><ul>${alarms.map(({ id, urgency, what, todo }) => html`
<li data-key="${id}" class="${urgency}"><span class="urgency">${urgencyNames[urgency]}</span><div><strong>${what}</strong> <span>${todo}</span></div></li>`)}</ul>`
}

/** Why somebody is asked for the token: nobody is signed in, it was a wrong one, or there were too many of these. */
export type Asked = 'none' | 'wrong' | 'blocked'
const told: Readonly<Record<Asked, string>> = { none: '', wrong: 'Il token non è quello di questo gateway.', blocked: 'Troppi tentativi da questo indirizzo: riprovare tra un minuto.' }

/** The form to sign in. */
export function writeSignIn (asked: Asked, files: Files): Buffer {
  return document('Varco · Accesso', files, ['palette.css', 'operations.css'], [], html`<header><div class="inside"><p class="brand">Varco <span>Operazioni</span></p></div></header>
<main id="contenuto" class="sign-in"><h1>Accesso</h1>
<p>Questa pagina è per chi gestisce il gateway. Il token è quello di <code>listeners.operations.token</code>, o quello stampato all’avvio.</p>
${told[asked] !== '' && html`<p class="lost" role="alert" id="why">${told[asked]}</p>`}
<form method="post" action="/-/sign-in"><input type="text" name="username" autocomplete="username" value="operazioni" hidden><label for="token">Token delle operazioni</label>
<input id="token" name="token" type="password" required autocomplete="current-password" spellcheck="false"${told[asked] !== '' && html` aria-describedby="why" aria-invalid="true"`}>
<button>Entra</button></form>
<p class="note">L’accesso vale 8 ore e finisce quando il gateway si ferma.</p></main>`)
}

function document (title: string, { folder }: Files, styles: readonly string[], scripts: readonly string[], body: Html): Buffer {
  return Buffer.from(html`<!doctype html>
<html lang="it">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="light dark">
<title>${title}</title>
<link rel="icon" href="data:,">
${styles.map((name) => html`<link rel="stylesheet" href="/-/page/${folder}/${name}">
`)}${scripts.map((name) => html`<script src="/-/page/${folder}/${name}" defer></script>
`)}</head>
<body>
${body}
</body>
</html>
`.text)
}
