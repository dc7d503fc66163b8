import type { Operation } from '../../openapi/contract.ts'
import { noDemands } from '../../policies/demands.ts'
import type { Config } from '../config.ts'
import { needsText } from '../docs/docs-demands.ts'
import { needsOf } from '../docs/docs-document.ts'
import type { LiveEService } from '../route.ts'
import { demandChips, healthBadge, lintBadge, versionBadges } from './badges.ts'
import { codeSection } from './code-section.ts'
import type { Examples } from './code-section.ts'
import { contractText, titleOf } from './contract-text.ts'
import { icon } from './frame.ts'
import { html } from './html.ts'
import type { Html, HtmlValue } from './html.ts'
import { inLanguage } from './language.ts'
import type { Language } from './language.ts'
import { limitsInWords } from './limits-in-words.ts'
import { pagePath } from './list-page.ts'
import { inline, markdown } from './markdown.ts'
import { notices } from './notices.ts'
import type { OpenDataset } from './open-data.ts'
import type { Entry } from './standing.ts'
import { words } from './words.ts'
import type { Words } from './words.ts'

/** What a page tells of an e-service: with its other versions, how it is called, and what of it is open data. */
export interface EServicePage { readonly entry: Entry, readonly others: readonly LiveEService[], readonly examples: Examples, readonly datasets: readonly OpenDataset[], readonly config: Config }

/** What is on the page of an e-service. */
export function eserviceContent (page: EServicePage, language: Language): Html {
  const { entry: { eservice, standing }, others } = page
  const say = words[language]
  const { summary, description } = contractText(eservice.contract)
  const sections = sectionsOf(page, say, language)
  return html`<div class="container py-4">
<nav class="breadcrumb-container" aria-label="${say.breadcrumb}"><ol class="breadcrumb"><li class="breadcrumb-item"><a href="${inLanguage('/', language)}">${say.home}</a><span class="separator" aria-hidden="true">/</span></li><li class="breadcrumb-item active" aria-current="page" lang="it">${titleOf(eservice)}</li></ol></nav>
<div class="row"><div class="col-lg-9">
<h1 lang="it">${titleOf(eservice)}</h1>
<p class="lead"${summary !== undefined && html` lang="it"`}>${summary ?? say.noDescription}</p>
<div class="badges">${healthBadge(standing.health, language)}${versionBadges(standing.versions, language)}${lintBadge(standing.verdicts, language)}</div>
${demandChips(eservice, language)}
${notices(standing, language)}
</div></div>
<div class="row mt-4">
<div class="col-lg-3 d-none d-lg-block"><nav class="page-index" aria-labelledby="page-index"><p id="page-index">${say.thisPage}</p><ul>${sections.map(({ id, title }) => html`<li><a href="#${id}">${title}</a></li>`)}</ul></nav></div>
<div class="col-lg-9">
${facts(page, say)}
${description !== undefined && html`<div class="description" lang="it">${markdown(description)}</div>`}
${sections.map(({ id, title, content }) => html`<section id="${id}" aria-labelledby="${id}-title"><h2 id="${id}-title" class="h3">${title}</h2>
${content}
</section>`)}
${others.length > 0 && html`<section aria-labelledby="others"><h2 id="others" class="h3">${say.otherVersions}</h2><ul>${others.map((other) => html`<li><a href="${inLanguage(pagePath(other.config.name), language)}"><span lang="it">${titleOf(other)}</span> ${other.contract.version}</a></li>`)}</ul></section>`}
</div>
</div>
</div>`
}

interface Section { readonly id: string, readonly title: string, readonly content: Html }

function sectionsOf ({ entry: { eservice, standing }, examples, datasets, config }: EServicePage, say: Words, language: Language): readonly Section[] {
  return [
    { id: 'purposes', title: say.purposes, content: html`<p><strong>${say.used(standing.purposes, standing.consumers)}</strong>${standing.purposes > 0 && ` ${say.usedMore}`}</p>${standing.legalBasis !== undefined && html`<p>${say.legalBasis} <span lang="it">${standing.legalBasis}</span></p>`}` },
    { id: 'send', title: say.send, content: sendContent(eservice, config, say, language) },
    { id: 'limits', title: say.limits, content: html`<ul>${limitsInWords(eservice.config, standing.versions, language).map((limit) => html`<li>${inline(limit)}</li>`)}</ul>` },
    { id: 'operations', title: say.operations, content: operationsContent(eservice, say) },
    { id: 'code', title: say.code, content: codeSection(examples, say) },
    ...datasets.length === 0 ? [] : [{ id: 'open-data', title: say.openData, content: openDataContent(datasets, say, language) }],
    { id: 'quality', title: say.quality, content: html`${standing.verdicts ? html`<ul>${standing.verdicts.map(({ profile, errors, warnings }) => html`<li>${say.verdict(profile, errors, warnings)}</li>`)}</ul>` : html`<p>${say.notChecked}.</p>`}<p><a href="/rules">${say.rules}</a></p>` }
  ]
}

