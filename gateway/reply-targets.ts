import type { Finding } from './adapters/checked-yaml.ts'
import { membersOf, valueAt } from './document-value.ts'
import type { EnvironmentName } from './pdnd-environments.ts'

const loopbackHosts = new Set(['127.0.0.1', 'localhost', '[::1]'])

/**
 * Origins of `replyTo` that no X-ReplyTo could ever have, or that would send answers without TLS. The document may break its schema: whatever
 * has not the expected shape is passed over, because the schema already reports it.
 */
export function findReplyTargetFaults (document: unknown, environment: EnvironmentName | undefined): Finding[] {
  return membersOf(document, ['eservices']).flatMap((name) => {
    const targets = valueAt(document, ['eservices', name, 'replyTo'])
    return (Array.isArray(targets) ? targets : []).flatMap((target: unknown, index) => {
      const origins = valueAt(target, ['origins'])
      return (Array.isArray(origins) ? origins : []).flatMap((origin: unknown, at): Finding[] => {
        const message = typeof origin === 'string' ? faultOf(origin, environment) : undefined
        return message === undefined ? [] : [{ path: ['eservices', name, 'replyTo', index, 'origins', at], message }]
      })
    })
  })
}

function faultOf (origin: string, environment: EnvironmentName | undefined): string | undefined {
  const url = URL.parse(origin)
  if (!url) return 'is not a URL'
  if (url.origin !== origin) return `must be written as a URL has it: ${url.origin}`
  if (url.protocol === 'https:' || (environment === 'sandbox' && loopbackHosts.has(url.hostname))) return undefined
  return environment === 'sandbox' ? 'must be https, unless it is on this machine' : 'must be https outside the sandbox'
}
