import { parameterNames } from './places.ts'
import { matches, never } from './rule.ts'
import type { Rule } from './rule.ts'

const flows = '$.components.securitySchemes[?(@ && @.type === \'oauth2\')].flows'

/** Credentials never travel where they are logged, or over a channel that is not protected. */
export const securityRules: readonly Rule[] = [
  {
    id: 'sec-apikeys-url',
    rac: 'RAC_GEN_004',
    severity: 'error',
    message: 'an API key in the query string ends up in logs and histories; send it in a header ("in: header")',
    given: ['$.components.securitySchemes[?(@ && @.type === \'apiKey\')].in'],
    holds: (place) => place !== 'query'
  },
  {
    id: 'sec-credentials-parameters',
    rac: 'RAC_GEN_004',
    severity: 'error',
    message: 'a credential in an address ends up in logs; send it in a header, or rename this parameter if it is none',
    given: parameterNames('query', 'path'),
    holds: (name) => !matches(/password|secret|apikey/i)(name)
  },
  {
    id: 'sec-security-schemes-oauth-http',
    severity: 'error',
    message: 'begin this address with https://: tokens are issued there',
    given: [`${flows}[*][authorizationUrl,tokenUrl,refreshUrl]`],
    holds: matches(/^https:\/\//)
  },
  {
    id: 'sec-security-schemes-oauth-allowed-flows',
    severity: 'error',
    message: 'this flow hands credentials or tokens to the browser; use authorizationCode or clientCredentials',
    given: [`${flows}[implicit,password]`],
    holds: never
  }
]
