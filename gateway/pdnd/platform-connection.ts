import { Agent, request } from 'undici'

/** An answer as it was received: header names in lower case, the bytes of the body as they came, never decompressed. */
export interface PlatformAnswer {
  readonly status: number
  readonly headers: Readonly<Record<string, string | readonly string[] | undefined>>
  readonly bytes: Buffer
}

/** Asks for a URL; `deadlineMs` for the whole answer, 5000 when left out. Throws an Error with a sentence, without the URL, when there is none. */
export interface PlatformConnection {
  get (url: string, headers: Readonly<Record<string, string>>): Promise<PlatformAnswer>
  /** Gives up what is under way and closes every connection. */
  close (): Promise<void>
}

const usualDeadlineMs = 5000
/** More than any answer of the platform: what is longer is not read to its end. */
const maxBytes = 1024 * 1024

/**
 * Connections to the platform, apart from all others: HTTP/1.1, a few at a time, through no proxy that the environment names, and no
 * redirect is followed (whoever the configuration names answers, or nobody does).
 */
export function openPlatformConnection (deadlineMs: number = usualDeadlineMs): PlatformConnection {
  const dispatcher = new Agent({ allowH2: false, connections: 16, maxResponseSize: maxBytes, keepAliveTimeout: 10_000 })
  return {
    async get (url, headers) {
      try {
        const { statusCode, headers: received, body } = await request(url, { dispatcher, headers, signal: AbortSignal.timeout(deadlineMs) })
        return { status: statusCode, headers: received, bytes: Buffer.from(await body.arrayBuffer()) }
      } catch (error) {
        throw new Error(reasonOf(error, deadlineMs), { cause: error })
      }
    },
    close: async () => dispatcher.destroy()
  }
}

const reasons: Readonly<Record<string, string>> = {
  ECONNREFUSED: 'nothing listens there',
  ENOTFOUND: 'there is no host of that name',
  UND_ERR_RES_EXCEEDED_MAX_SIZE: `the answer is larger than ${maxBytes} bytes`
}

function reasonOf (error: unknown, deadlineMs: number): string {
  const { name, code = '' } = error as { name?: string, code?: string }
  if (name === 'TimeoutError') return `no answer within ${deadlineMs} ms`
  return reasons[code] ?? `the connection failed${code === '' ? '' : ` (${code})`}`
}
