import { join } from 'node:path'
import t from 'tap'
import { loadContract, toContract } from './contract.ts'
import type { Contract, Operation } from './contract.ts'
import type { Parameter } from './reading/declared-parameters.ts'
import { atPointer, isObject } from './document.ts'
import type { Json, JsonObject } from './document.ts'
import { registerOperations } from './register.ts'
import { isRefused } from './requests/request-finding.ts'
import { compileContract } from './requests/validate.ts'

const names = ['tickets', 'surveys', 'service-usage', 'sla-telemetry']

/** A request in the parts that both validators read: texts by place and name, and a body. */
interface Sent { readonly path: Record<string, string>, readonly query: Record<string, string>, readonly header: Record<string, string>, readonly cookie: Record<string, string>, readonly body?: Json }

/** A value that a schema admits, as small as it can be: its own example where it has one. */
function sample (schema: Json | undefined, root: JsonObject): Json {
  if (!isObject(schema)) return {}
  const { $ref, example, enum: values, type, minimum, minLength, format, pattern, properties, required, items, minItems, allOf } = schema
  if (typeof $ref === 'string') return sample(atPointer(root, $ref.slice(1)), root)
  if (example !== undefined) return example
  if (Array.isArray(values)) return values[0] as Json
  if (Array.isArray(allOf)) return Object.assign({}, ...allOf.map((part) => sample(part as Json, root))) as Json
  if (type === 'integer' || type === 'number') return typeof minimum === 'number' ? minimum : 1
  if (type === 'boolean') return true
  if (type === 'array') return Array.from({ length: Number(minItems ?? 1) }, () => sample(items, root))
  if (type === 'string') return formats[format as string] ?? ['a'.repeat(Number(minLength ?? 1)), '2023', '1.0.0'].find((text) => new RegExp(pattern as string ?? '').test(text))!
  const members = isObject(properties) ? properties : {}
  return Object.fromEntries((Array.isArray(required) ? required.map(String) : []).map((name) => [name, sample(members[name], root)]))
}

const formats: Readonly<Record<string, string>> = { 'uuid': '00000000-0000-4000-8000-00000000c001', 'date': '2026-11-21', 'date-time': '2026-11-21T10:00:00Z' }

function sampleRequest ({ parameters, body }: Operation, root: JsonObject): Sent {
  const texts = (place: Parameter['in']) => Object.fromEntries(parameters.filter((one) => one.in === place && (one.required || place === 'query'))
    .map(({ name, schema }) => [name, String(sample(schema, root) as string | number)]))
  const [schema] = body ? body.content.values() : []
  return { path: texts('path'), query: texts('query'), header: texts('header'), cookie: texts('cookie'), ...body && { body: sample(schema, root) } }
}

const wrongTexts = ['', '0', '-1', '501', '999999999999', '0x10', '1e1', ' 5', '5 ', '+5', '05', 'abc', 'ABC', 'x'.repeat(300), 'true', 'null', 'à', '2023-13', '2023/2024']

/** The request with one text changed, added or left out at a time, and with its body changed in one place. */
function variants (request: Sent, { parameters }: Operation): Sent[] {
  const changed = parameters.flatMap(({ in: place, name }) => wrongTexts.filter((text) => text !== '' || place === 'query').map((text) => ({ ...request, [place]: { ...request[place], [name]: text } })))
  const without = parameters.filter((one) => one.in !== 'path').map(({ in: place, name }) => ({ ...request, [place]: Object.fromEntries(Object.entries(request[place]).filter(([key]) => key !== name)) }))
  return [request, ...changed, ...without, ...bodyVariants(request.body).map((body) => ({ ...request, body }))]
}

function bodyVariants (body: Json | undefined): Json[] {
  if (body === undefined) return []
  const whole: Json[] = [null, 7, 'text', [], [body], {}]
  if (Array.isArray(body)) return [...whole, ...body.flatMap((item: Json, index) => bodyVariants(item).map((changed) => body.with(index, changed) as Json))]
  if (!isObject(body)) return [...whole, 'x'.repeat(5000), -1, 1e9, true]
  const members = Object.entries(body)
  return [
    ...whole,
    { ...body, unknownMember: 1 },
    ...members.map(([name]) => Object.fromEntries(members.filter(([other]) => other !== name))),
    ...members.flatMap(([name, value]) => bodyVariants(value).map((changed) => ({ ...body, [name]: changed })))
  ]
}

type Verdict = (operation: Operation, request: Sent) => boolean

