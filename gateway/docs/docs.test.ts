import { existsSync } from 'node:fs'
import { join } from 'node:path'
import { chromium } from 'playwright-core'
import type { Browser, Page, Route } from 'playwright-core'
import t from 'tap'
import type { Test } from 'tap'
import { parse } from 'yaml'
import { loadContract } from '../../openapi/contract.ts'
import type { JsonObject } from '../../openapi/document.ts'
import { denials } from '../../policies/denials.ts'
import { freePort } from '../harness/free-port.ts'
import { custodyOptions, withCustody } from '../harness/custody.ts'
import { archiveContract, ids } from '../harness/platform.ts'
import { launch, root, temporaryFolder } from '../harness/process.ts'
import { startGateway } from '../harness/gateway.ts'
import { layKeys } from '../sandbox/keys-fixture.ts'

const executablePath = '/usr/bin/chromium'
const noBrowser = existsSync(executablePath) ? false : `there is no ${executablePath}: install chromium to see the docs in a real browser`
const args = ['--no-sandbox', '--disable-gpu', '--disable-quic', '--no-first-run', '--disable-background-networking', '--disable-component-update', '--disable-sync']
let launched: Promise<Browser> | undefined
t.teardown(async () => (await launched)?.close())

const port = await freePort()
const [gateway, sandbox] = [`http://127.0.0.1:${port}`, `http://127.0.0.1:${port + 1}`]
const cwd = await temporaryFolder(t)
await layKeys(join(cwd, '.varco/sandbox'))
await launch(t, ['gateway/start.ts'], { cwd, port }).says(/^curl /m)

const eservices = ['tickets', 'surveys', 'service-usage', 'sla-telemetry']
const strict = "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; font-src 'self'; connect-src CONNECT; base-uri 'none'; form-action 'none'; frame-ancestors 'none';"

/** A page that remembers where it asked for something and everything that it complained about. */
async function openDocs (t: Test, url: string, width = 1280): Promise<{ page: Page, origins: Set<string>, complaints: string[] }> {
  launched ??= chromium.launch({ executablePath, args })
  const context = await (await launched).newContext({ viewport: { width, height: 900 } })
  t.teardown(async () => context.close())
  context.setDefaultTimeout(15_000)
  const page = await context.newPage()
  const origins = new Set<string>()
  const complaints: string[] = []
  page.on('request', (request) => { if (!request.url().startsWith('data:')) origins.add(new URL(request.url()).origin) })
  page.on('requestfailed', (request) => { complaints.push(`${request.url()} failed`) })
  page.on('pageerror', (error) => { complaints.push(error.message) })
  page.on('console', (message) => { if (['error', 'warning'].includes(message.type())) complaints.push(message.text()) })
  page.on('dialog', (dialog) => {
    complaints.push(`dialog ${dialog.message()}`)
    void dialog.dismiss()
  })
  await page.goto(`${url}/docs`)
  await page.locator('.opblock-tag').first().waitFor()
  return { page, origins, complaints }
}

for (const [origin, width] of [[gateway, 1280], [`http://localhost:${port}`, 390]] as const) {
  t.test(`from ${new URL(origin).hostname}, ${width} pixels wide, a button and a click give Infoline's 842571 tickets of 2023`, { skip: noBrowser }, async (t) => {
    const { page, origins, complaints } = await openDocs(t, origin, width)
    t.strictSame(await page.locator('.opblock-tag').evaluateAll((tags) => tags.map((tag) => tag.getAttribute('data-tag'))), eservices)
    await page.getByRole('button', { name: 'Ottieni i voucher dal sandbox' }).click()
    await page.getByText('Voucher ottenuti per 4 e-service').waitFor()
    await page.locator('#operations-tag-tickets').click()
    const operation = page.locator('.opblock', { has: page.locator('[data-path="/rest/tickets/v1/channels"]') })
    await operation.locator('.opblock-summary').click()
    await operation.getByRole('button', { name: 'Try it out' }).click()
    for (const name of ['channel', 'measure']) await operation.locator(`[data-param-name="${name}"] select`).selectOption(name === 'channel' ? 'infoline' : 'tickets')
    await operation.locator('[data-param-name="period"] input').fill('2023')
    await operation.getByRole('button', { name: 'Execute' }).click()
    const answer = operation.locator('.live-responses-table tbody .response').first()
    await answer.waitFor()
    t.match(await answer.innerText(), /^200\b/)
    t.match(await answer.innerText(), /"value": 842571,/)
    t.strictSame(complaints, [], 'nothing to complain about')
    t.strictSame(origins, new Set([origin, sandbox]), 'it asks the gateway and the sandbox, nobody else')
    t.equal(await page.evaluate('document.scrollingElement.scrollWidth'), width, 'nothing sticks out')
  })
}

