import { chmod, readFile, stat, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import t from 'tap'
import type { Test } from 'tap'
import { parse } from 'yaml'
import { loadContract } from '../../openapi/contract.ts'
import type { Json } from '../../openapi/document.ts'
import { lintContract } from '../../openapi/lint/lint.ts'
import { runCommandLine } from '../command-line.ts'
import { demandsOf } from '../demands.ts'
import { complete } from './additions.ts'
import { ContractText } from './contract-text.ts'
import { unifiedDiff } from './unified-diff.ts'

process.env['NO_COLOR'] = '1'
const id = '3f2b8c1e-5d4a-4b6f-9c7d-000000000001'

const yaml = `# Un contratto
openapi: 3.0.3
info:
  title: "Permessi"   # fra virgolette
  version: 1.0.0

  description: |
    Permessi di sosta.

servers:
  - url: https://api.example.it/rest/permessi/v1
  - {url: 'http://localhost:8080'}   # locale
tags: [{ name: permessi, description: Permessi }]
security:
  - voucher: []
paths:
  # I permessi
  /permits/{id}:
    parameters: &id
      - { name: id, in: path, required: true, schema: { type: integer } }
    get:
      tags: [permessi]
      summary: Un permesso
      description: Legge un permesso.
      responses:
        '200':
          description: Ok
          headers: &common
            X-Common: { schema: { type: string } }
          content:
            application/json:
              schema: { $ref: '#/components/schemas/Permit' }
        '404':
          description: Non c'è
          headers: { <<: *common }
        '503': { description: Non disponibile }
  /permits/{id}/notes:
    parameters: *id
    post:
      tags: [permessi]
      operationId: addNote
      description: Aggiunge una nota.
      responses:
        '201':
          description: Ok
          headers:
            <<: &others { X-Other: { schema: { type: string } } }
            RateLimit-Limit: { schema: { type: integer, format: int64 } }
          content: { application/json: { schema: { type: object, properties: { total: { type: number } } } } }
        default: { $ref: '#/components/responses/Failure' }
components:
  securitySchemes:
    voucher: { type: http, scheme: bearer, bearerFormat: JWT }
  responses:
    Failure: { description: Errore, content: { application/problem+json: { schema: { type: object } } } }
  schemas:
    Permit:
      type: object
      properties:
        number:
          type: integer   # progressivo
          minimum: 1
          maximum: 9
        zone: { type: string }`

const json = JSON.stringify({
  openapi: '3.0.3',
  info: { title: 'Prova', version: '1.0.0', contact: { name: 'Ufficio' } },
  servers: [{ url: 'https://api.example.it/v1' }],
  paths: { '/a': { get: { operationId: 'a', responses: { 200: { description: 'Ok', content: { 'application/json': { schema: { type: 'array', items: { type: 'integer' } } } } } } } } },
  components: {}
}, undefined, 4)

async function fileOf (t: Test, name: string, text: string): Promise<string> {
  const file = join(t.testdir({}), name)
  await writeFile(file, text)
  return file
}

async function init (args: readonly string[]): Promise<{ code: number, out: string, err: string }> {
  const said = { out: '', err: '' }
  const code = await runCommandLine(['init', ...args], { out: (text) => { said.out += text }, err: (text) => { said.err += text }, stdin: async () => Buffer.alloc(0), env: {}, now: Date.now })
  return { code, ...said }
}

/** Where the second value lacks or changes something of the first. */
function lost (before: unknown, after: unknown, path = ''): readonly string[] {
  if (typeof before !== 'object' || before === null) return Object.is(before, after) ? [] : [path]
  if (typeof after !== 'object' || after === null) return [path]
  return Object.entries(before).flatMap(([name, value]) => lost(value, (after as Readonly<Record<string, unknown>>)[name], `${path}/${name}`))
}

/** Whether a text is another from which something was taken out. */
function isWithin (text: string, whole: string): boolean {
  let at = 0
  for (const character of whole) if (character === text[at]) at++
  return at === text.length
}

t.test('what is missing is added, and nothing else changes', async (t) => {
  for (const [name, text] of Object.entries({ 'contract.yaml': yaml, 'windows.yaml': yaml.replaceAll('\n', '\r\n'), 'contract.json': json })) {
    const file = await fileOf(t, name, text)
    const completed = complete(text, file, () => id).result()
    t.strictSame(lost(parse(text, { merge: true }), parse(completed, { merge: true })), [], `${name}: no value is gone`)
    t.ok(isWithin(text, completed), `${name}: every character stands where it stood`)
    t.equal(complete(completed, file, () => 'another').result(), completed, `${name}: there is nothing to add again`)
    await writeFile(file, completed)
    const contract = await loadContract(file)
    t.doesNotThrow(() => demandsOf(contract), name)
    const errors = (await lintContract(file, { profile: 'pdnd' })).filter(({ severity }) => severity === 'error').map(({ rule, pointer }) => `${rule} ${pointer}`)
    t.strictSame(errors, [], `${name}: nothing keeps it from being published`)
    if (name.endsWith('json')) t.equal(completed, JSON.stringify(JSON.parse(completed), undefined, 4), 'JSON stays as it is indented')
    else t.equal(completed.split('\n').filter((line) => line.endsWith('\r')).length, name === 'windows.yaml' ? completed.split('\n').length - 1 : 0)
  }
})

t.test('what is added says what is known, and leaves empty what is not', async (t) => {
  const file = await fileOf(t, 'contract.yaml', yaml)
  const completed = complete(yaml, file, () => id).result()
  const document = parse(completed, { merge: true }) as { info: object, servers: object[], paths: Record<string, Record<string, { responses: Record<string, { headers?: object }> }>>, components: { schemas: Record<string, { properties: object }>, headers: object } }
  t.match(document, {
    info: { 'x-summary': 'Permessi', 'x-api-id': id, contact: {} },
    servers: [{ description: 'Istanza su api.example.it' }, { description: 'Prova su questa macchina', 'x-sandbox': true }],
    'x-modi': { patterns: ['ID_AUTH_REST_01'] },
    tags: [{}, { name: 'status' }],
    paths: {
      '/status': { get: { operationId: 'showStatus', tags: ['status'], security: [], responses: { 200: {}, 503: { $ref: '#/components/responses/ServiceUnavailable' }, default: {} } } },
      '/permits/{id}': { parameters: [{ schema: { format: 'int64' } }], get: { operationId: 'getPermitsId', responses: { 401: {}, 403: {}, 429: {}, 404: { content: { 'application/problem+json': {} } }, 503: { headers: { 'Retry-After': {} }, content: { 'application/problem+json': {} } } } } },
      '/permits/{id}/notes': { post: { responses: { 201: { headers: { 'RateLimit-Remaining': {}, 'RateLimit-Reset': {}, 'Cache-Control': {} }, content: { 'application/json': { schema: { properties: { total: { format: 'double' } } } } } } } } }
    },
    components: { schemas: { Permit: { properties: { number: { format: 'int32' } } }, Problem: {} }, headers: { 'Retry-After': {} } }
  })
  t.match(completed, /^ {2}version: 1\.0\.0\n {2}x-summary: Permessi\n {2}x-api-id: .*\n {2}contact: \{\} # DA COMPLETARE: /m)
  t.match(completed, /^ {10}type: integer {3}# progressivo\n {10}format: int32\n/m)
  t.notOk('401' in (document.paths['/permits/{id}/notes']?.['post']?.responses ?? {}), 'what default covers is not added')
  t.notOk('X-RateLimit-Limit' in (document.paths['/permits/{id}/notes']?.['post']?.responses['201']?.headers ?? {}), 'the spelling of limits that is begun goes on')
  const modi = await lintContract(await fileOf(t, 'again.yaml', completed), { profile: 'modi' })
  t.ok(modi.some(({ rule }) => rule === 'has-contact'), 'the empty contact is still found')
})

t.test('the command shows a diff that patches the file, or writes it as a whole', async (t) => {
  const file = await fileOf(t, 'contract.yaml', yaml)
  const shown = await init([file])
  t.equal(shown.code, 1)
  t.match(shown.out, /^--- a\/contract\.yaml\n\+\+\+ b\/contract\.yaml\n@@ -3,\d+ \+3,\d+ @@\n info:\n {3}title: "Permessi" {3}# fra virgolette\n {3}version: 1\.0\.0\n\+ {2}x-summary/)
  t.equal(await readFile(file, 'utf8'), yaml, 'nothing is written yet')
  await chmod(file, 0o640)
  t.match(await init([file, '--write']), { code: 0, out: /contract\.yaml: \d+ lines added; see what is left with: varco check / })
  t.equal((await stat(file)).mode & 0o777, 0o640)
  t.match(await init([file]), { code: 0, out: /nothing is missing that can be added/ })
  t.match(await init([]), { code: 2, err: /name one contract/ })
  t.match(await init([join(file, 'none')]), { code: 2, err: /cannot be read \(ENOTDIR\)/ })
  t.match(await init([await fileOf(t, 'broken.yaml', 'a: "')]), { code: 78, err: /broken\.yaml:1:/ })
  t.match(await init([await fileOf(t, 'swagger.yaml', 'swagger: "2.0"\ninfo: { title: a, version: 1.0.0 }\npaths: {}\n')]), { code: 78, err: /is no OpenAPI 3\.0 or 3\.1 document/ }, 'what it cannot mend it leaves alone')
})

t.test('a mark of the encoding stays at the beginning, and counts for no column', async (t) => {
  const text = yaml.slice(yaml.indexOf('openapi:'))
  const plain = complete(text, 'contract.yaml', () => id)
  const marked = complete(`\ufeff${text}`, 'contract.yaml', () => id)
  t.equal(marked.result(), `\ufeff${plain.result()}`)
  t.equal(marked.lines()[0]?.before, `\ufeff${plain.lines()[0]?.before}`)
})

t.test('additions go into every way of writing a mapping', async (t) => {
  const cases: Record<string, readonly [before: string, path: string, value: Json, after: string]> = {
    'a block': ['a:\n  b: 1\nc: 2\n', 'a/x', 'y', 'a:\n  b: 1\n  x: y\nc: 2\n'],
    'a block without a line end': ['a:\n  b: 1', 'a/x', 'y', 'a:\n  b: 1\n  x: y'],
    'a block with a comment behind': ['a:\n  b: 1 # c\n# d\n', 'a/x', 'y', 'a:\n  b: 1 # c\n  x: y\n# d\n'],
    'a text over lines': ['a:\n  b: |\n    c\nd: 1\n', 'a/x', 'y', 'a:\n  b: |\n    c\n  x: y\nd: 1\n'],
    'brackets': ['a: { b: 1 }\n', 'a/x', { y: [1] }, 'a: { b: 1, x: { y: [ 1 ] } }\n'],
    'empty brackets': ['a: {}\nb: 1\n', 'a/x', 'y', 'a: { x: y }\nb: 1\n'],
    'brackets over lines': ['a: {\n  b: 1\n}\n', 'a/x', 'y', 'a: {\n  b: 1,\n  x: y\n}\n'],
    'a list in a list': ['a:\n- b: 1\n- c: 2\n', 'a/0/x', 'y', 'a:\n- b: 1\n  x: y\n- c: 2\n'],
    'a mapping that is missing': ['a: 1\n', 'b/c/x', 'y', 'a: 1\nb:\n  c:\n    x: y\n'],
    'an alias': ['a: &a\n  b: 1\nc: *a\n', 'c/x', 'y', 'a: &a\n  b: 1\n  x: y\nc: *a\n'],
    'JSON': ['{\n  "a": {}\n}\n', 'a/x', 'y', '{\n  "a": {\n    "x": "y"\n  }\n}\n'],
    'JSON on one line': ['{"a":{"b":1}}', 'a/x', { y: 1 }, '{"a":{"b":1, "x": {"y":1}}}'],
    'what is there': ['a: { x: 1 }\n', 'a/x', 'y', 'a: { x: 1 }\n'],
    'what has no value': ['a:\n', 'a/x', 'y', 'a:\n'],
    'what is merged in': ['a: &a { x: 1 }\nb:\n  <<: *a\n', 'b/x', 'y', 'a: &a { x: 1 }\nb:\n  <<: *a\n']
  }
  for (const [name, [before, path, value, after]] of Object.entries(cases)) {
    const text = new ContractText(before)
    text.add(path.split('/'), value)
    t.equal(text.result(), after, name)
  }
})

t.test('several additions to one mapping keep their order', async (t) => {
  for (const [before, after] of [['a: {}\n', 'a: { x: 1, y: 2 }\n'], ['{\n  "a": {}\n}', '{\n  "a": {\n    "x": 1,\n    "y": 2\n  }\n}'], ['a:\n  b: 0\n', 'a:\n  b: 0\n  x: 1\n  y: 2\n']] as const) {
    const text = new ContractText(before)
    text.add(['a', 'x'], 1)
    text.add(['a', 'y'], 2)
    text.add(['a', 'y'], 3)
    t.equal(text.result(), after)
  }
  const list = new ContractText('a: [1]\nb:\n  - c: 1\nd: []\n')
  for (const name of ['a', 'b', 'd', 'none']) list.push([name], { x: 1 })
  t.equal(list.result(), 'a: [1, { x: 1 }]\nb:\n  - c: 1\n  - x: 1\nd: [ { x: 1 } ]\n')
})

t.test('a diff has three lines around what is added', async (t) => {
  const text = new ContractText('a: 1\nb: 2\nc: 3\nd: 4\ne: { f: 1 }')
  text.add(['e', 'g'], 2)
  text.add(['z'], 3, { after: 'd' })
  t.equal(unifiedDiff(text.lines(), 'x.yaml'), '--- a/x.yaml\n+++ b/x.yaml\n@@ -2,4 +2,5 @@\n b: 2\n c: 3\n d: 4\n+z: 3\n-e: { f: 1 }\n\\ No newline at end of file\n+e: { f: 1, g: 2 }\n\\ No newline at end of file\n')
  t.equal(unifiedDiff([{ before: 'a\n', after: 'a\n' }], 'x'), '')
})
