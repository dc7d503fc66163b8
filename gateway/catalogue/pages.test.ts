import { setTimeout as wait } from 'node:timers/promises'
import t from 'tap'
import type { JsonObject } from '../../openapi/document.ts'
import { startGateway } from '../harness/gateway.ts'
import type { Harness } from '../harness/gateway.ts'
import { granting, writtenGrant } from '../harness/grants.ts'
import { archiveContract, basePath, ids } from '../harness/platform.ts'
import type { LintVerdict } from '../verdicts.ts'
import { lintBadge } from './badges.ts'
import { Watch } from './health.ts'
import { listContent } from './list-page.ts'

const pageOf = async (gateway: Harness, path: string, headers: Readonly<Record<string, string>> = {}, method = 'GET'): Promise<{ status: number, headers: Headers, text: string }> => {
  const answer = await fetch(gateway.config.publicUrl + path, { method, headers: { connection: 'close', 'accept-encoding': 'identity', ...headers } })
  return { status: answer.status, headers: answer.headers, text: await answer.text() }
}

const other = (number: number): string => `20000000-0000-4000-8000-00000000000${number}`
const contractWith = (info: object, paths: object = archiveContract['paths'] as object): JsonObject => ({ ...archiveContract, info: { title: 'Archivio', version: '1.0.0', ...info }, paths }) as unknown as JsonObject

t.test('a page is kept by whoever has it, in each language and coding, until what it tells changes', async (t) => {
  const gateway = await startGateway(t)
  const italian = await pageOf(gateway, '/')
  t.match({ status: italian.status, language: italian.headers.get('content-language'), vary: italian.headers.get('vary'), cache: italian.headers.get('cache-control'), type: italian.headers.get('content-type') },
    { status: 200, language: 'it', vary: 'accept-language, accept-encoding', cache: 'no-cache', type: 'text/html; charset=utf-8' })
  t.match(italian.headers.get('content-security-policy'), /^default-src 'none'; script-src 'self'; style-src 'self';/)
  const etag = italian.headers.get('etag') as string
  const again = await pageOf(gateway, '/', { 'if-none-match': `"other", W/${etag}` })
  t.strictSame([again.status, again.text, again.headers.get('etag'), again.headers.get('vary')], [304, '', etag, 'accept-language, accept-encoding'])
  const english = await pageOf(gateway, '/', { 'accept-language': 'en', 'if-none-match': etag })
  t.match([english.status, english.text], [200, /<html lang="en">/])
  const head = await pageOf(gateway, '/', {}, 'HEAD')
  t.strictSame([head.status, head.text, head.headers.get('etag'), head.headers.get('content-length')], [200, '', etag, String(Buffer.byteLength(italian.text))])
  const raw = await gateway.raw(['GET / HTTP/1.1', `Host: ${gateway.host}`, 'Accept-Encoding: br, gzip;q=0.5', 'Connection: close'])
  t.match(raw.headers, { 'content-encoding': 'gzip', etag: `${etag.slice(0, -1)}-gzip"` })
  t.equal((await pageOf(gateway, '/', { 'accept-encoding': 'gzip;q=0, identity' })).headers.get('content-encoding'), null)
  gateway.clock.now += 60_000
  t.equal((await pageOf(gateway, '/')).headers.get('etag'), etag, 'nothing has changed')
  gateway.upstream.answer = (_request, response) => { response.writeHead(503).end() }
  let changed = await pageOf(gateway, '/')
  for (const end = performance.now() + 5000; !changed.text.includes('Non risponde') && performance.now() < end; changed = await pageOf(gateway, '/')) {
    gateway.clock.now += 60_000
    await wait(50)
  }
  t.match(changed.text, /Non risponde/)
  t.not(changed.headers.get('etag'), etag)
  t.equal((await pageOf(gateway, '/catalogue/none')).status, 404)
  const post = await pageOf(gateway, '/', {}, 'POST')
  t.equal(post.status, 404)
})