function ourVerdict (contract: Contract): Verdict {
  const validators = compileContract(contract)
  return ({ id, body }, request) => {
    const validator = validators.get(id)!
    const query = Object.entries(request.query).map(([name, value]) => `${encodeURIComponent(name)}=${encodeURIComponent(value)}`).join('&')
    const header = (name: string): string | undefined => Object.entries(request.header).find(([key]) => key.toLowerCase() === name)?.[1]
    if (isRefused(validator.parameters({ path: request.path, query, header }))) return false
    const [mediaType] = body ? body.content.keys() : []
    return !isRefused(validator.body(mediaType, Buffer.from(request.body === undefined ? '' : JSON.stringify(request.body))))
  }
}

async function theirVerdict (contract: Contract): Promise<Verdict> {
  const api = await registerOperations(contract)
  return (operation, request) => {
    const path = operation.path.replaceAll(/\{([^}]+)\}/g, (_match, name: string) => encodeURIComponent(request.path[name] ?? ''))
    const headers = { ...request.header, ...operation.body && { 'content-type': [...operation.body.content.keys()][0]! } }
    const { valid } = api.validateRequest({ method: operation.method, path: contract.basePath + path, query: request.query, headers, body: request.body as never }, operation.id)
    return valid
  }
}

/** Where openapi-backend takes a text for an integer that is written in no decimal digits (hardening against two readings of one number). */
function isLooseInteger (request: Sent, { parameters }: Operation): boolean {
  return parameters.some(({ in: place, name, schema }) => schema['type'] === 'integer' && !/^-?(?:0|[1-9]\d*)$/.test(request[place][name] ?? '0'))
}

/** Formats are judged here and not there: these texts are no UUIDs, dates or 32-bit integers. */
function isFormatMatter (request: Sent, { parameters }: Operation): boolean {
  return parameters.some(({ in: place, name, schema }) => schema['format'] !== undefined && request[place][name] !== undefined)
}

for (const name of names) {
  t.test(`${name}: openapi-backend sees the same operations and judges requests as our validators do`, async (t) => {
    const contract = await loadContract(join(import.meta.dirname, `${name}.v1.yaml`))
    const [ours, theirs] = [ourVerdict(contract), await theirVerdict(contract)]
    const count = { valid: 0, invalid: 0, stricter: 0 }
    for (const operation of contract.operations) {
      const request = sampleRequest(operation, contract.document)
      t.ok(ours(operation, request), `${operation.id}: the sample is valid`)
      for (const variant of variants(request, operation)) {
        const [own, other] = [ours(operation, variant), theirs(operation, variant)]
        if (own === other) count[own ? 'valid' : 'invalid']++
        else if (!own && (isLooseInteger(variant, operation) || isFormatMatter(variant, operation))) count.stricter++
        else t.fail(`${operation.id}: we say ${own}, openapi-backend says ${other}`, { variant })
      }
    }
    t.ok(count.valid > 20 && count.invalid > 50, JSON.stringify(count))
  })
}

const text = { type: 'string' }
const small = (paths: JsonObject, components: JsonObject = {}): Contract =>
  toContract({ openapi: '3.0.3', info: { title: 'Prova', version: '1.0.0' }, servers: [{ url: '/rest/small/v1' }], paths, components }, 'test.yaml')
const listThings = { operationId: 'listThings', parameters: [{ name: 'limit', in: 'query', schema: { type: 'integer' } }], responses: { 200: { description: 'x' } } }

t.test('what openapi-backend would let through is why it judges no call: we refuse it', async (t) => {
  const contract = small({ '/things': { get: listThings } })
  const [operation] = contract.operations as [Operation]
  const [ours, theirs] = [ourVerdict(contract), await theirVerdict(contract)]
  for (const limit of ['0x10', '1e1', ' 5', '5 ', '+5', '05', '5.0']) {
    const request = { path: {}, query: { limit }, header: {}, cookie: {} }
    t.equal(theirs(operation, request), true, limit)
    t.equal(ours(operation, request), false, limit)
  }
})

t.test('a contract that openapi-backend reads differently has no single meaning, and is not served', async (t) => {
  const contract = small({ '/things': { get: listThings } })
  await t.rejects(registerOperations({ ...contract, operations: [] }), { message: 'test.yaml: these operations are read differently by openapi-backend: get /things listThings' })
})

t.test('a schema that contains itself is registered, cut where it repeats', async (t) => {
  const node = { type: 'object', required: ['name'], properties: { name: text, next: { $ref: '#/components/schemas/Node' } } }
  const post = { operationId: 'post', requestBody: { content: { 'application/json': { schema: { $ref: '#/components/schemas/Node' } } } }, responses: { 200: { description: 'x' } } }
  const contract = small({ '/things': { post } }, { schemas: { Node: node } })
  const theirs = await theirVerdict(contract)
  const [operation] = contract.operations as [Operation]
  t.equal(theirs(operation, { path: {}, query: {}, header: {}, cookie: {}, body: { name: 'a', next: { name: 'b' } } }), true)
  t.equal(theirs(operation, { path: {}, query: {}, header: {}, cookie: {}, body: { next: {} } }), false)
})
