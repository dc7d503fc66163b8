import type { FastifyInstance } from 'fastify'
import type { Severity } from '../../openapi/lint/finding.ts'
import type { RuleText } from '../../openapi/lint/rules/rule-text.ts'
import { page, toHtml } from './page.ts'

const severities: Readonly<Record<Severity, string>> = { error: inBoth('errore', 'error'), warn: inBoth('avviso', 'warning'), info: inBoth('nota', 'note'), hint: inBoth('consiglio', 'hint') }
const profiles = { pdnd: 'PDND', modi: 'ModI' } as const

/** The pages that the findings of `varco check` lead to: what each rule for contracts asks, why, and how to mend it. Italian first, English below. */
export function addRulePages (app: FastifyInstance): void {
  app.get('/rules', async (_request, reply) => {
    const rows = (await readCatalogue()).map((rule) => `<tr><td><a href="/rules/${rule.id}"><code>${rule.id}</code></a></td><td>${rule.rac ?? ''}</td><td>${toHtml(rule.says.it)}<br><span lang="en">${toHtml(rule.says.en)}</span></td></tr>`)
    return page(reply, 'Regole per i contratti', `<p>Le regole con cui <code>varco check</code> giudica un contratto OpenAPI: il profilo <code>pdnd</code> dice ciò che dirà il controllo della piattaforma prima della pubblicazione, il profilo <code>modi</code> ciò che chiedono le linee guida di interoperabilità.</p>
<p lang="en">The rules by which <code>varco check</code> judges an OpenAPI contract: the profile <code>pdnd</code> says what the platform's check will say before publication, the profile <code>modi</code> what the interoperability guidelines ask.</p>
<table><thead><tr><th scope="col">Regola</th><th scope="col">Raccomandazione</th><th scope="col">Che cosa non va e come rimediare</th></tr></thead><tbody>${rows.join('')}</tbody></table>`, 'it')
  })
  app.get('/rules/:id', async (request, reply) => {
    const rule = (await readCatalogue()).find(({ id }) => id === (request.params as { readonly id: string }).id)
    if (!rule) return reply.callNotFound()
    return page(reply, rule.id, `<p>${factsOf(rule)}</p>
<h2>Che cosa non va e come rimediare</h2><p>${toHtml(rule.says.it)}.</p><h2>Perché</h2><p>${toHtml(rule.why.it)}</p>
<h2>Da correggere</h2>${example(rule.bad)}<h2>Corretto</h2>${example(rule.good)}
<div lang="en"><h2>What is wrong and how to mend it</h2><p>${toHtml(rule.says.en)}.</p><h2>Why</h2><p>${toHtml(rule.why.en)}</p></div>
<p><a href="/rules">Tutte le regole</a></p>`, 'it')
  })
}

function inBoth (italian: string, english: string): string {
  return `${italian} · <span lang="en">${english}</span>`
}

// One scrolls by keyboard, too.
function example (code: string): string {
  return `<pre tabindex="0"><code>${toHtml(code)}</code></pre>`
}

// Only who asks for a page pays for the texts.
async function readCatalogue (): Promise<readonly RuleText[]> {
  return (await import('../../openapi/lint/rules/catalogue.ts')).catalogue
}

function factsOf (rule: RuleText): string {
  const { reference, rac, pdnd } = rule
  const own = (['pdnd', 'modi'] as const).flatMap((profile) => rule[profile] === undefined ? [] : [`${profiles[profile]}: ${severities[rule[profile]]}`])
  return [
    ...own,
    ...pdnd === 'error' ? [inBoth('impedisce la pubblicazione sulla PDND', 'blocks publication on PDND')] : [],
    ...rac === undefined ? [] : [rac],
    ...reference === undefined ? [] : [`${rule.isSpectrals ? 'Spectral' : 'api-oas-checker'}: <code>${toHtml(reference)}</code>`]
  ].join('<br>')
}
