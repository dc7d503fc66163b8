import type { Finding } from './adapters/checked-yaml.ts'
import { textAt, valueAt } from './document-value.ts'
import { faultOfUrl } from './production.ts'

/** The Redis that gateways share, and on how many machines they are, among which a limit is divided while it is away. The URL may hold a password. */
export interface RedisConfig { readonly url: string, readonly expectedNodes: number }

type Env = Readonly<Record<string, string | undefined>>
type Fields = Readonly<Record<string, unknown>>

/** A configuration in which the Redis of the environment (REDIS_URL) stands, where it names none itself; `url` is how it is written there. */
export function withRedisUrl (document: unknown, { REDIS_URL }: Env, url = REDIS_URL): unknown {
  const redis = valueAt(document, ['redis']) ?? {}
  if (!REDIS_URL || typeof document !== 'object' || typeof redis !== 'object' || valueAt(redis, ['url']) !== undefined) return document
  return { ...document, redis: { ...redis, url } }
}

/** The same as it may be shown. */
export function withShownRedis (document: unknown, env: Env): unknown {
  return withRedisUrl(document, env, '${REDIS_URL}')
}

/** Completes it; there are `usualNodes` machines where nothing is said. */
export function redisOf (redis: { url: string, expectedNodes?: number } | undefined, usualNodes: number): RedisConfig | undefined {
  return redis && { url: redis.url, expectedNodes: redis.expectedNodes ?? usualNodes }
}

/** The same for one of the processes that serve on each machine: each has its share. */
export function redisForOne ({ redis, workers = 1 }: { readonly redis: RedisConfig | undefined, readonly workers: number | undefined }): RedisConfig | undefined {
  return redis && { ...redis, expectedNodes: redis.expectedNodes * workers }
}

/** What is wrong with the URL beyond its form; outside the sandbox also a network that anybody could listen on. */
export function findRedisFaults (document: unknown, environment: string | undefined): Finding[] {
  const path = ['redis', 'url']
  const url = textAt(document, path)
  if (url === undefined) return []
  const message = faultOfForm(url) ?? (environment === 'sandbox' ? undefined : faultOfUrl(url, valueAt(document, ['redis', 'plain']) !== undefined, 'rediss:'))
  return message === undefined ? [] : [{ path, message }]
}

function faultOfForm (url: string): string | undefined {
  if (!URL.canParse(url)) return 'is not a URL'
  const { username, password } = new URL(url)
  try {
    decodeURIComponent(username + password)
    return undefined
  } catch {
    return 'has a user or password that is not percent-encoded: a % in it is written %25'
  }
}

/** What of it belongs to the hash of a configuration: everything but the secret, of which `partOf` says what may be told. Where secrets are ignored there may be no URL. */
export function hashableRedis (redis: RedisConfig | undefined, partOf: (secret: string) => string): Fields | undefined {
  if (!redis || !URL.canParse(redis.url)) return redis && { ...redis }
  const { protocol, host, pathname, username, password } = new URL(redis.url)
  return { ...redis, url: [protocol, host, pathname, username], password: partOf(password) }
}
