import { at, each, keyOf, present, securitySchemes } from './places.ts'
import type { Place } from './places.ts'
import type { Judged, Rule } from './rule.ts'
import { matchesNot, never } from './value.ts'

const flows = ({ resolved }: Judged): Place[] => securitySchemes(resolved, 'oauth2').flatMap((scheme) => each(at(scheme, 'flows')))

/** Credentials never travel where they are logged, or over a channel that is not protected. */
export const securityRules: readonly Rule[] = [
  { id: 'sec-apikeys-url', find: ({ resolved }) => securitySchemes(resolved, 'apiKey').map((scheme) => at(scheme, 'in')), holds: (place) => place !== 'query' },
  {
    id: 'sec-security-schemes-oauth-http',
    find: (judged) => present(flows(judged).flatMap((flow) => each(flow)).filter((member) => keyOf(member).endsWith('Url'))),
    holds: matchesNot(/^(?!https:\/\/)/)
  },
  { id: 'sec-security-schemes-oauth-allowed-flows', find: (judged) => flows(judged).filter((flow) => /^(implicit|password)$/.test(keyOf(flow))), holds: never, tell: (_flow, name) => name }
]