t.test('the button takes the vouchers that there are and names the e-services without one', { skip: noBrowser }, async (t) => {
  const { page } = await openDocs(t, gateway)
  const refusing = (names: readonly string[]) => async (route: Route): Promise<void> => names.some((name) => route.request().postData()?.includes(`istat-${name}"`)) ? route.fulfill({ status: 404, body: '{}', headers: { 'access-control-allow-origin': '*' } }) : route.continue()
  const button = page.getByRole('button', { name: 'Ottieni i voucher dal sandbox' })
  await page.route('**/debug/vouchers', refusing(['tickets', 'service-usage']))
  await button.click()
  await page.getByText('Voucher ottenuti per 2 e-service (fruitore: istat, 10 minuti). Senza voucher: tickets, service-usage (il sandbox ha risposto 404).').waitFor()
  await page.unroute('**/debug/vouchers')
  await page.route('**/debug/vouchers', refusing(eservices))
  await button.click()
  await page.getByText('Nessun voucher ottenuto. Senza voucher: tickets, surveys, service-usage, sla-telemetry (il sandbox ha risposto 404).').waitFor()
})

t.test('with a real platform there is no button, and the page may call the gateway only', async (t) => {
  const { config } = await startGateway(t, { config: (usual) => ({ ...usual, environment: 'collaudo' }) })
  const answer = await fetch(`${config.publicUrl}/docs`)
  t.equal(answer.headers.get('content-security-policy'), strict.replace('CONNECT', "'self'"))
  t.notMatch(await answer.text(), /sandbox/i)
  t.notMatch(await (await fetch(`${config.publicUrl}/docs/json`)).text(), /sandbox/i)
  t.equal((await fetch(`${config.publicUrl}/docs/static/theme/sandbox-voucher.js`)).status, 404)
})

