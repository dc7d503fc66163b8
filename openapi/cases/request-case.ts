import type { Contract } from '../contract.ts'
import { toContract } from '../contract.ts'
import type { JsonObject } from '../document.ts'
import { rawPathReader } from '../requests/raw-path.ts'
import { isRefused } from '../requests/request-finding.ts'
import type { Finding, Findings } from '../requests/request-finding.ts'
import { compileContract } from '../requests/validate.ts'
import type { OperationValidator } from '../requests/validate.ts'

/** The part of a contract that cases are about: one operation, with the schemas that it refers to. */
export interface Fragment {
  readonly openapi?: '3.0.3' | '3.1.0'
  readonly path?: string
  readonly method?: 'get' | 'post' | 'put' | 'patch' | 'delete'
  readonly parameters?: readonly object[]
  /** Parameters of the path item. */
  readonly shared?: readonly object[]
  readonly requestBody?: object
  readonly responses?: object
  /** Schemas under `#/components/schemas`. */
  readonly schemas?: Readonly<Record<string, object>>
}

/** What is sent: a path as it is written, a query string, headers by lower-case name, a body with its Content-Type. */
export interface Sent {
  readonly path?: string
  readonly query?: string
  readonly headers?: Readonly<Record<string, string | readonly string[]>>
  readonly type?: string
  readonly body?: string | Buffer
}

/** A request to an operation, and what has to be said of it: nothing, or everything that is wrong, each as `query/limit maximum`: the part, the pointer and the rule. */
export interface RequestCase {
  readonly kind: string
  readonly name: string
  readonly fragment: Fragment
  readonly sent: Sent
  readonly wrong: readonly string[]
}

/** What is expected of one request: `undefined` or nothing, one wrong thing, or several. */
export type Expected = string | readonly string[] | undefined

/** The cases of one fragment, each with its name, what is sent and what is wrong with it. */
export function casesOf (kind: string, fragment: Fragment, rows: readonly (readonly [name: string, sent: Sent, expected?: Expected])[]): readonly RequestCase[] {
  return rows.map(([name, sent, expected]) => ({ kind, name, fragment, sent, wrong: expected === undefined ? [] : [expected].flat() }))
}

/** Cases that only differ in the query string, by it. */
export function queryCases (kind: string, parameters: readonly object[], rows: Readonly<Record<string, Expected>>, rest: Fragment = {}): readonly RequestCase[] {
  return casesOf(kind, { ...rest, parameters }, Object.entries(rows).map(([query, expected]) => [`?${query}`, { query }, expected]))
}

/** Cases of a JSON body, by its text. */
export function jsonCases (kind: string, schema: object, rows: readonly (readonly [body: string, expected?: Expected])[], rest: Fragment & { readonly type?: string } = {}): readonly RequestCase[] {
  const { type = 'application/json', ...fragment } = rest
  return casesOf(kind, { method: 'post', ...fragment, requestBody: { required: true, content: { [type]: { schema } } } }, rows.map(([body, expected]) => [body, { type, body }, expected]))
}

interface Served { readonly contract: Contract, readonly validator: OperationValidator }

const served = new WeakMap<Fragment, Served>()

function serve (fragment: Fragment): Served {
  const known = served.get(fragment)
  if (known) return known
  const { openapi = '3.0.3', path = '/x', method = 'get', parameters = [], shared = [], requestBody, responses = {}, schemas = {} } = fragment
  const operation = { operationId: 'x', parameters, responses, ...requestBody && { requestBody } }
  const contract = toContract({ openapi, info: { title: 'Casi', version: '1.0.0' }, paths: { [path]: { parameters: shared, [method]: operation } }, components: { schemas } } as unknown as JsonObject, 'cases.yaml')
  const made = { contract, validator: compileContract(contract).get('x') as OperationValidator }
  served.set(fragment, made)
  return made
}

/** Everything that is found wrong with the request of a case. */
export function judgeRequest ({ fragment, sent: { path: sentPath, query = '', headers = {}, type, body } }: Pick<RequestCase, 'fragment' | 'sent'>): readonly Finding[] {
  const { validator, contract } = serve(fragment)
  const template = contract.operations[0]?.path ?? ''
  const path = sentPath ?? template
  const names = new Set([...template.matchAll(/\{([^}]+)\}/g)].map(([, name = '']) => name))
  const written = rawPathReader(template, names)?.(path) ?? {}
  const decoded = Object.fromEntries(Object.entries(written).map(([name, text]) => [name, text === undefined ? undefined : decodeURIComponent(text)]))
  const read = validator.parameters({ path: decoded, rawPath: (name) => written[name], query, header: (name) => headers[name] })
  const checked = type === undefined && body === undefined && !contract.operations[0]?.body ? { value: undefined } : validator.body(type, Buffer.from(body ?? ''))
  return [...findingsIn(read), ...findingsIn(checked)]
}

function findingsIn (read: object | Findings): readonly Finding[] {
  return isRefused(read) ? read.findings : []
}

/** A finding as cases have it. */
export function wordsOf ({ in: part, pointer, rule }: Finding): string {
  return `${part}${pointer} ${rule}`
}
