import { randomUUID } from 'node:crypto'
import type { IncomingMessage, ServerResponse } from 'node:http'
import type { Socket } from 'node:net'
import { headerValues } from '../../policies/header-values.ts'
import { announcesBody } from '../admit.ts'
import { Histogram } from '../figures/histogram.ts'
import type { Times } from '../figures/histogram.ts'
import { Batch } from './batch.ts'
import type { Reason } from './batch.ts'
import { Longest } from './longest.ts'
import { Rest } from './rest.ts'
import { usualMemoryBytes } from './readings.ts'
import { TurnLimit } from './turn-limit.ts'
import type { Overload, Rank, Reading } from './turn-limit.ts'

/** When it is too much, as it is configured; see `Overload`. Where nothing is said of memory it is a part of what the process may have. */
export interface OverloadConfig { readonly delayMs: number, readonly memoryBytes: number | undefined }

/** What shedding needs: when it is too much, the readings by which that is told, how many calls were let in and are not answered yet, the time of day (epoch ms), and where records go. */
export interface ShedParts {
  readonly overload: OverloadConfig
  readonly read: () => Omit<Reading, 'inside'>
  readonly inside: () => number
  readonly now: () => number
  readonly record: (record: object) => void
}

/** The entrance at which it is shed: what is asked for at a path, where a request comes from, the URL by which answers name themselves, and whether every connection is to be closed. */
export interface Gate {
  readonly kindOf: (path: string) => Kind
  readonly addressOf: (request: IncomingMessage) => string
  readonly publicUrl: string
  readonly isClosing: () => boolean
}

/** What is asked for: a status, an operation of an e-service, or anything else, which is a page for people at best. */
export type Kind = 'status' | 'call' | 'page'

/** Prepares telling what is asked for, where e-services are served at `basePaths`. */
export function prepareKinds (basePaths: readonly string[]): (path: string) => Kind {
  const status = new Set(['', ...basePaths].map((path) => `${path}/status`))
  return (path) => status.has(path) ? 'status' : basePaths.some((base) => path.startsWith(base)) ? 'call' : 'page'
}

/** How it stands: calls shed since the start by reason, calls that a turn lets in (null: all), connections at rest, how late at most a timer came in the last 10 to 20 s (ms), how late each one since the start (µs), and for how long the event loop has worked since the start (s). */
export interface LoadState {
  readonly shed: Readonly<Record<Reason, number>>
  readonly limit: number | null
  readonly resting: number
  readonly delayMs: number
  readonly delays: Times
  readonly activeSeconds: number
}

/** A turn lasts so long at least, in ms. */
const turnMs = 10
/** What is shed within so many ms has one record. */
const batchMs = 250
/** Vouchers that are remembered as good ones. */
const mostKnown = 10_000

/**
 * Sheds load: what comes in beyond what can be served in time is answered 503 with Retry-After before anything else is done for it, by an answer that is prepared, and
 * its connection rests for a moment. Costs a call nothing but being counted while there is no need.
 */
export class Shed {
  readonly #parts: ShedParts
  readonly #law: TurnLimit
  readonly #rest = new Rest()
  readonly #known = new Set<string>()
  /** The last request with a body on each connection that was shed. */
  readonly #last = new WeakMap<Socket, IncomingMessage>()
  /** Connections that end with the answer to a call that was shed. */
  readonly #closed = new WeakSet<Socket>()
  readonly #counts: Record<Reason, number> = { busy: 0, memory: 0 }
  #batch: { readonly calls: Batch, readonly endsAt: number } | undefined
  #timer: NodeJS.Timeout | undefined
  #isRunning = false
  #came = 0
  #now = 0
  readonly #delay = new Longest()
  readonly #delays = new Histogram()

  constructor (parts: ShedParts) {
    this.#parts = parts
    this.#law = new TurnLimit(complete(parts.overload))
  }

