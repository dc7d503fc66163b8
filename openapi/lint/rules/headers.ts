import { at, each, headerLists, keyOf, parameters } from './places.ts'
import type { Place } from './places.ts'
import type { Judged, Rule } from './rule.ts'
import { matches, matchesNot, member } from './value.ts'

const requestNames = ({ resolved }: Judged): Place[] => parameters(resolved, 'header').map((parameter) => at(parameter, 'name'))
const responseNames = ({ resolved }: Judged): Place[] => headerLists(resolved).flatMap((headers) => each(headers)).map((header) => ({ value: keyOf(header), path: header.path }))

const withoutX = matchesNot(/^x-(?!.*(ratelimit-|correlation-id|replyto))/i)
const trainCase = matchesNot(/^(?![A-Z0-9][A-Za-z0-9]*(-[A-Z0-9][A-Za-z0-9]*)*$)/)
const allowed = matchesNot(/^(accept|content-type|authorization)$/i)
const isCacheControl = matches(/cache-control/i)
const namesDirective = matches(/max-age|private|no-store|no-cache|no-transform/)
const tell = String

/** What headers are called, and that those for caches are explained. */
export const headerRules: readonly Rule[] = [
  { id: 'no-forbidden-headers', find: (judged) => [...requestNames(judged), ...responseNames(judged)], holds: allowed, tell },
  { id: 'no-x-headers-request', find: requestNames, holds: withoutX, tell },
  { id: 'no-x-headers-response', find: responseNames, holds: withoutX, tell },
  { id: 'request-headers-train-case', find: requestNames, holds: trainCase, tell },
  { id: 'response-headers-train-case', find: responseNames, holds: trainCase, tell },
  {
    id: 'cache-control-parameter-undocumented',
    find: ({ resolved }) => parameters(resolved, 'header').filter(({ value }) => isCacheControl(member(value, 'name'))),
    holds: (header) => namesDirective(member(header, 'description'))
  },
  {
    id: 'cache-responses-undocumented',
    find: ({ resolved }) => headerLists(resolved, /^2/).flatMap((headers) => each(headers)).filter((header) => /^(cache-control|expires)$/i.test(keyOf(header))),
    holds: (header) => namesDirective(member(header, 'description'))
  },
  {
    id: 'cache-responses-indeterminate-behavior',
    only: 'pdnd',
    find: ({ resolved }) => headerLists(resolved, /^2/),
    holds: (headers) => ['Cache-Control', 'Expires'].filter((name) => member(headers, name) !== undefined).length === 1
  }
]
