import { createHash } from 'node:crypto'
import type { Config } from './config.ts'
import { hashableRedis } from './redis-config.ts'

const unguessableLength = 32

/**
 * SHA-256 (hex) of a complete configuration with the bytes of the files that it names (`digests` by path) in the place of their paths:
 * the same on every machine that is configured alike.
 */
export function hashOf (config: Omit<Config, 'files' | 'digests' | 'shown' | 'hash'>, digests: ReadonlyMap<string, string>): string {
  const { internal, operations } = config.listeners
  return sha256(JSON.stringify({
    ...config,
    state: undefined,
    // Whatever names them: those that the registry names stand nowhere else.
    named: [...digests.values()].toSorted(),
    watch: undefined,
    workers: undefined,
    redis: hashableRedis(config.redis, partOf),
    // What is signed with it changes with the key, nothing that is enforced here.
    pdnd: { ...config.pdnd, api: config.pdnd.api && { ...config.pdnd.api, privateKey: undefined } },
    listeners: { ...config.listeners, internal: internal && { ...internal, publicKeys: undefined }, operations: { ...operations, token: partOf(operations.token) } },
    eservices: config.eservices.map((eservice) => ({
      ...eservice,
      upstream: { ...eservice.upstream, secret: partOf(eservice.upstream.secret) },
      keychain: eservice.keychain !== undefined,
      evidence: eservice.evidence && { ...eservice.evidence, keys: eservice.evidence.keys.map(partOf) }
    }))
  }, (_name, value: unknown) => typeof value === 'string' ? digests.get(value) ?? value : value))
}

// Whoever sees the hash and knows the rest could try secrets until it fits: only one that is too long for that takes part, so that its
// rotation shows; of a shorter one nothing but that it is there.
function partOf (secret: string | undefined): string {
  if (secret === undefined) return 'none'
  return secret.length < unguessableLength ? 'short' : sha256(secret)
}

function sha256 (text: string): string {
  return createHash('sha256').update(text).digest('hex')
}