  /** Holds it to another configuration from now on. */
  set overload (overload: OverloadConfig) { this.#law.overload = complete(overload) }

  get state (): LoadState {
    const { limit } = this.#law
    return {
      shed: { ...this.#counts },
      limit: limit === Infinity ? null : Math.round(limit),
      resting: this.#rest.count,
      delayMs: Math.round(this.#delay.longest(this.#parts.read().now)),
      delays: this.#delays.times,
      activeSeconds: performance.eventLoopUtilization().active / 1000
    }
  }

  /** Whether a request is let in; one that is not has been answered, or came behind the last one of its connection (RFC 9112, 9.6). */
  admits (request: IncomingMessage, response: ServerResponse, expectsContinue: boolean, gate: Gate): boolean {
    if (this.#closed.has(request.socket)) return false
    this.#came++
    if (!this.#isRunning) this.#begin()
    if (this.#law.limit === Infinity) {
      this.#law.count()
      return true
    }
    const { isFull } = this.#law
    const rank = this.#rankOf(request, gate)
    if (!(isFull && announcesBody(request)) && this.#law.lets(rank, this.#rest.takeWaited(request.socket), this.#parts.inside())) return true
    const isKept = this.#refuse(request, response, isFull ? 'memory' : 'busy', expectsContinue, gate)
    if (isKept) this.#rest.put(request.socket, this.#now, this.#law.isFor(rank))
    return false
  }

  /** Notes of a call that was let in whether it was proven who makes it: those who are known go before others. */
  learn (authorization: readonly string[], isProven: boolean): void {
    const [voucher] = authorization
    if (this.#law.limit === Infinity || voucher === undefined) return
    if (!isProven) this.#known.delete(voucher)
    else if (this.#known.size < mostKnown) this.#known.add(voucher)
  }

  /** True while the rest of a request that was shed comes in on a connection, and when it ends with the answer to one. */
  reads (socket: Socket): boolean {
    return this.#closed.has(socket) || this.#last.get(socket)?.complete === false
  }

  /** Records what was shed and not recorded yet, and lets every connection go on. */
  stop (): void {
    clearTimeout(this.#timer)
    this.#isRunning = false
    this.#record()
    this.#rest.wake(Infinity, this.#now)
  }

  #rankOf ({ url = '', rawHeaders }: IncomingMessage, { kindOf }: Gate): Rank {
    const kind = kindOf(url.split('?', 1)[0] as string)
    if (kind !== 'call') return kind
    const [voucher] = headerValues(rawHeaders, 'authorization')
    return voucher !== undefined && this.#known.has(voucher) ? 'known' : 'other'
  }

  /** Gives whether the connection goes on. */
  #refuse (request: IncomingMessage, response: ServerResponse, reason: Reason, expectsContinue: boolean, { addressOf, publicUrl, isClosing }: Gate): boolean {
    this.#counts[reason]++
    this.#batch ??= { calls: new Batch(randomUUID(), this.#parts.now(), publicUrl), endsAt: this.#now + batchMs }
    const { calls } = this.#batch
    calls.add(request, addressOf(request), reason)
    const hasBody = announcesBody(request)
    if (hasBody) this.#last.set(request.socket, request)
    const closes = (hasBody && isLong(request, expectsContinue)) || isClosing()
    if (closes) this.#closed.add(request.socket)
    response.writeHead(503, closes ? [...calls.headers, 'Connection', 'close'] : calls.headers as string[])
    response.end(calls.body)
    return !closes && response.shouldKeepAlive
  }

  #read (): Reading {
    return { ...this.#parts.read(), inside: this.#parts.inside() }
  }

  #begin (): void {
    this.#isRunning = true
    const reading = this.#read()
    this.#now = reading.now
    this.#law.begin(reading)
    this.#timer = setTimeout(() => { this.#end() }, turnMs).unref()
  }

  /** Ends a turn: timers come round once in each. */
  #end (): void {
    const reading = this.#read()
    const late = Math.max(0, reading.now - this.#now - turnMs)
    this.#delay.note(late, reading.now)
    this.#delays.add(late * 1000)
    this.#now = reading.now
    this.#law.end(reading)
    const { limit } = this.#law
    this.#law.reserve(this.#rest.wake(this.#law.wakes(this.#rest.count), reading.now))
    if (limit === Infinity) this.#known.clear()
    if (this.#batch && (limit === Infinity || reading.now >= this.#batch.endsAt)) this.#record()
    this.#isRunning = this.#came > 0 || limit !== Infinity
    this.#came = 0
    if (this.#isRunning) this.#timer?.refresh()
  }

  #record (): void {
    if (this.#batch) this.#parts.record(this.#batch.calls.record(this.#parts.now()))
    this.#batch = undefined
  }
}

function complete ({ delayMs, memoryBytes }: OverloadConfig): Overload {
  return { delayMs, memoryBytes: memoryBytes ?? usualMemoryBytes() }
}

/** A body that nobody wants is not waited for when it is longer than this, in bytes, or of unknown length. */
const worthDraining = 64 * 1024

function isLong ({ headers }: IncomingMessage, expectsContinue: boolean): boolean {
  return expectsContinue || headers['transfer-encoding'] !== undefined || Number(headers['content-length']) > worthDraining
}