t.test('what pages are dressed in may be kept for good, and comes compressed', async (t) => {
  const gateway = await startGateway(t)
  const { text } = await pageOf(gateway, '/')
  const files = [...text.matchAll(/(?:href|src)="(\/assets\/[^"]+)"/g)].map(([, path]) => path ?? '')
  t.equal(files.length, 4)
  for (const path of files) {
    const { status, headers } = await pageOf(gateway, path)
    t.match({ status, cache: headers.get('cache-control'), sniff: headers.get('x-content-type-options') }, { status: 200, cache: 'public, max-age=31536000, immutable', sniff: 'nosniff' }, path)
  }
  const css = await fetch(gateway.config.publicUrl + files.find((path) => path.endsWith('italia.min.css')), { headers: { 'accept-encoding': 'gzip' } })
  t.ok(Number(css.headers.get('content-length')) < 120_000)
  t.notMatch(await css.text(), /@font-face/, 'no font that the policy would block')
})

t.test('however often a page is read, an upstream is looked at every ten seconds at most', async (t) => {
  const gateway = await startGateway(t)
  await Promise.all(Array.from({ length: 20 }, async (_, index) => pageOf(gateway, index % 2 ? '/' : '/catalogue/archive')))
  t.strictSame(gateway.upstream.requests.map(({ url }) => url), [`${basePath}/status`])
  gateway.clock.now += 9999
  await pageOf(gateway, '/')
  t.equal(gateway.upstream.requests.length, 1)

  const waiting: ((isWell: boolean) => void)[] = []
  let now = 0
  const watch = new Watch(async () => new Promise((resolve) => { waiting.push(resolve) }), () => now)
  t.equal(await watch.read(), 'unknown', 'the first reader waits, but not for ever')
  waiting[0]?.(false)
  await wait(1)
  t.equal(await watch.read(), 'unwell')
  now += 10_000
  t.equal(await watch.read(), 'unwell', 'nobody waits for the next look')
  t.equal(waiting.length, 2)
})

t.test('it counts who uses an e-service and does not name them', async (t) => {
  const gateway = await startGateway(t, {
    registry: (content) => ({ ...content, purposes: [...content.purposes, { ...content.purposes[0], id: other(1), alias: 'sospesa', title: 'Motivo sospeso', versions: [{ ...content.purposes[0]?.versions[0], id: other(2), state: 'Suspended' }] }] })
  })
  const { text } = await pageOf(gateway, '/catalogue/archive')
  t.match(text, /Serve 1 finalità attiva di 1 amministrazione\./)
  t.match(text, /Ente erogatore/)
  for (const secret of [ids.consumer, ids.client, ids.purpose, ids.agreement, 'Ente fruitore', 'Consultazione', 'Motivo sospeso', gateway.upstream.url, gateway.config.eservices[0]?.upstream.secret ?? '']) t.notOk(text.includes(secret), secret)
})

t.test('on what a grant rests is told where it holds for everybody: others name those for whom they were written', async (t) => {
  const gateway = await startGateway(t, granting([writtenGrant({ legalBasis: 'D.Lgs. 82/2005, art. 50' }), writtenGrant({ id: 'agreed', purpose: ids.purpose, legalBasis: 'Accordo con Ente fruitore' })]))
  const { text } = await pageOf(gateway, '/catalogue/archive')
  t.match(text, /D\.Lgs\. 82\/2005, art\. 50/)
  t.notMatch(text, /Accordo con|Ente fruitore/)
})

