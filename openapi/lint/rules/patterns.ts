import { isObject } from '../../document.ts'
import { at, each, headerLists, keyOf, operations, responses } from './places.ts'
import type { Place } from './places.ts'
import type { Judged, Rule } from './rule.ts'
import { member } from './value.ts'

/** An operation with what `x-modi` demands of it and the request headers that it declares. */
interface Demanding { readonly place: Place, readonly patterns: readonly unknown[], readonly headers: readonly string[], option (name: string): unknown }

const list = (value: unknown): unknown[] => Array.isArray(value) ? value : []

/** Every operation that is not public, with what the document and it demand together. */
function demanding ({ resolved }: Judged): Demanding[] {
  const all = member(resolved, 'x-modi')
  return operations(resolved).filter(({ value }) => list(member(value, 'security') ?? [true]).length > 0).map((place) => {
    const own = member(place.value, 'x-modi')
    const shared = member(member(member(resolved, 'paths'), place.path[1] ?? ''), 'parameters')
    const headers = [...list(shared), ...list(member(place.value, 'parameters'))].filter((parameter) => member(parameter, 'in') === 'header').map((parameter) => String(member(parameter, 'name')).toLowerCase())
    return {
      place,
      headers,
      patterns: [...list(member(all, 'patterns')), ...list(member(own, 'patterns'))],
      option: (name) => member(own, name) ?? member(all, name)
    }
  })
}

const asks = ({ patterns }: Demanding, pattern: RegExp): boolean => patterns.some((name) => pattern.test(String(name)))
const hasBody = ({ place }: Demanding): boolean => member(place.value, 'requestBody') !== undefined
const isSigned = (operation: Demanding): boolean => asks(operation, /^(INTEGRITY_REST_0[12]|PROFILE_NON_REPUDIATION_01)$/) && hasBody(operation)

/** A rule over operations: it tells which of the headers that `needs` names are not declared. */
function headersRule (id: string, needs: (operation: Demanding) => readonly string[]): Rule {
  const missing = (operation: Demanding): string[] => needs(operation).filter((name) => !operation.headers.includes(name.toLowerCase()))
  return {
    id,
    only: 'modi',
    find: (judged) => demanding(judged).map((operation) => ({ value: missing(operation), path: operation.place.path })),
    holds: (names) => list(names).length === 0,
    tell: (names) => list(names).join(', ')
  }
}

/** Answers of the operations that `applies` names, with the headers that each must declare. */
function answerRule (id: string, applies: (operation: Demanding) => boolean, status: RegExp, needs: readonly string[]): Rule {
  const missing = (response: unknown): string[] => needs.filter((name) => !Object.keys(Object(member(response, 'headers'))).some((header) => header.toLowerCase() === name.toLowerCase()))
  return {
    id,
    only: 'modi',
    find: (judged) => demanding(judged).filter(applies).flatMap(({ place }) => {
      const answers = each(at(place, 'responses')).filter((response) => status.test(keyOf(response)))
      return answers.length > 0 ? answers : [{ value: { missing: true }, path: place.path }]
    }),
    holds: (response) => member(response, 'missing') !== true && missing(response).length === 0,
    tell: (response) => missing(response).join(', ')
  }
}

const isStep = (step: string) => (operation: Demanding): boolean => member(member(operation.place.value, 'x-modi'), 'nonBlocking') === step

/** That a contract declares what the ModI patterns put in its messages. */
export const patternRules: readonly Rule[] = [
  headersRule('integrity-headers-declared', (operation) => {
    const declares = ['agid-jwt-signature', 'digest'].some((name) => operation.headers.includes(name)) && operation.headers.includes('agid-jwt-signature')
    return isSigned(operation) || declares ? ['Agid-JWT-Signature', 'Digest'] : []
  }),
  headersRule('evidence-header-declared', (operation) =>
    asks(operation, /^AUDIT_REST_0[12]$/) || operation.headers.includes('agid-jwt-tracking-evidence') ? ['Agid-JWT-TrackingEvidence'] : []),
  headersRule('push-reply-to-declared', (operation) => isStep('push')(operation) ? ['X-ReplyTo'] : []),
  answerRule('push-correlation-declared', isStep('push'), /^202$/, ['X-Correlation-ID']),
  {
    id: 'push-callback-declared',
    only: 'modi',
    find: (judged) => demanding(judged).filter((operation) => isStep('push')(operation) || operation.headers.includes('x-replyto')).map(({ place }) => place),
    holds: (operation) => isObject(member(operation, 'callbacks'))
  },
  answerRule('pull-location-declared', isStep('pull-request'), /^202$/, ['Location']),
  answerRule('pull-result-declared', isStep('pull-status'), /^303$/, ['Location']),
  {
    id: 'answer-signature-declared',
    only: 'modi',
    find: (judged) => demanding(judged).filter((operation) => operation.option('response') === 'signed')
      .flatMap(({ place }) => each(at(place, 'responses'))).filter((response) => keyOf(response).startsWith('2') && isObject(member(response.value, 'content'))),
    holds: (response) => ['agid-jwt-signature', 'digest'].every((name) => Object.keys(Object(member(response, 'headers'))).some((header) => header.toLowerCase() === name))
  },
  {
    id: 'replay-protection',
    only: 'modi',
    find: (judged) => demanding(judged).filter((operation) => asks(operation, /^(ID_AUTH_REST_02|PROFILE_NON_REPUDIATION_01)$/)).map((operation) => ({
      value: operation.option('dpop') === 'required' || asks(operation, /^INTEGRITY_REST_0[12]$/) || (Array.isArray(operation.option('trust')) && !list(operation.option('trust')).includes('pdnd')),
      path: operation.place.path
    })),
    holds: (isProtected) => isProtected === true
  },
  {
    id: 'caching-declared',
    only: 'modi',
    find: ({ resolved }) => responses(resolved, /^20[0136]$/).filter(({ path }) => path[2] === 'get' && path[1] !== '/status'),
    holds: (response) => Object.keys(Object(member(response, 'headers'))).some((name) => /^(cache-control|expires)$/i.test(name))
  },
  {
    id: 'cache-responses-indeterminate-behavior',
    only: 'modi',
    find: ({ resolved }) => headerLists(resolved, /^2/),
    holds: (headers) => Object.keys(Object(headers)).filter((name) => /^(cache-control|expires)$/i.test(name)).length < 2
  }
]
