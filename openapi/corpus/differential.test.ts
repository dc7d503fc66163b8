import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import t from 'tap'
import type { JsonObject } from '../document.ts'
import { contractsIn } from '../lint/lint.ts'
import { compareValidators } from './differential.ts'
import { knownMistake } from './known-mistakes.ts'
import { runCorpus } from './main.ts'

const parameter = (name: string, schema: JsonObject): JsonObject => ({ name, in: 'query', schema })
const body = (schema: JsonObject): JsonObject => ({ required: true, content: { 'application/json': { schema } } })
const responses = { 204: { description: 'Ok' } }
const branch = (kind: string): JsonObject => ({ type: 'object', required: ['kind'], properties: { kind: { type: 'string' }, [kind]: { type: 'integer' } } })

/** A contract with something of everything that openapi-backend gets wrong. */
const wrongElsewhere: JsonObject = {
  openapi: '3.0.3',
  info: { title: 'Prova', version: '1.0.0' },
  paths: {
    '/formats': { get: { parameters: [parameter('day', { type: 'string', format: 'date' }), parameter('count', { type: 'integer', minimum: 0, maximum: 9 }), parameter('big', { type: 'integer', maximum: 2 ** 63 })], responses } },
    '/spelling': { get: { parameters: [parameter('word', { type: 'string', pattern: '^[\\w\\h]+$' })], responses } },
    '/brackets': { get: { parameters: [parameter('page[size]', { type: 'integer' })], responses } },
    '/bodies': { post: { requestBody: body({ type: 'object', required: ['price'], properties: { price: { type: 'number', multipleOf: 0.01, example: 19.99 } } }), responses } },
    '/tags': { post: { requestBody: body({ oneOf: [{ $ref: '#/components/schemas/A' }, { $ref: '#/components/schemas/B' }], discriminator: { propertyName: 'kind', mapping: { a: '#/components/schemas/A', b: '#/components/schemas/B' } } }), responses } },
    '/trees': { post: { requestBody: body({ $ref: '#/components/schemas/Tree' }), responses } },
    '/slash/{id}/': { get: { parameters: [{ name: 'id', in: 'path', required: true, schema: { type: 'string' } }], responses } }
  },
  components: { schemas: { A: branch('a'), B: branch('b'), Tree: { type: 'object', required: ['name'], properties: { name: { type: 'string' }, below: { type: 'array', items: { $ref: '#/components/schemas/Tree' } } } } } }
}

t.test('on requests to our own contracts both validators agree, but for known mistakes of the other', async (t) => {
  for (const file of await contractsIn([join(import.meta.dirname, '..')])) {
    const { accepted, refused, unexplained } = await compareValidators(file, { runs: 10, seed: 7 })
    t.strictSame(unexplained, [], file)
    t.ok(accepted > 20 && refused > 20, `${accepted} accepted, ${refused} refused`)
  }
})

t.test('what openapi-backend gets wrong is told apart by rules', async (t) => {
  const folder = t.testdir({})
  await writeFile(join(folder, 'wrong.json'), JSON.stringify(wrongElsewhere))
  const { known, unexplained } = await compareValidators(join(folder, 'wrong.json'), { runs: 300, seed: 7 })
  t.strictSame(unexplained, [])
  t.strictSame(Object.keys(known).toSorted(), [
    'a fraction is seldom a multiple of another',
    'a path that ends with a slash has no parameters',
    'a pattern in the spelling of another language means something else',
    'a schema that holds itself is checked one level deep',
    'any text that JavaScript takes for a number or a truth value is one',
    'brackets in the name of a query parameter are taken for its structure',
    'discriminators are passed over',
    'formats are not checked',
    'numbers are rounded before they are compared'
  ])
  let out = ''
  t.equal(await runCorpus([folder, '--no-lint', '--differential'], (text) => { out += text }), 0, out)
  t.match(out, /^requests +\d+ accepted by both validators, \d+ refused by both, 0 judged differently for no known reason; 0 operations not compared\n +\d+ judged differently since for openapi-backend /m)
})

t.test('what no rule explains is a disagreement', async (t) => {
  const contract = { document: {} } as never
  const operation = { path: '/a', body: undefined } as never
  const trial = { path: {}, query: [], headers: {}, body: undefined, changed: undefined }
  t.equal(knownMistake({ contract, operation, trial, ours: [], theirs: ['maximum'] }), undefined)
  t.equal(knownMistake({ contract, operation, trial, ours: [{ in: 'query', pointer: '/a', rule: 'maximum', detail: '' }], theirs: [] }), undefined)
  t.equal(knownMistake({ contract, operation, trial, ours: [], theirs: ['multipleOf'] }), 'a fraction is seldom a multiple of another')
})
