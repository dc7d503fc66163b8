import { sandboxSecret } from '../openapi/varco-call.ts'
import type { Finding } from './adapters/checked-yaml.ts'
import { environmentNames, pdndEnvironments } from './pdnd-environments.ts'
import type { EnvironmentName, PdndEnvironment } from './pdnd-environments.ts'

interface Listening {
  readonly listeners?: { readonly public?: { readonly host?: string }, readonly operations?: { readonly host?: string, readonly token?: string } }
}

/** The parts of a configuration that decide whether it may leave the sandbox. */
interface Judged extends Listening {
  readonly pdnd: { readonly environment: EnvironmentName } & Partial<PdndEnvironment>
  readonly publicUrl: string
  readonly registry: string
  readonly eservices: Readonly<Record<string, { readonly upstream: { readonly url: string, readonly secret: string } }>>
}

const leastSecretLength = 32

/** Everything that makes a configuration unfit for a production start: sandbox keys, default secrets, addresses without TLS. */
export function findProductionFaults (document: Judged): Finding[] {
  return [...platformFaults(document), ...ownFaults(document), ...Object.entries(document.eservices).flatMap(([name, { upstream }]) => upstreamFaults(name, upstream))]
}

const loopbackHosts: readonly (string | undefined)[] = [undefined, '127.0.0.1', 'localhost', '::1']

/** What a sandbox start must not do: be reached from elsewhere, where anybody could bring a voucher that they minted themselves. */
export function findSandboxFaults ({ listeners }: Listening): Finding[] {
  return (['public', 'operations'] as const).filter((name) => !loopbackHosts.includes(listeners?.[name]?.host)).map((name) => ({
    path: ['listeners', name, 'host'],
    message: 'must be 127.0.0.1 while the sandbox is trusted: its vouchers are there for whoever asks'
  }))
}

function platformFaults ({ pdnd: { environment, ...pdnd } }: Judged): Finding[] {
  const plain = (['jwksUri', 'tokenUrl', 'apiBase'] as const).filter((key) => pdnd[key]?.startsWith('http:'))
  return [
    ...plain.map((key): Finding => ({ path: ['pdnd', key], message: 'must be https outside the sandbox: whoever answers there is trusted with keys' })),
    ...Object.entries(pdnd).flatMap(([key, value]): Finding[] => {
      const owner = environmentNames.find((name) => name !== environment && Object.values(pdndEnvironments[name]).includes(value))
      return owner ? [{ path: ['pdnd', key], message: `belongs to ${owner}, not to ${environment}: vouchers of two environments never share a gateway` }] : []
    })
  ]
}

function ownFaults ({ publicUrl, registry, listeners }: Judged): Finding[] {
  const token = listeners?.operations?.token
  return [
    ...publicUrl.startsWith('https:') ? [] : [{ path: ['publicUrl'], message: 'must be https outside the sandbox' }],
    .../(?:^|\/)sandbox\//.test(registry) ? [{ path: ['registry'], message: 'is the sandbox registry: its administrations, agreements and purposes are made up' }] : [],
    ...token === undefined ? [{ path: ['listeners'], message: 'listeners.operations.token is not set: set it, for example to ${VARCO_OPERATIONS_TOKEN}' }] : []
  ]
}

function upstreamFaults (name: string, { url, secret }: { readonly url: string, readonly secret: string }): Finding[] {
  const path = ['eservices', name, 'upstream', 'secret']
  if (secret === sandboxSecret) return [{ path, message: 'is the sandbox secret, which everybody knows: set one of your own' }]
  if (secret.length < leastSecretLength) return [{ path, message: `is shorter than ${leastSecretLength} characters; make one with: openssl rand -base64 48` }]
  return URL.canParse(url) ? [] : [{ path: ['eservices', name, 'upstream', 'url'], message: 'is not a URL' }]
}
