import { operations } from './places.ts'
import { isText, matches, member } from './rule.ts'
import type { Rule } from './rule.ts'

// semver.org, 2.0.0: no leading zeros, optional pre-release and build parts.
const semver = /^(0|[1-9]\d*)(\.(0|[1-9]\d*)){2}(-[\dA-Za-z-]+(\.[\dA-Za-z-]+)*)?(\+[\dA-Za-z-]+(\.[\dA-Za-z-]+)*)?$/
const servers = ['$.servers[*]', '$.paths[*].servers[*]', `${operations}.servers[*]`]

/** How an API introduces itself: format, version, who answers for it and where it is served. */
export const descriptionRules: readonly Rule[] = [
  {
    id: 'no-swagger-2',
    rac: 'RAC_GEN_001',
    severity: 'error',
    message: 'not an OpenAPI 3 document; convert it and begin it with "openapi: 3.0.3"',
    given: ['$'],
    holds: (document) => matches(/^3\.\d/)(member(document, 'openapi')),
    anyFormat: true
  },
  {
    id: 'use-semver',
    rac: 'RAC_GEN_002',
    severity: 'error',
    message: 'the version is not semantic; write it as major.minor.patch, e.g. 1.0.0',
    given: ['$.info'],
    holds: (info) => matches(semver)(member(info, 'version'))
  },
  {
    id: 'has-x-summary',
    severity: 'error',
    message: 'add "x-summary" under info: one line, shown in catalogues, that says what the API is for',
    given: ['$.info'],
    holds: (info) => isText(member(info, 'x-summary'))
  },
  {
    id: 'has-contact',
    severity: 'error',
    message: 'add "contact" under info: the name, e-mail address or page of whoever answers for the API',
    given: ['$.info'],
    holds: (info) => Boolean(member(info, 'contact'))
  },
  {
    id: 'has-terms-of-service',
    severity: 'warn',
    message: 'add "termsOfService" under info: the address of the terms of use',
    given: ['$.info'],
    holds: (info) => isText(member(info, 'termsOfService'))
  },
  {
    id: 'servers-description',
    severity: 'error',
    message: 'add a "description" that says which environment this server is, e.g. Produzione or Collaudo',
    given: servers,
    holds: (server) => isText(member(server, 'description'))
  },
  {
    id: 'servers-use-https',
    rac: 'RAC_GEN_002',
    severity: 'error',
    message: 'begin the url of this server with https://, or mark a trial server with "x-sandbox: true"',
    given: servers,
    holds: (server) => member(server, 'x-sandbox') === true || matches(/^https:\/\//)(member(server, 'url'))
  }
]
