import { setTimeout as wait } from 'node:timers/promises'
import { noneServes, reloadAll } from './fleet-reload.ts'
import type { ProcessState } from '../metrics.ts'
import { Ownership } from './ownership.ts'
import type { Planned } from '../plan/plan-reload.ts'
import { problemsOf } from '../program.ts'
import type { Reloaded } from '../reload.ts'
import { briefOf } from '../report.ts'
import type { Report } from '../report.ts'
import { Seat } from './seat.ts'
import type { Member } from './seat.ts'
import { watchOver } from './watchdog.ts'
import type { WorkerProcess } from './worker-process.ts'

/** How long processes are waited for, in ms: until one is put together, until it listens, until what it reports is there, until what came in is served to its end, and how they are watched over. */
const usualTimes = { openMs: 60_000, serveMs: 10_000, reportMs: 2000, drainMs: 20_000, pingMs: 2000, silentMs: 10_000 }
/** How long one that takes the place of another may take until it can admit calls, in ms. */
const readyMs = 10_000

/** What a fleet is made of. `now` in epoch ms; with `sideBySide` a process may count beside the one that it replaces. */
export interface FleetOptions {
  readonly workers: number
  readonly sideBySide: boolean
  readonly fork: () => WorkerProcess
  readonly now: () => number
  /** Told what happens to processes. */
  readonly tell: (event: 'worker serves' | 'worker ended' | 'worker cannot serve', facts: object) => void
  readonly times?: typeof usualTimes
}

/** The processes that serve one configuration side by side: as many as were asked for, whatever happens to each. */
export class Fleet {
  readonly #options: FleetOptions & { readonly times: typeof usualTimes }
  readonly #seats: readonly Seat[]
  readonly #members = new Set<Member>()
  readonly #ownership = new Ownership(() => this.#serving().map(({ process }) => process))
  readonly #stopping = new AbortController()
  #turn: Promise<unknown> = Promise.resolve()
  #restarting: Promise<Reloaded> | undefined
  #hash: string | undefined
  #files: readonly string[] = []

  constructor (options: FleetOptions) {
    this.#options = { ...options, times: options.times ?? usualTimes }
    this.#seats = Array.from({ length: options.workers }, () => new Seat())
  }

