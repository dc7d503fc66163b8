import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify'
import { grantFor } from '../../policies/grants.ts'
import { sandboxOf } from '../docs/docs-document.ts'
import type { LiveEService } from '../route.ts'
import { Answer } from './answer.ts'
import { openAssets } from './assets.ts'
import type { Examples } from './code-section.ts'
import { titleOf } from './contract-text.ts'
import { writeDcat } from './dcat.ts'
import { eserviceContent } from './eservice-page.ts'
import { exampleOf } from './example.ts'
import { catalogueHeaders, ownersOf, writePage } from './frame.ts'
import { Watch } from './health.ts'
import type { Html } from './html.ts'
import { languageOf } from './language.ts'
import type { Language } from './language.ts'
import { listContent, pagePath } from './list-page.ts'
import { readOpenData } from './open-data.ts'
import type { CatalogueParts } from './parts.ts'
import type { VoucherSource } from './snippet-target.ts'
import { snippetsOf } from './snippets.ts'
import { takeStock } from './standing.ts'
import type { Stock } from './standing.ts'
import { words } from './words.ts'

/** How long what was read of the registry and of upstreams is told, in ms: a page that is asked for more often is only sent again. */
const freshMs = 5000
const forGood = 'public, max-age=31536000, immutable'

/**
 * What everybody may look at: `/`, the e-services with a page each below `/catalogue/`, and their open data in DCAT-AP_IT (`/catalog.jsonld`). Pages are written
 * again only when what they tell has changed, in Italian or English, with everything they need served from here.
 */
export async function addCatalogue (app: FastifyInstance, parts: CatalogueParts): Promise<void> {
  const { eservices, config, now } = parts
  const assets = await openAssets()
  const stock = prepareStock(parts)
  const data = new Map(eservices.map((eservice) => [eservice, readOpenData(eservice.contract).datasets]))
  const examples = new Map<LiveEService, Examples>()

  const get = (url: string, handler: (request: FastifyRequest, reply: FastifyReply) => Promise<FastifyReply>): void => { app.route({ method: ['GET', 'HEAD'], url, handler }) }
  const page = (path: string, title: (language: Language) => string, write: (stock: Stock, language: Language) => Html): void => {
    const written: Partial<Record<Language, { readonly of: Stock, readonly answer: Answer }>> = {}
    get(path, async (request, reply) => {
      const language = languageOf(request.raw.url ?? '', request.headers['accept-language'])
      const of = await stock()
      const known = written[language]
      const { answer } = written[language] = known?.of === of ? known : { of, answer: new Answer('text/html; charset=utf-8', writePage({ language, path, title: title(language), owners: ownersOf(of), assets }, write(of, language))) }
      return answer.send(request, reply, { ...catalogueHeaders, 'cache-control': 'no-cache', 'content-language': language, vary: 'accept-language' })
    })
  }

  for (const [name, answer] of assets.files) get(`${assets.folder}/${name}`, async (request, reply) => answer.send(request, reply, { ...catalogueHeaders, 'cache-control': forGood }))
  page('/', (language) => words[language].catalogue, listContent)
  for (const [index, eservice] of eservices.entries()) {
    const others = eservices.filter((one) => one !== eservice && one.config.eserviceId === eservice.config.eserviceId)
    page(pagePath(eservice.config.name), (language) => `${titleOf(eservice)} · ${words[language].catalogue}`, ({ entries }, language) => {
      const entry = entries[index] as Stock['entries'][number]
      if (!examples.has(eservice)) examples.set(eservice, examplesOf(eservice, parts))
      return eserviceContent({ entry, others, examples: examples.get(eservice) as Examples, datasets: data.get(eservice) ?? [], config }, language)
    })
  }
  let dcat: { readonly of: Stock, readonly day: string, readonly answer: Answer } | undefined
  get('/catalog.jsonld', async (request, reply) => {
    const of = await stock()
    const day = new Date(now()).toISOString().slice(0, 10)
    if (dcat?.of !== of || dcat.day !== day) {
      const offered = of.entries.map(({ eservice, standing: { owner } }) => ({ eservice, owner, datasets: data.get(eservice) ?? [] }))
      dcat = { of, day, answer: new Answer('application/ld+json', Buffer.from(writeDcat(offered, config, day))) }
    }
    return dcat.answer.send(request, reply, { ...catalogueHeaders, 'cache-control': 'no-cache' })
  })
}

/** Prepares telling how all stands: the same object as long as nothing has changed. */
function prepareStock (parts: CatalogueParts): () => Promise<Stock> {
  const watches = new Map([...parts.probes].map(([eservice, probe]) => [eservice, new Watch(probe, parts.now)]))
  let taken: Stock | undefined
  let told = ''
  let takenAt = -Infinity
  let taking: Promise<Stock> | undefined
  const take = async (): Promise<Stock> => {
    const next = await takeStock(parts, async (eservice) => watches.get(eservice)?.read() ?? 'unknown')
    const telling = JSON.stringify([next.isReady, next.entries.map(({ standing }) => standing)])
    takenAt = parts.now()
    if (!taken || telling !== told) [taken, told] = [next, telling]
    return taken
  }
  return async () => {
    if (taken && parts.now() - takenAt < freshMs) return taken
    return taking ??= take().finally(() => { taking = undefined })
  }
}

/** How developers call an e-service: where a voucher comes from depends on the environment. */
function examplesOf (eservice: LiveEService, { config, registry }: CatalogueParts): Examples {
  const sandbox = sandboxOf(config)
  const source: VoucherSource = sandbox === undefined
    ? { kind: 'platform', tokenUrl: config.pdnd.tokenUrl, audience: config.pdnd.clientAssertionAudience }
    : { kind: 'sandbox', url: `${sandbox}/debug/vouchers`, ...sandboxConsumer(eservice, registry.file) }
  const example = exampleOf(eservice, config)
  const { name } = eservice.config
  const reading = eservice.contract.operations.find(({ method, isPublic }) => method === 'GET' && !isPublic) ?? eservice.contract.operations.find(({ isPublic }) => !isPublic)
  return {
    source: source.kind,
    target: example ? `${example.operation.method} ${example.operation.path}` : '',
    snippets: example ? snippetsOf(example, source) : [],
    command: reading && `npx varco call ${name} ${reading.method} '${reading.path}'`
  }
}

/** Who calls in an example, by the names of the sandbox: a client of the registry file with an active purpose, else that of the demonstration. */
function sandboxConsumer ({ config: { name, eserviceId }, terms: { grants } }: LiveEService, file: CatalogueParts['registry']['file']): { readonly client: string, readonly purpose: string } {
  for (const { id, alias, eserviceId: of, consumerId, versions } of file?.purposes ?? []) {
    const isGood = of === eserviceId && versions.some(({ state }) => state === 'Active') && (!grants || grantFor(grants, id, consumerId))
    const client = isGood && file?.clients.find(({ kind, purposes }) => kind === 'Consumer' && purposes.includes(id))
    if (client) return { client: client.alias, purpose: alias }
  }
  return { client: 'istat', purpose: `istat-${name}` }
}
