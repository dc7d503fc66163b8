import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { mkdir, readFile, writeFile } from 'node:fs/promises'
import { join, relative } from 'node:path'
import t from 'tap'
import { runCommandLine } from '../command-line.ts'
import { temporaryFolder } from '../harness/process.ts'
import { archiveContract, ids, registryContent } from '../harness/platform.ts'

process.env['NO_COLOR'] = '1'
const folder = await temporaryFolder(t)

async function check (...args: string[]): Promise<{ code: number, out: string, err: string }> {
  let [out, err] = ['', '']
  const code = await runCommandLine(['check', ...args], { out: (text) => { out += text }, err: (text) => { err += text }, stdin: async () => Buffer.alloc(0), env: { LANG: 'C' }, now: Date.now })
  return { code, out, err }
}

async function file (name: string, text: string): Promise<string> {
  await writeFile(join(folder, name), text)
  return join(folder, name)
}

const good = await file('good.yaml', `openapi: 3.0.3
info:
  title: Parcheggi
  version: 1.0.0
  description: Posti liberi nei parcheggi.
  x-summary: Posti liberi
  x-api-id: 6f1a2c34-0a52-4b8e-9a2b-6d3f0c9b7e11
  termsOfService: https://www.ente.example.it/termini
  contact: { name: Ente, url: https://www.ente.example.it, email: api@ente.example.it }
tags: [{ name: parcheggi, description: Parcheggi }]
servers: [{ url: https://api.ente.example.it/rest/parcheggi/v1, description: Produzione }]
paths:
  /status:
    get:
      operationId: readStatus
      summary: Stato
      description: Dice se il servizio risponde.
      tags: [parcheggi]
      security: []
      responses:
        '200':
          description: Bene
          content: { application/problem+json: { schema: { $ref: '#/components/schemas/Problem' } } }
components:
  schemas:
    Problem:
      type: object
      properties: { title: { type: string }, status: { type: integer, format: int32 }, detail: { type: string } }
`)
const bad = await file('bad.yaml', `openapi: 3.0.3
info: { title: Cattivo, version: '1' }
paths:
  /one: { get: { operationId: one, responses: { '400': { description: no, content: { application/json: {} } } } } }
  /two: { get: { operationId: two, responses: { '400': { description: no, content: { application/json: {} } } } } }
  /three: { get: { operationId: three, responses: { '400': { description: no, content: { application/json: {} } } } } }
  /four: { get: { operationId: four, responses: { '400': { description: no, content: { application/json: {} } } } } }
  /five:
    get:
      operationId: five
      deprecated: true
      x-deprecation: { since: 2027-01-01, notice: 'javascript:alert(1)' }
      x-modi: { dpop: needed }
      responses: { '200': { description: "\\u001b[31mred" } }
`)

t.test('a contract that PDND would publish', async (t) => {
  const { code, out, err } = await check(good)
  t.equal(err, '')
  t.match(out, /good\.yaml: Parcheggi 1\.0\.0, 1 operation\n[^]*PDND would publish it\n$/)
  t.equal(code, 0, out)
})

t.test('one that it would not: place, line, rule and what to do', async (t) => {
  const { code, out } = await check(bad)
  t.equal(code, 1)
  t.match(out, /\n  3:1  error  [^\n]*\/status[^\n]*  paths-status \(RAC_REST_NAME_011\)\n      │ paths:\n/)
  t.match(out, /\n  13:\d+  error  operation "five": x-modi\.dpop: .*  varco-x-modi\n/, 'what a gateway could not enforce is an error as well')
  t.match(out, /\n  12:\d+  error  operation "five": x-deprecation\.notice: .*  varco-x-deprecation\n/)
  t.match(out, /PDND would not publish it\n$/)
  t.match(out, /… 1 more of use-problem-json-for-errors \(--all shows them\)/)
  t.equal((await check(bad, '--all')).out.match(/use-problem-json-for-errors/g)?.length, 4)
  t.notMatch(out, /\u001b/, 'nothing of a file moves the cursor')
  t.match((await check(bad, '--lang', 'it')).out, /errore[^]*PDND non lo pubblicherebbe/)
})

t.test('open data that the catalogue leaves out are a warning, with their line and what to put there', async (t) => {
  const text = (await readFile(good, 'utf8')).replace('  version: 1.0.0\n', "  version: 1.0.0\n  x-open-data:\n    license: CC BY\n    datasets:\n      - { id: posti, title: Posti }\n")
  const open = await file('open.yaml', text)
  const line = (start: string): number => text.split('\n').findIndex((one) => one.trim().startsWith(start)) + 1
  const { code, out } = await check(open, '--all')
  t.equal(code, 0, 'the contract is served and published all the same')
  t.match(out, new RegExp(`\\n  ${line('license: CC')}:\\d+  warning +the dataset is not offered: license must be the web address of a licence  varco-x-open-data\\n`))
  t.match(out, new RegExp(`\\n  ${line('- { id: posti')}:\\d+  warning +the dataset is not offered: title must be an object`))
  t.match((await check(open, '--lang', 'it')).out, /avviso  il catalogo dei dati aperti non lo riporta: /)
})