  /** The files that what is live was read from. */
  get files (): readonly string[] { return this.#files }

  /** Starts every process; resolved when all of them serve. Throws, one problem a line, when one cannot; then none is left. */
  async start (): Promise<void> {
    try {
      await Promise.all(this.#seats.map(async (seat) => this.#fill(seat, { patienceMs: 0 })))
    } catch (error) {
      await this.stop()
      throw error
    }
  }

  /** What the processes that serve say of themselves, of the last minutes where they are asked for; who does not answer in time is left out. */
  async reports (withRecent = false): Promise<readonly Report[]> {
    const reports = await Promise.all(this.#serving().map(async (member) => this.#reportOf(member, withRecent)))
    return reports.filter((report) => report !== undefined)
  }

  /** What a reload would change. */
  async plan (): Promise<Planned> {
    const [first] = this.#serving()
    try {
      if (first) return await first.process.ask('plan', null, this.#options.times.openMs)
    } catch (error) {
      return { problems: problemsOf(error) }
    }
    return { problems: [noneServes] }
  }

  /** Every process, and every place without one, as operations see it. */
  async processes (): Promise<readonly ProcessState[]> {
    const of = async (seat: Seat, member: Member | undefined): Promise<ProcessState> => {
      const report = member && member.state !== 'starting' ? await this.#reportOf(member) : undefined
      const { restarts, lastEnd } = seat
      return { worker: member?.worker ?? null, pid: member?.process.pid ?? null, state: member?.state ?? 'waiting', answers: report !== undefined, ownsFeeds: member !== undefined && member.process === this.#ownership.owner, restarts, lastEnd: lastEnd ?? null, ...report && briefOf(report) }
    }
    const seated = this.#seats.map(async (seat) => of(seat, seat.member))
    const others = [...this.#members].filter((member) => member.seat.member !== member).map(async (member) => of(member.seat, member))
    return Promise.all([...seated, ...others])
  }

  /** Puts the configuration live in every process, as its files are now, or in none. Never throws. */
  async reload (): Promise<Reloaded> {
    return this.#inTurn(async () => this.#reload())
  }

  /** Puts a new process in the place of each, one after the other, without a failed call. Never throws: one that does not come up ends it, and those that are left serve on. */
  async restart (): Promise<Reloaded> {
    this.#restarting ??= this.#restart().finally(() => { this.#restarting = undefined })
    return this.#restarting
  }

  /** Lets every process serve what came in to its end, all at the same time. */
  async stop (): Promise<void> {
    this.#stopping.abort()
    await Promise.all([...this.#members].map(async (member) => {
      if (member.state === 'starting') member.process.kill()
      else if (member.state === 'serving') await this.#drain(member)
      await member.process.ended
    }))
  }

  async #inTurn<Result> (work: () => Promise<Result>): Promise<Result> {
    const next = this.#turn.then(work)
    this.#turn = next.catch(() => undefined)
    return next
  }

  async #reload (): Promise<Reloaded> {
    const { files, ...reloaded } = await reloadAll(this.#serving().map(({ process }) => process))
    if ('hash' in reloaded) this.#hash = reloaded.hash
    this.#files = files ?? this.#files
    return reloaded
  }

  async #restart (): Promise<Reloaded> {
    const problems: string[] = []
    for (const seat of this.#seats) if (problems.length === 0) await this.#replace(seat).catch((error: unknown) => { problems.push(...problemsOf(error)) })
    // The files may have changed between one process and the next, and before those that were left.
    const hashes = new Set((await this.reports()).map(({ hash }) => hash))
    const agreed = hashes.size > 1 || (hashes.size === 0 && problems.length === 0) ? await this.reload() : { hash: [...hashes][0] as string }
    if ('problems' in agreed) problems.push(...agreed.problems)
    return problems.length > 0 ? { problems } : agreed
  }

  async #replace (seat: Seat): Promise<void> {
    const before = seat.member
    // Where a process has just ended a new one is coming anyway.
    if (before?.state !== 'serving') return
    seat.replacing = true
    try {
      await this.#fill(seat, this.#options.sideBySide ? { patienceMs: readyMs } : { patienceMs: 0, first: async (process) => this.#makeWay(before, process) })
    } finally {
      seat.replacing = false
      if (!seat.member) void this.#refill(seat, 0)
    }
    if (before.state === 'serving') await this.#drain(before)
  }

  /** Where two may not count side by side the new process takes the connections that come, and leaves them unread until the old one is gone. */
  async #makeWay (before: Member, process: WorkerProcess): Promise<void> {
    const { times: { openMs } } = this.#options
    // There is no way back once the old one drains: what the new one is going to read is tried on it before.
    await process.ask('stand', { worker: before.worker as number }, openMs)
    await this.#inTurn(async () => before.process.ask('prepare', null, openMs).then(async () => before.process.ask('discard', null, openMs)))
    await this.#drain(before)
  }

  /** Puts a new process in a seat; resolved when it serves. Throws when it does not, and then it is gone. */
  async #fill (seat: Seat, { patienceMs, first }: { readonly patienceMs: number, readonly first?: (process: WorkerProcess) => Promise<void> }): Promise<void> {
    const { fork, now, tell, times: { openMs, serveMs } } = this.#options
    const member: Member = { process: fork(), seat, state: 'starting', worker: undefined, since: now() }
    const { process } = member
    const live = this.#hash
    this.#members.add(member)
    void this.#follow(member)
    try {
      await first?.(process)
      member.worker = this.#freeNumber()
      const opened = await process.ask('open', { worker: member.worker, patienceMs }, openMs + patienceMs)
      if (seat.replacing && patienceMs > 0 && opened.unready !== undefined) throw new Error(opened.unready)
      await this.#inTurn(async () => {
        if (!seat.replacing || this.#hash !== live) await this.#agreeOn(opened.hash)
        await process.ask('serve', null, serveMs)
        this.#hash = opened.hash
        this.#files = opened.files
        Object.assign(member, { state: 'serving', since: now() })
        seat.member = member
      })
      void watchOver(member, this.#options.times)
      tell('worker serves', { worker: member.worker, pid: process.pid })
      void this.#ownership.settle()
    } catch (error) {
      process.kill()
      await process.ended
      throw error
    }
  }

  /** A process comes with the files as they were when it read them: when what is live was read from others, all take these, or the new one cannot serve yet. */
  async #agreeOn (hash: string): Promise<void> {
    if (hash === this.#hash || this.#serving().length === 0) return
    const reloaded = await this.#reload()
    if ('problems' in reloaded) throw new Error(reloaded.problems.join('\n'))
    if (reloaded.hash !== hash) throw new Error('the files were changed while it started')
  }

  async #drain (member: Member): Promise<void> {
    const { times: { drainMs, serveMs } } = this.#options
    member.state = 'draining'
    void this.#ownership.settle()
    const { process } = member
    // Only what is asked after it ends it: connections that were on their way to it have gone to another by then.
    await process.ask('drain', null, drainMs).then(async () => process.ask('end', null, serveMs)).catch(() => { process.kill() })
    await process.ended
  }

  /** Does what is to be done once a process has ended. */
  async #follow (member: Member): Promise<void> {
    const ended = await member.process.ended
    const { seat, state, worker, since, killedFor } = member
    const how = killedFor === undefined ? ended : `${ended}: ${killedFor}`
    const { now, tell } = this.#options
    this.#members.delete(member)
    void this.#ownership.settle()
    if (seat.member === member) seat.member = undefined
    if (state !== 'serving') return
    seat.lastEnd = { at: new Date(now()).toISOString(), how }
    tell('worker ended', { worker, pid: member.process.pid, how })
    if (!seat.replacing) await this.#refill(seat, now() - since)
  }

  /** Starts a process where one ended that nobody asked to, until one serves. */
  async #refill (seat: Seat, servedMs: number): Promise<void> {
    for (let ms = seat.pauses.after(servedMs); !this.#stopping.signal.aborted; ms = seat.pauses.after(0)) {
      await wait(ms, undefined, { signal: this.#stopping.signal }).catch(() => undefined)
      if (this.#stopping.signal.aborted) return
      seat.restarts++
      try {
        return await this.#fill(seat, { patienceMs: this.#serving().length > 0 ? readyMs : 0 })
      } catch (error) {
        if (!this.#stopping.signal.aborted) this.#options.tell('worker cannot serve', { problems: problemsOf(error) })
      }
    }
  }

  async #reportOf ({ process }: Member, withRecent = false): Promise<Report | undefined> {
    return process.ask('report', { withRecent }, this.#options.times.reportMs).catch(() => undefined)
  }

  /** Those that serve, the one that has done so for longest first. */
  #serving (): readonly Member[] {
    return [...this.#members].filter(({ state }) => state === 'serving')
  }

  #freeNumber (): number {
    const taken = new Set([...this.#members].map(({ worker }) => worker))
    for (let number = 1; ; number++) if (!taken.has(number)) return number
  }
}
