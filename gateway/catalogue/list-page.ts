import { demandChips, healthBadge, lintBadge, versionBadges } from './badges.ts'
import { contractText, titleOf } from './contract-text.ts'
import { icon } from './frame.ts'
import { html } from './html.ts'
import type { Html } from './html.ts'
import { inLanguage } from './language.ts'
import type { Language } from './language.ts'
import { notices } from './notices.ts'
import type { Entry, Stock } from './standing.ts'
import { words } from './words.ts'

/** What is on the first page: every e-service on a card of its own. */
export function listContent ({ entries, isReady }: Stock, language: Language): Html {
  const say = words[language]
  return html`<div class="container py-5">
<div class="row"><div class="col-lg-9">
<h1>${say.catalogue}</h1>
<p class="lead">${say.lead}</p>
<p class="gateway-state">${icon(isReady ? 'it-check-circle' : 'it-error', isReady ? 'icon-sm icon-success' : 'icon-sm icon-danger')}<span>${isReady ? say.gateway.ready : say.gateway.notReady}</span></p>
</div></div>
${entries.length === 0 ? html`<div class="empty"><h2 class="h4">${say.none}</h2><p>${say.noneMore}</p></div>` : html`<p class="count">${say.count(entries.length)}</p>
<ul class="row g-4 cards">${entries.map((entry) => html`
<li class="col-12 col-lg-6">${card(entry, language)}</li>`)}
</ul>`}
</div>`
}

/** The page of an e-service. */
export function pagePath (name: string): string {
  return `/catalogue/${name}`
}

function card ({ eservice, standing }: Entry, language: Language): Html {
  const { config: { name }, contract } = eservice
  const say = words[language]
  const { summary } = contractText(contract)
  return html`<article class="it-card rounded shadow-sm border">
<h2 class="it-card-title h4"><a href="${inLanguage(pagePath(name), language)}" lang="it">${titleOf(eservice)}</a></h2>
<div class="it-card-body">
<p class="it-card-subtitle">${standing.owner.name ?? say.unknownOwner}</p>
${summary === undefined ? html`<p class="it-card-text text-secondary">${say.noDescription}</p>` : html`<p class="it-card-text" lang="it">${summary}</p>`}
${notices(standing, language)}
<div class="badges">${healthBadge(standing.health, language)}${versionBadges(standing.versions, language)}${lintBadge(standing.verdicts, language)}</div>
${demandChips(eservice, language)}
</div>
<footer class="it-card-related it-card-footer"><p>${say.contract} ${contract.version}</p><p>${say.used(standing.purposes, standing.consumers)}</p></footer>
</article>`
}
