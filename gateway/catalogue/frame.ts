import type { Assets, IconName } from './assets.ts'
import { html } from './html.ts'
import type { Html } from './html.ts'
import { inLanguage, languages } from './language.ts'
import type { Language } from './language.ts'
import type { Entry, Stock } from './standing.ts'
import { words } from './words.ts'

/** What every page has around what is its own: `path` is where it is, `owners` who answers for the catalogue. */
export interface Frame { readonly language: Language, readonly path: string, readonly title: string, readonly owners: readonly string[], readonly assets: Assets }

/** Headers of the pages of the catalogue: nothing from elsewhere, nothing inline, no forms, no frames, no sniffing. */
export const catalogueHeaders = {
  'content-security-policy': "default-src 'none'; script-src 'self'; style-src 'self'; font-src 'self'; img-src 'self' data:; base-uri 'none'; form-action 'none'; frame-ancestors 'none'",
  'x-content-type-options': 'nosniff',
  'referrer-policy': 'no-referrer'
}

const languageNames = { it: { short: 'ITA', name: 'Italiano' }, en: { short: 'ENG', name: 'English' } } as const

/** A page as it is sent. */
export function writePage (frame: Frame, content: Html): Buffer {
  const { language, title, assets: { folder, icons } } = frame
  const say = words[language]
  return Buffer.from(html`<!doctype html>
<html lang="${language}">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>${title}</title>
<link rel="icon" href="data:,">
<link rel="preload" href="${folder}/titillium-web-400.woff2" as="font" type="font/woff2" crossorigin>
<link rel="stylesheet" href="${folder}/bootstrap-italia.min.css">
<link rel="stylesheet" href="${folder}/catalogue.css">
${languages.map((one) => html`<link rel="alternate" hreflang="${one}" href="${inLanguage(frame.path, one)}">
`)}<link rel="alternate" type="application/ld+json" href="/catalog.jsonld" title="DCAT-AP_IT">
<script src="${folder}/copy-code.js" defer></script>
</head>
<body>
${icons}
<div class="skiplinks"><a class="visually-hidden-focusable" href="#content">${say.skip}</a></div>
${header(frame)}
<main id="content" tabindex="-1">
${content}
</main>
${footer(language)}
</body>
</html>
`.text)
}

/** Who answers for all of it, in few words. */
export function ownersOf ({ entries }: Stock): readonly string[] {
  return [...new Set(entries.flatMap(({ standing: { owner } }: Entry) => owner.name ?? []))]
}

/** A drawing that says nothing that the text beside it does not say. */
export function icon (name: IconName, classes = 'icon-sm'): Html {
  return html`<svg class="icon ${classes}" aria-hidden="true" focusable="false"><use href="#${name}"></use></svg>`
}

function header ({ language, path, owners }: Frame): Html {
  const say = words[language]
  return html`<header class="it-header-wrapper">
<div class="it-header-slim-wrapper"><div class="container"><div class="it-header-slim-wrapper-content">
<span class="navbar-brand">${owners.length > 0 && owners.length < 3 ? owners.join(' · ') : 'Varco'}</span>
<nav class="it-header-slim-right-zone languages" aria-label="${say.languages}"><ul>${languages.map((one) => html`
<li><a href="${inLanguage(path, one)}" hreflang="${one}" lang="${one}"${one === language && html` aria-current="true"`}><span aria-hidden="true">${languageNames[one].short}</span><span class="visually-hidden">${languageNames[one].name}</span></a></li>`)}
</ul></nav>
</div></div></div>
<div class="it-header-center-wrapper"><div class="container"><div class="it-header-center-content-wrapper">
<div class="it-brand-wrapper"><a href="${inLanguage('/', language)}">${icon('it-pa', '')}<div class="it-brand-text"><div class="it-brand-title">${say.catalogue}</div><div class="it-brand-tagline d-none d-md-block">${say.tagline}</div></div></a></div>
</div></div></div>
</header>`
}

function footer (language: Language): Html {
  const say = words[language]
  const links: readonly (readonly [href: string, text: string])[] = [['/docs', say.documentation], ['/problems', say.problems], ['/rules', say.allRules], ['/catalog.jsonld', say.openDataCatalogue], ['/status', say.status]]
  return html`<footer class="it-footer"><div class="it-footer-main"><div class="container">
<section class="it-brand-wrapper"><a href="${inLanguage('/', language)}">${icon('it-pa', '')}<div class="it-brand-text"><div class="it-brand-title">${say.catalogue}</div></div></a></section>
<nav class="py-4 footer-links" aria-label="${say.links}"><ul>${links.map(([href, text]) => html`<li><a href="${href}">${text}</a></li>`)}</ul></nav>
</div></div></footer>`
}
