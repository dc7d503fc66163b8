import type { OpenAPIBackend } from 'openapi-backend'
import type { Contract, Operation } from '../../openapi/contract.ts'
import { isObject } from '../../openapi/document.ts'
import type { Json, JsonObject } from '../../openapi/document.ts'
import { resolverOf } from '../../openapi/reading/references.ts'
import type { Resolve } from '../../openapi/reading/references.ts'
import { Samples } from '../../openapi/samples/sample.ts'
import type { Denial } from '../../policies/denials.ts'
import { chooseType, encode } from './media.ts'
import type { Preferences } from './preferences.ts'

/** An answer of the mock: `body` is empty where its status or the contract has none. */
export interface MockAnswer { readonly status: number, readonly headers: readonly (readonly [name: string, value: string])[], readonly body: Buffer }

/** Makes the answers of a mock: examples of the contract through openapi-backend, where there are any, else valid values made of the schemas. */
export class MockAnswers {
  readonly #api: OpenAPIBackend
  readonly #resolve: Resolve
  readonly #samples: Samples
  constructor (contract: Contract, api: OpenAPIBackend) {
    this.#api = api
    this.#resolve = resolverOf(contract.document, contract.file)
    this.#samples = new Samples(contract, 'response')
  }

  /** The answer to a good call of an operation: the status and example that are wished for, else its first success, in a media type that is accepted. */
  of (operation: Operation, { code, example }: Preferences, accept: string | undefined): MockAnswer | Denial {
    const responses = isObject(operation.source['responses']) ? operation.source['responses'] : {}
    const declared = code === undefined ? usualStatus(Object.keys(responses)) : declaredFor(code, Object.keys(responses))
    if (declared === undefined) return { denial: 'malformed-request', check: 'Prefer', detail: `This operation declares ${Object.keys(responses).join(', ')}; Prefer names another status.` }
    const status = Number(code ?? (/^\d{3}$/.test(declared) ? declared : `${declared[0]}00`.replace('d', '2')))
    const response = this.#resolve(responses[declared])
    const content = isObject(response['content']) ? response['content'] : {}
    const applied: [string, string][] = code === undefined && example === undefined ? [] : [['Preference-Applied', [code && `code=${code}`, example && `example=${example}`].filter(Boolean).join(', ')]]
    const headers = [...applied, ...this.#headers(response)]
    if (Object.keys(content).length === 0 || status === 204 || status === 304) return { status, headers, body: Buffer.alloc(0) }
    // Errors are told to everybody, whatever they accept.
    const type = chooseType(Object.keys(content), accept) ?? (status >= 400 ? chooseType(Object.keys(content), undefined) : undefined)
    if (!type) return { denial: 'not-acceptable', check: 'Accept', detail: `This operation answers ${Object.keys(content).join(', ')}.` }
    const media = isObject(content[type.declared]) ? content[type.declared] as JsonObject : {}
    const named = examplesIn(media)
    if (example !== undefined && !named.includes(example)) return { denial: 'malformed-request', check: 'Prefer', detail: `This answer has ${named.length === 0 ? 'no named examples' : `the examples ${named.join(', ')}`}; Prefer names another one.` }
    const schema = media['schema'] ?? {}
    const isText = (value: unknown): boolean => this.#samples.isValid(schema, value as Json)
    const isWritten = named.length > 0 || Boolean(media['example'])
    const body = isWritten
      ? this.#api.mockResponseForOperation(operation.id, { code: declared as never, mediaType: type.declared, ...(example !== undefined && { example }) }).mock as Json
      : media['example'] ?? this.#invent(schema, status)
    return { status, headers: [...headers, ['Content-Type', type.sent]], body: encode(type.sent, body, isText) }
  }

  /** A valid value; a problem document says the status that it comes with. */
  #invent (schema: Json, status: number): Json {
    const { value } = this.#samples.of(schema)
    const same = isObject(value) && typeof value['status'] === 'number' && 'title' in value ? { ...value, status } : value
    return this.#samples.isValid(schema, same) ? same : value
  }

  /** The declared headers that have an example, or that every such answer has. */
  #headers (response: JsonObject): [string, string][] {
    return Object.entries(isObject(response['headers']) ? response['headers'] : {}).flatMap(([name, value]): [string, string][] => {
      const header = this.#resolve(value)
      const schema = isObject(header['schema']) ? this.#resolve(header['schema']) : undefined
      const [example] = [header['example'], ...Object.values(isObject(header['examples']) ? header['examples'] : {}).map((one) => this.#resolve(one)['value']), schema?.['example'], schema?.['default']].filter((one) => one !== undefined)
      const sample = example ?? (header['required'] === true && header['schema'] !== undefined ? this.#samples.of(header['schema']).value : undefined)
      const text = headerText(sample)
      return text === undefined || ours.has(name.toLowerCase()) || !/^[\w!#$%&'*+.^`|~-]+$/.test(name) ? [] : [[name, text]]
    })
  }
}

/** What is said of a message by who sends it. */
const ours = new Set(['content-type', 'content-length', 'transfer-encoding', 'connection', 'keep-alive', 'upgrade', 'trailer', 'date', 'content-encoding'])

function headerText (value: Json | undefined): string | undefined {
  if (value === undefined || value === null) return undefined
  const textOf = (one: unknown): string => typeof one === 'string' ? one : JSON.stringify(one)
  const text = (Array.isArray(value) ? value : isObject(value) ? Object.entries(value).flat() : [value]).map(textOf).join(',')
  return /^[\t\x20-\x7e\x80-\xff]*$/.test(text) ? text : undefined
}

/** The first success that is declared, else what comes nearest to one. */
function usualStatus (declared: readonly string[]): string | undefined {
  return declared.find((status) => /^2\d\d$/.test(status)) ?? declared.find((status) => /^2xx$/i.test(status)) ?? (declared.includes('default') ? 'default' : undefined) ?? declared.find((status) => /^[3-5](?:\d\d|xx)$/i.test(status))
}

/** Under which declared status a code falls (OpenAPI 3.0.3, Responses Object); undefined where it falls under none, or is no final status. */
function declaredFor (code: string, declared: readonly string[]): string | undefined {
  if (!/^[2-5]\d\d$/.test(code)) return undefined
  return declared.find((status) => status === code) ?? declared.find((status) => status.toUpperCase() === `${code[0]}XX`) ?? (declared.includes('default') ? 'default' : undefined)
}

function examplesIn (media: JsonObject): readonly string[] {
  return isObject(media['examples']) ? Object.entries(media['examples']).filter(([, one]) => isObject(one)).map(([name]) => name) : []
}
