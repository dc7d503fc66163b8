import { createHash, randomBytes, timingSafeEqual } from 'node:crypto'
import type { FastifyRequest } from 'fastify'
import { UnprovenLimit } from '../unproven.ts'

/** For how long a sign-in holds, in s, and how many there may be: the first goes where there is one more. */
const sessionSeconds = 8 * 60 * 60
const mostSessions = 100
/** Wrong tokens that one address may send by the form in a minute. */
const guesses = { requests: 5, seconds: 60 }

/** What became of a try to sign in: the cookie of the session, or for how many seconds no other try counts (0: the token was wrong and may be tried again). */
export type SignedIn = { readonly cookie: string } | { readonly blockedSeconds: number }

/**
 * Who may use the operations listener: whoever sends the operations token as bearer, and for reading whoever signed in with it in a browser. Sessions are random
 * ids in the memory of this process: they end with the token that they were given for, which holds as long as the process. `now` in epoch ms.
 */
export class Access {
  readonly #bearer: Buffer
  readonly #token: Buffer
  readonly #now: () => number
  readonly #sessions = new Map<string, number>()
  readonly #guesses = new UnprovenLimit(guesses)

  constructor (token: string, now: () => number) {
    [this.#bearer, this.#token] = [digest(`Bearer ${token}`), digest(token)]
    this.#now = now
  }

  /** Whether a request may be answered. A session is for reading only: what changes something takes the bearer, which no browser sends by itself. */
  admits (request: FastifyRequest): boolean {
    // Digests have one length, so that comparing them takes the same time whatever was sent.
    return timingSafeEqual(digest(request.headers.authorization ?? ''), this.#bearer) || (request.method === 'GET' && this.#isOpen(sessionOf(request)))
  }

  /** Opens a session for whoever sends the token. An address that sent too many wrong ones is refused with the right one too. */
  signIn (request: FastifyRequest, token: string): SignedIn {
    const blockedSeconds = this.#guesses.blockedSeconds(request.ip, this.#now())
    const isRight = timingSafeEqual(digest(token), this.#token)
    if (blockedSeconds > 0) return { blockedSeconds }
    if (!isRight) {
      this.#guesses.count(request.ip, this.#now())
      return { blockedSeconds: 0 }
    }
    if (this.#sessions.size >= mostSessions) this.#sessions.delete(this.#sessions.keys().next().value as string)
    const id = randomBytes(32).toString('base64url')
    this.#sessions.set(id, this.#now() + sessionSeconds * 1000)
    return { cookie: cookieOf(request, id, sessionSeconds) }
  }

  /** Ends the session of a request, if it has one; gives the cookie that takes its own away. */
  signOut (request: FastifyRequest): string {
    this.#sessions.delete(sessionOf(request) ?? '')
    return cookieOf(request, '', 0)
  }

  #isOpen (id: string | undefined): boolean {
    const endsAt = id === undefined ? undefined : this.#sessions.get(id)
    if (endsAt !== undefined && this.#now() < endsAt) return true
    this.#sessions.delete(id ?? '')
    return false
  }
}

/** Whether a form was sent from a page of this listener, as the browser says: no page elsewhere can sign anybody in or out. */
export function isOwnForm ({ headers }: FastifyRequest): boolean {
  // Behind a proxy the host may be another one, of which the browser knows nothing.
  const site = headers['sec-fetch-site']
  if (site !== undefined) return site === 'same-origin'
  return headers.origin !== undefined && URL.canParse(headers.origin) && new URL(headers.origin).host === headers.host
}

/** Cookies hold for all ports of a host: those of several gateways on it must not replace each other. */
const nameOf = ({ socket }: FastifyRequest): string => `varco-operations-${socket.localPort}`

function sessionOf (request: FastifyRequest): string | undefined {
  const name = `${nameOf(request)}=`
  return request.headers.cookie?.split(/; */).find((pair) => pair.startsWith(name))?.slice(name.length)
}

function cookieOf (request: FastifyRequest, value: string, seconds: number): string {
  const overTls = request.headers.origin?.startsWith('https:')
  return `${nameOf(request)}=${value}; Path=/; Max-Age=${seconds}; HttpOnly; SameSite=Strict${overTls ? '; Secure' : ''}`
}

function digest (text: string): Buffer {
  return createHash('sha256').update(text).digest()
}