t.test('what cannot be served is told by place', async (t) => {
  const broken = await file('broken.yaml', 'openapi: 3.0.3\ninfo: { title: x, version: "1" }\npaths:\n  /a: { get: { responses: { "200": { $ref: "#/components/responses/Gone" } } } }\n')
  const { code, out } = await check(broken)
  t.equal(code, 1)
  t.match(out, /broken\.yaml: cannot be served\n  4:\d+  error  [^\n]*Gone[^\n]*varco-serves/)
  const syntax = await file('syntax.yaml', 'openapi: 3.0.3\ninfo: "no end\n')
  t.match(await check(syntax), { code: 1, out: /error[^\n]*add " where it ends  varco-serves/ })
  t.match((await check(syntax, '--lang', 'it')).out, /errore  il gateway non può servirlo così; correggere il punto indicato \(/)
  for (const text of ['', 'hello\n', '- a\n']) t.match(await check(await file('nothing.yaml', text)), { code: 1, out: /PDND would not publish it\n$/ }, 'what is no contract is not published')
  t.match((await check(await file('large.yaml', `openapi: 3.0.3\n# ${'x'.repeat(6_000_000)}\n`))).out, /1 error\n$/, 'nothing is said of what nobody could judge')
})

t.test('what is found stands in the order of the lines, and a long title is not all told', async (t) => {
  const paths = ['/b', '/c', '/a'].map((path) => `  ${path}: { get: { operationId: ${path.slice(1)}, responses: { '400': { description: no, content: { application/json: {} } } } } }\n`).join('')
  const { out } = await check(await file('long.yaml', `openapi: 3.0.3\ninfo: { title: ${'x'.repeat(5000)}, version: '1' }\npaths:\n${paths}`))
  t.strictSame([...out.matchAll(/^ {2}(\d+):\d+ .*use-problem-json-for-errors/gm)].map(([, line]) => line), ['4', '5', '6'])
  t.ok(out.split('\n').every((line) => line.length < 300), 'no line fills the screen')
})

t.test('a file in another encoding is told so', async (t) => {
  await writeFile(join(folder, 'latin.yaml'), Buffer.from((await readFile(good, 'utf8')).replace('Parcheggi\n', 'Città\n'), 'latin1'))
  t.match((await check(join(folder, 'latin.yaml'), '--lang', 'it')).out, /\n  3:1  avviso  il file non è in UTF-8[^\n]*varco-reads/)
  await writeFile(join(folder, 'wide.yaml'), Buffer.from(`\ufeff${await readFile(good, 'utf8')}`, 'utf16le'))
  t.match((await check(join(folder, 'wide.yaml'))).out, /1:1  error  is written in UTF-16; save it as UTF-8/)
})

t.test('for programs', async (t) => {
  const json = JSON.parse((await check(good, bad, '--format', 'json')).out)
  t.match(json, { valid: false, files: [{ file: good, kind: 'contract', valid: true, publishable: true }, { file: bad, valid: false, publishable: false }] })
  t.ok(json.files[1].summary.error >= 5)
  const problem = json.files[1].problems.find(({ rule }: { rule: string }) => rule === 'paths-status')
  t.match(problem, { file: bad, line: 3, column: 1, pointer: '/paths', severity: 'error', rac: 'RAC_REST_NAME_011', message: { it: /\S/, en: /\S/ }, url: /\/rules\/paths-status$/ })

  const sarif = JSON.parse((await check(bad, '--format', 'sarif')).out)
  const [run] = sarif.runs
  t.equal(sarif.version, '2.1.0')
  for (const { ruleId, ruleIndex, locations: [{ physicalLocation }] } of run.results) {
    t.equal(run.tool.driver.rules[ruleIndex].id, ruleId)
    t.match(physicalLocation.artifactLocation.uri, /^file:\/\/.*bad\.yaml$/)
  }
  t.match(run.results.find(({ ruleId }: { ruleId: string }) => ruleId === 'paths-status'), { level: 'error', locations: [{ physicalLocation: { region: { startLine: 3, startColumn: 1 } } }] })

  const github = (await check(bad, '--format', 'github')).out.trimEnd().split('\n')
  t.ok(github.every((line) => /^::(?:error|warning|notice) file=[^,:]+(?:,line=\d+,col=\d+)?,title=[^,:]+::\S/.test(line)), github.join('\n'))
  t.ok(github.some((line) => line.startsWith(`::error file=${relative(process.cwd(), bad)},line=3,col=1,title=paths-status (RAC_REST_NAME_011)::`)))
})

t.test('a folder is its contracts, and what is wrong with the words is told', async (t) => {
  await mkdir(join(folder, 'some'))
  await writeFile(join(folder, 'some', 'other.yaml'), 'a: b\n')
  t.match(await check(join(folder, 'some')), { code: 2, err: /there is no contract in/ })
  await writeFile(join(folder, 'some', 'one.json'), JSON.stringify(archiveContract))
  t.match(await check(join(folder, 'some')), { code: 1, out: /^\S*one\.json: Archivio 1\.0\.0, 8 operations\n/ })
  await writeFile(join(folder, 'some', 'shared.yaml'), 'openapi: 3.0.3\ninfo: { title: Comune, version: 1.0.0 }\npaths: {}\ncomponents: { schemas: { Name: { type: string } } }\n')
  t.match((await check(join(folder, 'some'))).out, /^\S*one\.json: [^]*\n\S*shared\.yaml: /, 'what nobody refers to is one as well')
  await writeFile(join(folder, 'some', 'two.yaml'), "openapi: 3.0.3\ninfo: { title: Due, version: 1.0.0 }\npaths: { /a: { get: { responses: { '200': { description: ok, content: { application/json: { schema: { $ref: './shared.yaml#/components/schemas/Name' } } } } } } } }\n")
  t.match((await check(join(folder, 'some'))).out, /^\S*one\.json: [^]*\n\S*two\.yaml: Due 1\.0\.0, 1 operation\n/)
  t.notMatch((await check(join(folder, 'some'))).out, /^\S*shared\.yaml: /m)
  t.match(await check(), { code: 2, err: /name what to check/ })
  t.match(await check(join(folder, 'gone.yaml')), { code: 2, err: /there is no / })
  t.match(await check(good, '--profile', 'strict'), { code: 2, err: /--profile takes pdnd or modi/ })
  t.match(await check(good, '--format', 'xml'), { code: 2, err: /--format takes text, json, sarif, github/ })
  t.match(await check(good, '--lang', 'fr'), { code: 2, err: /--lang takes it or en/ })
})

t.test('a configuration with what it names, and whom it depends on', async (t) => {
  let keys: unknown = [{ kty: 'RSA' }]
  const server = createServer((request, response) => { response.writeHead(request.url === '/jwks' ? 200 : 401).end(JSON.stringify({ keys })) })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  t.teardown(() => { server.close() })
  const origin = `http://127.0.0.1:${(server.address() as AddressInfo).port}`
  await file('registry.json', JSON.stringify(registryContent()))
  const configuration = async (upstream: string, contract = 'good.yaml'): Promise<string> => file('gateway.yaml', `pdnd: { environment: sandbox, jwksUri: ${origin}/jwks }
publicUrl: http://127.0.0.1:9
registry: registry.json
producer: ${ids.producer}
eservices:
  archive: { contract: ${contract}, upstream: { url: '${upstream}', secret: '\${CHECK_SECRET}' }, eserviceId: ${ids.eservice}, descriptorIds: [${ids.descriptor}], audience: [https://a.example.it] }
`)
  const whole = await configuration(origin)
  t.match(await check(whole), { code: 1, out: /gateway\.yaml: cannot go live\n  6:\d+  error  .*CHECK_SECRET is not set/ })
  t.match(await check(whole, '--offline'), { code: 0, out: /gateway\.yaml: sandbox, 1 e-service\n  nothing to mend\n\n\S*good\.yaml: [^]*PDND would publish it/ })

  const secret = (text: string): string => text.replace('${CHECK_SECRET}', 'a-secret-that-only-the-tests-know')
  const withSecret = async (upstream: string, contract?: string): Promise<string> => file('gateway.yaml', secret(await readFile(await configuration(upstream, contract), 'utf8')))
  t.match(await check(await withSecret(origin)), { code: 0 })
  t.match(await check(await withSecret('http://127.0.0.1:1')), { code: 1, out: /error  the upstream http:\/\/127\.0\.0\.1:1 \(archive\) does not answer: ECONNREFUSED  varco-upstream/ })
  keys = []
  t.match(await check(await withSecret(origin)), { code: 1, out: /the platform's keys cannot be read from .*: no keys \(status 200\)  varco-platform/ })
  const { code, out } = await check(await withSecret(origin, 'bad.yaml'), '--offline')
  t.equal(code, 1)
  for (const name of [/x-modi\.dpop/g, /x-deprecation\.notice/g]) t.equal(out.match(name)?.length, 1, 'what is wrong with a contract is told once')
})
