import { at, operations, parameters, present } from './places.ts'
import type { Place } from './places.ts'
import type { Judged, Rule } from './rule.ts'
import { matchesNot, member, never, typesOf } from './value.ts'

const bodies = (method: string) => ({ resolved }: Judged): Place[] => present(operations(resolved, method).map((operation) => at(operation, 'requestBody')))
const patchContents = (judged: Judged): Place[] => present(bodies('patch')(judged).map((body) => at(body, 'content')))

/** What a request may carry (RFC 9110, RFC 5789), and what its parameters are called. */
export const requestRules: readonly Rule[] = [
  { id: 'http-request-get-no-body', find: bodies('get'), holds: never },
  { id: 'http-request-delete-no-body', find: bodies('delete'), holds: never },
  { id: 'patch-without-request-body', find: ({ resolved }) => operations(resolved, 'patch'), holds: (patch) => member(member(patch, 'requestBody'), 'required') === true },
  { id: 'patch-media-type', find: patchContents, holds: (content) => member(content, 'application/json') === undefined },
  {
    id: 'patch-json-patch-mediatype',
    find: (judged) => present(patchContents(judged).map((content) => at(content, 'application/json-patch+json', 'schema'))),
    holds: (schema) => typesOf(schema).includes('array')
  },
  {
    id: 'use-recommended-names-in-parameters',
    find: ({ resolved }) => parameters(resolved, 'query', 'path', 'header', 'cookie').map((parameter) => at(parameter, 'name')),
    holds: matchesNot(/^(nome|name|surname|cf|fiscal[-_ ]?(code|number)|(first|last)[-_ ]?name)$/i),
    tell: String
  },
  {
    id: 'no-method-name-in-operation-id',
    find: ({ resolved }) => operations(resolved).map((operation) => at(operation, 'operationId')),
    holds: matchesNot(/^(get|post|put|delete|patch|head)/i),
    tell: String
  },
  {
    id: 'sec-credentials-parameters',
    find: ({ resolved }) => parameters(resolved, 'query', 'path').map((parameter) => at(parameter, 'name')),
    holds: matchesNot(/password|secret|apikey/i),
    tell: String
  },
  {
    id: 'query-names',
    only: 'modi',
    // One with fixed values chooses among them; it does not page.
    find: ({ resolved }) => parameters(resolved, 'query').filter(({ value }) => member(member(value, 'schema'), 'enum') === undefined).map((parameter) => at(parameter, 'name')),
    holds: (name) => typeof name !== 'string' || standardName(name) === undefined,
    tell: (name) => `${String(name)} → ${standardName(String(name)) ?? ''}`
  }
]

const otherNames: Readonly<Record<string, RegExp>> = {
  limit: /^(page_?size|per_?page|size|max_?results|top|numero_?elementi|dimensione_?pagina)$/i,
  offset: /^(skip|start|start_?index|from_?index|page_?number|page|pagina|numero_?pagina)$/i,
  cursor: /^(page_?token|next_?token|continuation_?token|after)$/i,
  sort: /^(sort_?by|order_?by|order|ordinamento|sorting)$/i,
  q: /^(query|search|search_?text|full_?text|cerca|ricerca|testo)$/i,
  fields: /^(select|attributes|include_?fields|campi)$/i,
  embed: /^(expand|include|include_?related)$/i
}

/** The name that the guidelines give to what a parameter named so does. */
function standardName (name: string): string | undefined {
  return Object.keys(otherNames).find((standard) => otherNames[standard]?.test(name))
}
