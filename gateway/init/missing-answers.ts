import { escapeToken } from '../../openapi/reading/anatomy.ts'
import { atPointer, isObject } from '../../openapi/document.ts'
import type { Json, JsonObject } from '../../openapi/document.ts'
import { Notes } from '../../openapi/reading/note.ts'
import { nameOperations } from '../../openapi/reading/operation-ids.ts'
import type { Additions } from './additions.ts'
import type { SharedParts } from './shared-parts.ts'

const methods = ['get', 'put', 'post', 'delete', 'options', 'head', 'patch', 'trace']

interface Place { readonly path: readonly string[], readonly value: JsonObject }

/** `GET /status`, where there is no such path (RAC_REST_NAME_011). */
export function addStatus ({ document, text }: Additions, parts: SharedParts): void {
  const paths = isObject(document['paths']) ? document['paths'] : undefined
  if (!paths || paths['/status'] !== undefined) return
  const ids = operationsOf(document).map(({ value }) => value['operationId'])
  const tag = 'status'
  const hasTags = Array.isArray(document['tags'])
  if (hasTags && !(document['tags'] as readonly Json[]).some((one) => isObject(one) && one['name'] === tag)) text.push(['tags'], { name: tag, description: "Stato dell'e-service." })
  text.add(['paths', '/status'], {
    get: {
      ...(hasTags && { tags: [tag] }),
      operationId: ids.includes('showStatus') ? 'showEserviceStatus' : 'showStatus',
      summary: "Stato dell'e-service",
      description: "Dice se l'e-service è operativo. Non richiede voucher.",
      security: [],
      responses: {
        200: { description: "L'e-service è operativo.", headers: answerHeaders(parts, {}), content: parts.problemContent() },
        503: parts.refusal('503'),
        default: parts.refusal('default')
      }
    }
  })
}

/** The refusals that the gateway may answer, an operation's name where it has none, and the headers that its answers carry. */
export function addAnswers ({ document, text }: Additions, parts: SharedParts): void {
  const named = nameOperations(isObject(document['paths']) ? document['paths'] : {}, new Notes())
  for (const { path, value } of operationsOf(document)) {
    const id = atPointer({ paths: named }, `/${[...path, 'operationId'].map(escapeToken).join('/')}`)
    if (value['operationId'] === undefined && typeof id === 'string') text.add([...path, 'operationId'], id, { after: 'summary' })
    if (!isObject(value['responses'])) continue
    const isPublic = Array.isArray(value['security']) && value['security'].length === 0
    const declared = Object.keys(value['responses'])
    for (const status of isPublic ? ['429', '503'] : ['401', '403', '429', '503']) {
      if (!declared.some((one) => one === status || one === 'default' || one.toUpperCase() === `${status[0]}XX`)) text.add([...path, 'responses', status], parts.refusal(status))
    }
    for (const [status, response] of Object.entries(value['responses'])) addToAnswer({ document, text }, parts, status, placeOf(document, [...path, 'responses', status], response))
  }
}

function addToAnswer ({ text }: Pick<Additions, 'document' | 'text'>, parts: SharedParts, status: string, place: Place | undefined): void {
  if (!place) return
  const { path, value } = place
  const headers = isObject(value['headers']) ? value['headers'] : {}
  if (value['headers'] === undefined || isObject(value['headers'])) for (const [name, header] of Object.entries(missingHeaders(parts, status, headers))) text.add([...path, 'headers', name], header)
  const isError = /^(?:[45]|default)/i.test(status)
  if (isError && value['content'] === undefined) text.add([...path, 'content'], parts.problemContent())
}

function missingHeaders (parts: SharedParts, status: string, headers: JsonObject): Readonly<Record<string, Json>> {
  if (status.startsWith('2')) return answerHeaders(parts, headers)
  if (status === '429' || status === '503') return headers['Retry-After'] === undefined ? { 'Retry-After': parts.header('Retry-After') } : {}
  return status.startsWith('4') && Object.keys(headers).length > 0 ? limitHeaders(parts, headers) : {}
}

function answerHeaders (parts: SharedParts, headers: JsonObject): Readonly<Record<string, Json>> {
  const saysCaching = ['cache-control', 'expires'].some((name) => Object.keys(headers).some((key) => key.toLowerCase() === name))
  return { ...limitHeaders(parts, headers), ...(!saysCaching && { 'Cache-Control': parts.header('Cache-Control') }) }
}

/** Of the two spellings of limits the one that is begun already. */
function limitHeaders (parts: SharedParts, headers: JsonObject): Readonly<Record<string, Json>> {
  const isPlain = Object.keys(headers).some((name) => /^RateLimit-/i.test(name))
  const missing = ['Limit', 'Remaining', 'Reset'].filter((name) => headers[`X-RateLimit-${name}`] === undefined && headers[`RateLimit-${name}`] === undefined)
  return Object.fromEntries(missing.map((name) => [`${isPlain ? '' : 'X-'}RateLimit-${name}`, parts.header(`X-RateLimit-${name}`)]))
}

function operationsOf (document: JsonObject): readonly Place[] {
  const paths = isObject(document['paths']) ? Object.entries(document['paths']) : []
  return paths.flatMap(([path, item]) => isObject(item) ? methods.flatMap((method) => {
    const value = item[method]
    return isObject(value) ? [{ path: ['paths', path, method], value }] : []
  }) : [])
}

/** Where an answer is written: under components, where it is referred to; nowhere in this file, where that leads to another. */
function placeOf (document: JsonObject, path: readonly string[], value: Json): Place | undefined {
  if (!isObject(value)) return undefined
  const reference = value['$ref']
  if (typeof reference !== 'string') return { path, value }
  if (!reference.startsWith('#/components/responses/')) return undefined
  const target = atPointer(document, reference.slice(1))
  return isObject(target) && target['$ref'] === undefined ? { path: reference.slice(2).split('/').map((token) => token.replaceAll('~1', '/').replaceAll('~0', '~')), value: target } : undefined
}