t.test('every page and file of the docs comes with a strict policy, from this process', async (t) => {
  const html = await (await fetch(`${gateway}/docs`)).text()
  const files = [...html.matchAll(/(?:src|href)="([^"#]+)"/g)].map(([, path]) => new URL(path ?? '', `${gateway}/docs`).href)
  t.ok(files.length > 4)
  for (const url of [`${gateway}/docs`, `${gateway}/docs/json`, ...files]) {
    const { status, headers } = await fetch(url)
    t.match({ status, policy: headers.get('content-security-policy'), sniff: headers.get('x-content-type-options'), referrer: headers.get('referrer-policy') },
      { status: 200, policy: strict.replace('CONNECT', `'self' ${sandbox}`), sniff: 'nosniff', referrer: 'no-referrer' }, url)
  }
  t.notMatch(html, /<script>|<style|\son\w+=|https?:\/\//, 'nothing inline, nothing from elsewhere')
})

t.test('the contracts are served whole, as YAML and as JSON', async (t) => {
  for (const name of eservices) {
    const [json, yaml] = await Promise.all(['json', 'yaml'].map(async (extension) => fetch(`${gateway}/openapi/${name}.v1.${extension}`)))
    t.match([json?.headers.get('content-type'), yaml?.headers.get('content-type')], [/^application\/json/, /^application\/yaml/])
    const text = await json?.text() ?? ''
    t.strictSame(parse(await yaml?.text() ?? '', { maxAliasCount: 0 }), JSON.parse(text), `${name}: both are the same`)
    const references = [...text.matchAll(/"\$ref": "([^"]*)"/g)].map(([, reference]) => reference)
    t.ok(references.length > 0 && references.every((reference) => reference?.startsWith('#/')), 'it refers to nothing outside')
    t.same(JSON.parse(text), (await loadContract(`${root}/openapi/${name}.v1.yaml`)).document, 'it is the contract')
  }
})

t.test('every refusal has a page, and one page lists them all', async (t) => {
  const all = await (await fetch(`${gateway}/problems`)).text()
  for (const [code, { title, mend }] of Object.entries(denials)) {
    t.ok(all.includes(`href="/problems/${code}"`), code)
    const answer = await fetch(`${gateway}/problems/${code}`)
    t.match({ status: answer.status, type: answer.headers.get('content-type') }, { status: 200, type: 'text/html; charset=utf-8' })
    t.match(answer.headers.get('content-security-policy'), /^default-src 'none';/)
    const page = await answer.text()
    for (const text of [title, code, mend]) t.ok(page.includes(text.replaceAll('<', '&lt;').replaceAll('>', '&gt;')), text)
  }
  t.equal((await fetch(`${gateway}/problems/no-such-code`)).status, 404)
})

t.test('what a contract says is text: no HTML in it becomes part of the page', { skip: noBrowser }, async (t) => {
  const hostile = '<img src=x onerror=alert(1)><script>alert(2)</script>'
  const said = (place: string): string => `${place} ${hostile}`
  const contract = structuredClone(archiveContract) as unknown as { info: Record<string, string>, paths: Record<string, Record<string, object>> }
  Object.assign(contract.info, { title: said('title'), description: said('info') })
  Object.assign(contract.paths['/open']?.['get'] ?? {}, {
    summary: said('summary'),
    description: said('description'),
    parameters: [{ name: 'q', in: 'query', description: said('parameter'), schema: { type: 'string' } }],
    responses: { 200: { description: said('response'), content: { 'application/json': { schema: { type: 'object', description: said('schema') } } } } }
  })
  const { config } = await startGateway(t, { contract: contract as unknown as JsonObject })
  const { page, complaints } = await openDocs(t, config.publicUrl)
  await page.locator('#operations-tag-archive').click()
  await page.locator('.opblock', { hasText: '/open' }).locator('.opblock-summary').click()
  await page.getByText('response <img').waitFor()
  const text = await page.locator('body').innerText()
  for (const place of ['title', 'summary', 'description', 'parameter', 'response']) t.ok(text.includes(said(place)), `${place} is shown as it is written`)
  t.equal(await page.locator('img[src="x"]').count(), 0)
  t.strictSame(complaints, [])
})

/** A contract that demands everything that goes together. */
function demandingContract (): JsonObject {
  const contract = structuredClone(archiveContract) as unknown as { paths: Record<string, Record<string, object>> }
  const everything = {
    patterns: ['ID_AUTH_CHANNEL_02', 'ID_AUTH_REST_02', 'INTEGRITY_REST_02', 'AUDIT_REST_02', 'PROFILE_NON_REPUDIATION_01'],
    dpop: 'required',
    integrity: { headers: ['X-Protocollo'], emptyBody: 'signed', contentCodings: ['gzip'] },
    audit: { claims: { type: 'object', required: ['userID'], properties: { userID: { type: 'string', maxLength: 50 }, userLocation: { type: 'string', maxLength: 50 }, LoA: { type: 'string', maxLength: 20 } } } },
    response: 'signed',
    nonBlocking: 'push'
  }
  Object.assign(contract.paths['/items']?.['post'] ?? {}, { 'x-modi': everything, responses: { 202: { description: 'Presa in carico' } } })
  Object.assign(contract.paths['/items']?.['get'] ?? {}, { 'x-modi': { trust: ['pdnd', 'x509'], patterns: ['ID_AUTH_REST_01'] } })
  return contract as unknown as JsonObject
}

for (const width of [1280, 390]) {
  t.test(`what an operation demands is on its page in Italian and in English, ${width} pixels wide`, { skip: noBrowser }, async (t) => {
    const { config } = await startGateway(t, {
      ...custodyOptions,
      contract: demandingContract(),
      config: (usual) => {
        const own = withCustody(usual)
        const x509 = { mode: 'pinned' as const, ca: [], crl: [], x5u: [] }
        return { ...own, trustedProxies: ['10.0.0.1'], x509, eservices: own.eservices.map((one) => ({ ...one, dpopNonces: true, replyTo: [{ consumer: ids.consumer, origins: ['https://fruitore.example.it'] }] })) }
      }
    })
    const { page, complaints } = await openDocs(t, config.publicUrl, width)
    await page.locator('#operations-tag-archive').click()
    const operation = page.locator('.opblock-post', { has: page.locator('[data-path="/rest/archive/v1/items"]') })
    await operation.locator('.opblock-summary').click()
    const description = operation.locator('.opblock-description')
    await description.waitFor()
    const text = await description.innerText()
    for (const said of ['Al varco', 'Serve un voucher DPoP', 'Serve la tracciatura', 'Claim concordate: userID, userLocation, LoA', 'Serve la firma del messaggio, anche senza corpo', 'Canale: TLS con il certificato client', 'Uso singolo', 'Risposta firmata', 'Non ripudio', 'NONBLOCK_PUSH_REST', 'X-ReplyTo']) t.ok(text.includes(said), said)
    for (const said of ['At the gateway', 'Needs a DPoP voucher', 'Needs tracking evidence', 'Agreed claims: userID, userLocation, LoA', 'Needs a signature over the message, without a body too', 'Channel: TLS with the client certificate', 'Single use', 'Signed answer', 'Non-repudiation', "npx varco call archive POST '/items'"]) t.ok(text.includes(said), said)
    t.strictSame(await operation.locator('.parameters [data-param-in="header"]').evaluateAll((rows) => rows.map((row) => row.getAttribute('data-param-name'))), ['DPoP', 'Agid-JWT-TrackingEvidence', 'Digest', 'Agid-JWT-Signature', 'X-ReplyTo'])
    t.strictSame(complaints, [], 'nothing to complain about')
    t.equal(await page.evaluate('document.scrollingElement.scrollWidth'), width, 'nothing sticks out')
  })
}
