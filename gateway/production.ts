import { isIPv4 } from 'node:net'
import { sandboxSecret } from '../openapi/varco-call.ts'
import type { Finding } from './adapters/checked-yaml.ts'
import { membersOf, textAt, valueAt } from './document-value.ts'
import { environmentNames, pdndEnvironments } from './pdnd-environments.ts'

/**
 * What decides whether a configuration may leave the sandbox. Documents may break their schema elsewhere: whatever has not the expected
 * shape is passed over, because the schema already reports it, so that everything is told at once.
 */

const leastSecretLength = 32

/** Everything that makes a configuration unfit for a production start: sandbox keys, default secrets, addresses without TLS. */
export function findProductionFaults (document: unknown): Finding[] {
  const eservices = membersOf(document, ['eservices']).map((name) => ['eservices', name])
  return [
    ...platformFaults(document),
    ...ownFaults(document),
    ...internalFaults(document),
    ...eservices.flatMap((path) => [...upstreamFaults(document, [...path, 'upstream']), ...keychainFaults(document, [...path, 'keychain']), ...evidenceFaults(document, [...path, 'evidence', 'keys'])])
  ]
}

const loopbackHosts = ['127.0.0.1', 'localhost', '::1']

/** What a sandbox start must not do: be reached from elsewhere, where anybody could bring a voucher that they minted themselves. */
export function findSandboxFaults (document: unknown): Finding[] {
  const paths = ['public', 'internal', 'operations'].map((name) => ['listeners', name, 'host'])
  return paths.filter((path) => !loopbackHosts.includes(textAt(document, path) ?? 'localhost')).map((path) => ({
    path,
    message: 'must be 127.0.0.1 while the sandbox is trusted: its vouchers are there for whoever asks'
  }))
}

function platformFaults (document: unknown): Finding[] {
  const environment = textAt(document, ['pdnd', 'environment'])
  const plain = ['jwksUri', 'tokenUrl', 'apiBase', 'tracingBase'].filter((key) => textAt(document, ['pdnd', key])?.startsWith('http:'))
  const overridden = Object.keys(pdndEnvironments.produzione).map((key) => ({ key, value: textAt(document, ['pdnd', key]) }))
  return [
    ...plain.map((key): Finding => ({ path: ['pdnd', key], message: 'must be https outside the sandbox: whoever answers there is trusted with keys' })),
    ...overridden.flatMap(({ key, value }): Finding[] => {
      const owner = environmentNames.find((name) => name !== environment && Object.values(pdndEnvironments[name]).includes(value))
      return owner ? [{ path: ['pdnd', key], message: `belongs to ${owner}, not to ${environment}: vouchers of two environments never share a gateway` }] : []
    })
  ]
}

function ownFaults (document: unknown): Finding[] {
  const token = ['listeners', 'operations', 'token']
  return [
    ...textAt(document, ['publicUrl'])?.startsWith('http:') ? [{ path: ['publicUrl'], message: 'must be https outside the sandbox' }] : [],
    ...['registry', 'localRegistry'].filter((key) => /(?:^|\/)sandbox\//.test(textAt(document, [key]) ?? '')).map((key) => ({ path: [key], message: 'is the sandbox registry: its administrations, agreements and purposes are made up' })),
    .../(?:^|\/)sandbox\//.test(textAt(document, ['pdnd', 'api', 'privateKey']) ?? '') ? [{ path: ['pdnd', 'api', 'privateKey'], message: 'is a key of the sandbox: the platform knows no such client' }] : [],
    ...keychainFaults(document, ['keychain']),
    ...valueAt(document, token) === undefined ? [{ path: token, message: 'is not set: set it, for example to ${VARCO_OPERATIONS_TOKEN}' }] : []
  ]
}

/** Tokens of internal applications can be used by whoever reads them on their way. */
function internalFaults (document: unknown): Finding[] {
  const at = ['listeners', 'internal']
  const host = textAt(document, [...at, 'host'])
  const url = textAt(document, [...at, 'url'])
  return [
    ...host !== undefined && !loopbackHosts.includes(host) && valueAt(document, [...at, 'tls']) === undefined ? [{ path: [...at, 'host'], message: 'must be 127.0.0.1 outside the sandbox, unless tls is configured beside it: behind a proxy that ends TLS it is reached from this machine only' }] : [],
    ...url?.startsWith('http:') && faultOfUrl(url, false) !== undefined ? [{ path: [...at, 'url'], message: 'must be https outside the sandbox, unless it is on this machine' }] : [],
    .../(?:^|\/)sandbox(?:\/|$)/.test(textAt(document, [...at, 'publicKeys']) ?? '') ? [{ path: [...at, 'publicKeys'], message: 'is the folder of the sandbox: whoever started the demonstration has the key' }] : []
  ]
}

function upstreamFaults (document: unknown, upstream: readonly string[]): Finding[] {
  const url = textAt(document, [...upstream, 'url'])
  const secret = textAt(document, [...upstream, 'secret'])
  const fault = (key: string, message: string | undefined): Finding[] => message === undefined ? [] : [{ path: [...upstream, key], message }]
  return [
    ...fault('url', url === undefined ? undefined : faultOfUrl(url, valueAt(document, [...upstream, 'plain']) !== undefined)),
    ...fault('secret', secret === undefined ? undefined : faultOfSecret(secret))
  ]
}

function keychainFaults (document: unknown, path: readonly string[]): Finding[] {
  return /(?:^|\/)sandbox(?:\/|$)/.test(textAt(document, path) ?? '') ? [{ path, message: 'is the folder of the sandbox: the platform knows none of its keys' }] : []
}

/** Of 32 random bytes about 30 differ. */
const leastDifferentBytes = 16

function evidenceFaults (document: unknown, path: readonly string[]): Finding[] {
  const keys: unknown = valueAt(document, path)
  const isGuessable = (key: unknown): boolean => typeof key === 'string' && new Set(Buffer.from(key, 'base64')).size < leastDifferentBytes
  return (Array.isArray(keys) ? keys : []).flatMap((key, index) => isGuessable(key) ? [{ path: [...path, index], message: 'is no random key; make one with: openssl rand -base64 32' }] : [])
}

/** What keeps a URL out of production: a network between, without TLS, that nobody says may be trusted. */
export function faultOfUrl (url: string, mayBePlain: boolean, secure: 'https:' | 'rediss:' = 'https:'): string | undefined {
  if (!URL.canParse(url)) return 'is not a URL'
  const { protocol, hostname } = new URL(url)
  if (protocol === secure || mayBePlain || ['localhost', '[::1]'].includes(hostname) || (isIPv4(hostname) && hostname.startsWith('127.'))) return undefined
  return `must be ${secure.slice(0, -1)} outside the sandbox, unless it is on this machine; where the network between may be trusted say why beside it, plain: <reason>`
}

function faultOfSecret (secret: string): string | undefined {
  if (secret === sandboxSecret) return 'is the sandbox secret, which everybody knows: set one of your own'
  return secret.length < leastSecretLength ? `is shorter than ${leastSecretLength} characters; make one with: openssl rand -base64 48` : undefined
}
