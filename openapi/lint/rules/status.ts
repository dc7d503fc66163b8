import { at, each, keyOf, operations, root } from './places.ts'
import type { Place } from './places.ts'
import type { Rule } from './rule.ts'
import { declares } from './schema-members.ts'
import { member } from './value.ts'

const contents = (document: unknown, status: RegExp): Place[] =>
  each(at(root(document), 'paths', '/status', 'get', 'responses')).filter((place) => status.test(keyOf(place))).flatMap((response) => each(at(response, 'content')))
const problemMembers = ['status', 'title', 'detail']

/** Every API says on /status whether it works, in the shape of a problem. */
export const statusRules: readonly Rule[] = [
  {
    id: 'paths-status',
    find: ({ resolved }) => [at(root(resolved), 'paths')].filter(({ value }) => typeof value === 'object' && value !== null),
    holds: (paths) => Object.keys(Object(paths)).length === 0 || Boolean(member(paths, '/status'))
  },
  { id: 'paths-status-return-json', find: ({ resolved }) => contents(resolved, /^200$/), holds: (_media, type) => /^application\/(problem\+)?json\s*(;|$)/.test(type) },
  { id: 'paths-status-return-problem', find: ({ resolved }) => contents(resolved, /^[45]/), holds: (_media, type) => /^application\/problem\+json\s*(;|$)/.test(type) },
  {
    id: 'paths-status-problem-schema',
    only: 'pdnd',
    find: ({ resolved }) => contents(resolved, /^[45]/).map((media) => at(media, 'schema')).filter(({ value }) => value !== undefined),
    holds: (schema) => problemMembers.every((name) => member(member(schema, 'properties'), name) !== undefined)
  },
  {
    id: 'paths-status-problem-schema',
    only: 'modi',
    find: ({ resolved }) => contents(resolved, /^[45]/).map((media) => at(media, 'schema')).filter(({ value }) => value !== undefined),
    holds: (schema) => problemMembers.every((name) => declares(schema, name))
  },
  {
    id: 'status-is-public',
    only: 'modi',
    find: ({ resolved }) => demandsCredentials(resolved) ? operations(resolved, 'get').filter(({ path }) => path[1] === '/status') : [],
    holds: (status) => { const security = member(status, 'security'); return Array.isArray(security) && security.length === 0 }
  }
]

function demandsCredentials (document: unknown): boolean {
  const security = member(document, 'security')
  return Array.isArray(security) && security.length > 0
}