t.test('the state of every version is in words, and what follows from it', async (t) => {
  const stateOf = async (state: string | undefined, deprecation?: object): Promise<string> => {
    const gateway = await startGateway(t, {
      config: (usual) => ({ ...usual, eservices: usual.eservices.map((one) => ({ ...one, deprecation: deprecation as never })) }),
      registry: (content) => ({ ...content, eservices: content.eservices.map((one) => ({ ...one, descriptors: one.descriptors.map((descriptor) => ({ ...descriptor, ...state === undefined ? { id: other(3) } : { state } })) })), agreements: state === undefined ? [] : content.agreements })
    })
    return (await pageOf(gateway, '/catalogue/archive')).text
  }
  t.match(await stateOf('Deprecated'), /Versione 1: Deprecata[\s\S]*chi la usa continua/)
  t.match(await stateOf('Suspended'), /Versione 1: Sospesa[\s\S]*non rilascia voucher/)
  t.match(await stateOf(undefined), /Non risulta su PDND[\s\S]*nessun voucher vale/)
  const leaving = await stateOf('Published', { since: '2026-01-31', sunset: '2026-12-01', successor: 'https://api.example.it/v2', notice: 'https://www.example.it/avviso' })
  t.match(leaving, /Deprecato dal 31 gennaio 2026\. Dal 1º dicembre 2026 può non rispondere più\.[\s\S]*href="https:\/\/api\.example\.it\/v2"[\s\S]*href="https:\/\/www\.example\.it\/avviso"/)
})

t.test('what a contract says is text, and only the web and mail are links', async (t) => {
  const hostile = '"><img src=x onerror=alert(1)><script>alert(2)</script>'
  const gateway = await startGateway(t, {
    contract: contractWith({
      title: `Titolo ${hostile}`, description: `Descrizione ${hostile} [qui](javascript:alert(3))`, 'x-summary': `Sintesi ${hostile}`, termsOfService: 'javascript:alert(4)',
      contact: { name: `Nome ${hostile}`, url: 'javascript:alert(5)', email: `a@b.it?${hostile}` },
      'x-open-data': { license: 'javascript:alert(6)', datasets: [{ id: 'x', title: { it: hostile } }, hostile, null] }
    }, { '/items': { get: { operationId: 'listItems', summary: `Fa ${hostile}`, 'x-modi': { dpop: 'required' }, responses: { 200: { description: 'Fatto' } } } } })
  })
  for (const path of ['/', '/catalogue/archive?lang=en']) {
    const { text } = await pageOf(gateway, path)
    t.notMatch(text, /<img|<script>|href="javascript|href="mailto:a@b.it\?/, path)
    t.match(text, /Titolo &quot;&gt;&lt;img/)
  }
  const { text } = await pageOf(gateway, '/catalogue/archive')
  t.match(text, /npx varco call archive GET &#39;\/items&#39;/, 'more than a voucher takes the command')
  t.notMatch(text, /id="open-data"/, 'what cannot be described is not offered')
  t.strictSame(JSON.parse((await pageOf(gateway, '/catalog.jsonld')).text)['@graph'][0]['dcat:dataset'], [])
})

t.test('what was found in a contract is in words, the worst of it first', async (t) => {
  const said = (...verdicts: readonly LintVerdict[]): string => lintBadge(verdicts.length > 0 ? verdicts : undefined, 'it').text.replaceAll(/<[^>]*>/g, '')
  t.equal(said(), 'Contratto: non ancora verificato')
  t.equal(said({ profile: 'pdnd', errors: 0, warnings: 0 }), 'Contratto: nessun errore')
  t.equal(said({ profile: 'pdnd', errors: 0, warnings: 0 }, { profile: 'modi', errors: 0, warnings: 1 }), 'Profilo modi: 0 errori, 1 avviso')
  t.equal(said({ profile: 'pdnd', errors: 1, warnings: 0 }, { profile: 'modi', errors: 3, warnings: 2 }), 'Profilo modi: 3 errori, 2 avvisi')
})

t.test('it looks well with little and with much', async (t) => {
  const long = 'Denominazionelunghissimasenzaspazi'.repeat(8)
  const gateway = await startGateway(t, { contract: contractWith({ title: long }) })
  const { text } = await pageOf(gateway, '/')
  t.match(text, /Il contratto non descrive questo e-service\./)
  t.ok(text.includes(long))
  const open = await startGateway(t, { contract: contractWith({}, { '/open': { get: { operationId: 'getOpen', security: [], responses: { 200: { description: 'Fatto' } } } } }) })
  const page = (await pageOf(open, '/catalogue/archive')).text
  t.match(page, /non serve nessun voucher/)
  t.match(listContent({ entries: [], isReady: false }, 'en').text, /cannot admit calls[\s\S]*There is no e-service yet/)
})
