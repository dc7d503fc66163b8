import { parameterNames, responseHeaderNames } from './places.ts'
import { matches, member, never } from './rule.ts'
import type { Rule } from './rule.ts'

const headers = parameterNames('header')
const withoutX = (name: unknown): boolean => !matches(/^x-(?!.*(ratelimit-|correlation-id|replyto))/i)(name)
const isCacheControl = matches(/cache-control/i)
const namesDirective = matches(/max-age|private|no-store|no-cache|no-transform/)

/** What a request may carry: headers, bodies and the semantics of the methods (RFC 9110, RFC 5789). */
export const requestRules: readonly Rule[] = [
  {
    id: 'no-forbidden-headers',
    severity: 'error',
    message: 'OpenAPI ignores this header; describe media types with "content" and credentials with "securitySchemes"',
    given: [...headers, ...responseHeaderNames],
    holds: (name) => !matches(/^(accept|content-type|authorization)$/i)(name)
  },
  {
    id: 'no-x-headers-request',
    severity: 'warn',
    message: 'choose a name that does not begin with X- (RFC 6648)',
    given: headers,
    holds: withoutX
  },
  {
    id: 'no-x-headers-response',
    severity: 'warn',
    message: 'choose a name that does not begin with X- (RFC 6648)',
    given: responseHeaderNames,
    holds: withoutX
  },
  {
    id: 'cache-control-parameter-undocumented',
    rac: 'RAC_REST_NAME_010',
    severity: 'warn',
    message: 'say in the description of Cache-Control which directives are honoured, e.g. no-cache or max-age',
    given: headers.map((path) => path.replace(/\.name$/, '')),
    holds: (header) => !isCacheControl(member(header, 'name')) || namesDirective(member(header, 'description'))
  },
  {
    id: 'http-request-get-no-body',
    rac: 'RAC_REST_NAME_001',
    severity: 'error',
    message: 'a GET has no body; turn it into query parameters, or use POST for the search',
    given: ['$.paths[*].get.requestBody'],
    holds: never
  },
  {
    id: 'http-request-delete-no-body',
    rac: 'RAC_REST_NAME_001',
    severity: 'warn',
    message: 'the body of a DELETE may be dropped on its way; name the resource in the path, or use POST',
    given: ['$.paths[*].delete.requestBody'],
    holds: never
  },
  {
    id: 'patch-without-request-body',
    rac: 'RAC_REST_NAME_001',
    severity: 'error',
    message: 'a PATCH without changes means nothing; add a requestBody with "required: true"',
    given: ['$.paths[*].patch'],
    holds: (patch) => member(member(patch, 'requestBody'), 'required') === true
  },
  {
    id: 'patch-media-type',
    rac: 'RAC_REST_NAME_001',
    severity: 'error',
    message: 'application/json does not say how changes apply; offer application/merge-patch+json (RFC 7396) instead',
    given: ['$.paths[*].patch.requestBody.content'],
    holds: (content) => member(content, 'application/json') === undefined
  },
  {
    id: 'patch-json-patch-mediatype',
    rac: 'RAC_REST_NAME_001',
    severity: 'warn',
    message: 'a JSON Patch is a list of changes (RFC 6902); give its schema "type: array"',
    given: ['$.paths[*].patch.requestBody.content[\'application/json-patch+json\'].schema'],
    holds: (schema) => member(schema, 'type') === 'array'
  }
]
