import { at, root, servers } from './places.ts'
import type { Rule } from './rule.ts'
import { isText, matches, matchesNot, member } from './value.ts'

// semver.org, 2.0.0: no leading zeros, optional pre-release and build parts.
const semver = /^(0|[1-9]\d*)(\.(0|[1-9]\d*)){2}(-[\dA-Za-z-]+(\.[\dA-Za-z-]+)*)?(\+[\dA-Za-z-]+(\.[\dA-Za-z-]+)*)?$/
// What the gate takes for one: any character for a dot, and anything after the third number.
const seeminglySemver = /^\d+.\d+.\d+/

const info: Rule['find'] = ({ resolved }) => [at(root(resolved), 'info')].filter(({ value }) => value !== undefined)
const has = (name: string): Rule['holds'] => (holder) => Boolean(member(holder, name))
const allServers: Rule['find'] = ({ resolved }) => servers(resolved)

/** How an API introduces itself: format, version, who answers for it and where it is served. */
export const descriptionRules: readonly Rule[] = [
  { id: 'no-swagger-2', find: ({ resolved }) => [root(resolved)], holds: (document) => member(document, 'swagger') === undefined, anyFormat: true },
  { id: 'has-x-summary', find: info, holds: has('x-summary') },
  { id: 'has-terms-of-service', find: info, holds: has('termsOfService') },
  { id: 'has-x-api-id', find: info, holds: has('x-api-id') },
  { id: 'has-contact', only: 'pdnd', find: info, holds: has('contact') },
  {
    id: 'has-contact',
    only: 'modi',
    find: info,
    holds: (value) => ['name', 'email', 'url'].some((name) => isText(member(member(value, 'contact'), name)))
  },
  // A version that is a number (1.0 without quotes) escapes the gate.
  { id: 'use-semver', only: 'pdnd', find: info, holds: (value) => typeof member(value, 'version') !== 'string' || matches(seeminglySemver)(member(value, 'version')) },
  { id: 'use-semver', only: 'modi', find: info, holds: (value) => matches(semver)(member(value, 'version')) },
  { id: 'servers-description', find: allServers, holds: has('description') },
  { id: 'servers-use-https', find: allServers, holds: (server) => member(server, 'x-sandbox') === true || matchesNot(/^(?!https:\/\/)/)(member(server, 'url')) }
]