function facts ({ entry: { eservice, standing }, config: { publicUrl } }: EServicePage, say: Words): Html {
  const { config: { audience, eserviceId }, contract, basePath } = eservice
  const { terms, contact: { name, url, email } } = contractText(contract)
  const { owner } = standing
  const contact = [name !== undefined && html`<span lang="it">${name}</span>`, url !== undefined && html`<a href="${url}">${url}</a>`, email !== undefined && html`<a href="mailto:${email}">${email}</a>`].filter((one) => one !== false)
  const rows: readonly (readonly [string, HtmlValue])[] = [
    [say.owner, html`${owner.name ?? say.unknownOwner}${owner.identifier !== undefined && html` <span class="text-secondary">(${say.ipa(owner.identifier)})</span>`}`],
    ...contact.length === 0 ? [] : [[say.contact, contact.map((one) => html`<div>${one}</div>`)] as const],
    [say.address, html`<code>${publicUrl + basePath}</code>`],
    [say.audience, audience.map((one) => html`<div><code>${one}</code></div>`)],
    [say.eserviceId, html`<code>${eserviceId}</code>`],
    [say.contractVersion, contract.version],
    ...terms === undefined ? [] : [[say.terms, html`<a href="${terms}">${terms}</a>`] as const]
  ]
  return html`<dl class="facts">${rows.map(([term, value]) => html`<div><dt>${term}</dt><dd>${value}</dd></div>`)}</dl>
<ul class="downloads">${(['yaml', 'json'] as const).map((format) => html`<li><a class="btn btn-outline-primary btn-sm" href="${contractPath(eservice, format)}">${icon('it-download', 'icon-sm icon-primary')} ${say.download(format.toUpperCase())}</a></li>`)}<li><a class="btn btn-primary btn-sm" href="/docs#/${eservice.config.name}">${say.tryAll}</a></li></ul>`
}

/** Where a contract can be downloaded. */
export function contractPath ({ config: { name }, contract: { version } }: LiveEService, format: 'yaml' | 'json'): string {
  return `/openapi/${name}.v${version.split('.')[0]}.${format}`
}

/** What is demanded: of all operations once, and of some what is more. */
function sendContent (eservice: LiveEService, config: Config, say: Words, language: Language): Html {
  const asked = eservice.contract.operations.flatMap((operation) => {
    const needs = needsOf(eservice, operation, config)
    return needs ? [{ operation, lines: needsText(needs, language).split('\n') }] : []
  })
  const [first, ...others] = asked
  if (!first) return html`<p>${say.sendNothing}</p>`
  const shared = first.lines.filter((line) => others.every(({ lines }) => lines.includes(line)))
  const more = Map.groupBy(asked, ({ lines }) => lines.filter((line) => !shared.includes(line)).join('\n'))
  return html`<p>${say.sendLead}</p>${shared.length > 0 && html`<p><strong>${say.sendTo}</strong> ${say.sendAll}.</p>${markdown(shared.join('\n'))}`}
${[...more].filter(([text]) => text !== '').map(([text, of]) => html`<div class="demands"><p><strong>${shared.length > 0 ? say.sendMoreTo : say.sendTo}</strong> ${of.map(({ operation }, index) => html`${index > 0 && ', '}<a href="#${anchor(operation)}"><code>${operation.id}</code></a>`)}</p>${markdown(text)}</div>`)}`
}

function anchor ({ id }: Operation): string {
  return `op-${encodeURIComponent(id)}`
}

function operationsContent (eservice: LiveEService, say: Words): Html {
  const { config: { name }, contract: { operations }, deprecations, demands } = eservice
  // Tables that become blocks on narrow screens are no tables there to who cannot see them, unless they are said to be.
  return html`<p>${say.tryLead}</p>
<table class="table operations" role="table"><thead role="rowgroup"><tr role="row">${[say.path, say.does, say.access, say.tryIt].map((title) => html`<th scope="col" role="columnheader">${title}</th>`)}</tr></thead>
<tbody role="rowgroup">${operations.map((operation) => {
    const { id, method, path, isPublic, source } = operation
    const summary = typeof source['summary'] === 'string' ? source['summary'] : id
    const token = (demands.get(id) ?? noDemands).trust.includes('pdnd') ? say.withVoucher : say.withToken
    return html`
<tr role="row" id="${anchor(operation)}"><td role="cell"><div class="target"><span class="method method-${method.toLowerCase()}">${method}</span> <code>${path}</code></div></td>
<td role="cell"><span lang="it">${summary}</span>${deprecations.has(id) && html` <span class="badge bg-warning">${say.deprecatedOperation}</span>`}</td>
<td role="cell" class="access">${icon(isPublic ? 'it-unlocked' : 'it-locked', 'icon-sm icon-secondary')} ${isPublic ? say.open : token}</td>
<td role="cell"><a href="/docs#/${encodeURIComponent(name)}/${encodeURIComponent(`${name}.${id}`)}"><span>${say.tryIt}</span> <span class="visually-hidden">${say.tryOperation(id)}</span></a></td></tr>`
  })}</tbody></table>`
}

function openDataContent (datasets: readonly OpenDataset[], say: Words, language: Language): Html {
  return html`<p>${say.openDataLead}</p>
${datasets.map(({ id, title, description, license, holder, distributions }) => html`<div class="dataset" id="${id}"><h3 class="h5">${title[language] ?? html`<span lang="it">${title.it}</span>`}</h3><p>${description[language] ?? html`<span lang="it">${description.it}</span>`}</p>
<p>${holder !== undefined && html`${say.holder}: ${holder.name}. `}${say.license}: <a href="${license.url}">${license.name}</a>.</p>
<ul>${[...Map.groupBy(distributions, ({ operation }) => operation)].map(([{ id: operation, source, path }, of]) => html`<li><span lang="it">${typeof source['summary'] === 'string' ? source['summary'] : operation}</span>: <code>${path}</code> (${of.map(({ format }) => format).join(', ')})</li>`)}</ul></div>`)}
<p><a href="/catalog.jsonld">${say.openDataCatalogue}</a></p>`
}
