import { inTime, TooLate } from '../adapters/deadline.ts'
import { problemsOf } from '../program.ts'
import type { Planned } from '../plan/plan-reload.ts'
import type { Report } from '../report.ts'

/** What a supervisor can ask a worker: what it is given and what it answers, both as JSON. */
export interface Questions {
  /** Opens the listeners of what is going to be worker number `worker`; what connects waits, unread, until the gateway is open behind them and serves. */
  readonly stand: readonly [given: { readonly worker: number }, gives: null]
  /** Puts the gateway together with the files as they are now, in the folder of worker number `worker`; waits as long as `patienceMs` until it can admit calls. */
  readonly open: readonly [given: { readonly worker: number, readonly patienceMs: number }, gives: Opened]
  /** Serves from now on. */
  readonly serve: readonly [given: null, gives: null]
  /** Owns the feeds of the platform, or does no longer. */
  readonly own: readonly [given: boolean, gives: null]
  /** What it says of itself; of the last minutes where they are asked for. */
  readonly report: readonly [given: { readonly withRecent: boolean }, gives: Report]
  /** What a reload would change. */
  readonly plan: readonly [given: null, gives: Planned]
  /** The two phases of a reload: the files are read and put together, and then go live or do not. */
  readonly prepare: readonly [given: null, gives: { readonly hash: string }]
  readonly commit: readonly [given: null, gives: { readonly files: readonly string[] }]
  readonly discard: readonly [given: null, gives: null]
  /** Whether it runs at all. */
  readonly ping: readonly [given: null, gives: null]
  /** Serves what came in to its end, and takes nothing new; answered when it is over. */
  readonly drain: readonly [given: null, gives: null]
  /** Ends. Never answered. */
  readonly end: readonly [given: null, gives: null]
}

/** A gateway that is put together: its configuration, the files that it was read from, and why it cannot admit calls yet. */
export interface Opened { readonly hash: string, readonly files: readonly string[], readonly unready: string | undefined }

export type Question = keyof Questions

interface Asked { readonly ask: number, readonly question: Question, readonly given: unknown }
type Answered = { readonly answers: number } & ({ readonly gives: unknown } | { readonly problems: readonly string[] })

/** How a worker answers each question. What it throws is told to whoever asked. */
export type Answers = { readonly [Name in Question]: (given: Questions[Name][0]) => Questions[Name][1] | Promise<Questions[Name][1]> }

/** The other one lives, as far as is known, and said nothing in time. */
export class NoAnswer extends Error {
  constructor (question: Question, withinMs: number) {
    super(`the process did not answer within ${withinMs / 1000} s (${question})`)
  }
}

/** The end of a channel at which messages come in and go out. */
export interface Channel {
  send (message: object): void
  onMessage (take: (message: unknown) => void): void
}

/** Answers every question that comes in. */
export function answerQuestions (channel: Channel, answers: Answers): void {
  channel.onMessage((message) => {
    const { ask, question, given } = message as Asked
    void (async () => {
      try {
        channel.send({ answers: ask, gives: await (answers[question] as (given: unknown) => unknown)(given) } satisfies Answered)
      } catch (error) {
        channel.send({ answers: ask, problems: problemsOf(error) } satisfies Answered)
      }
    })()
  })
}

/** Asks the process at the other end of a channel. */
export class Asking {
  readonly #channel: Channel
  readonly #open = new Map<number, (answered: Answered) => void>()
  #ended: string | undefined
  #count = 0

  /** `ended` says how the other one ended. */
  constructor (channel: Channel, ended: Promise<string>) {
    this.#channel = channel
    channel.onMessage((message) => { this.#open.get((message as Answered).answers)?.(message as Answered) })
    void this.#follow(ended)
  }

  async #follow (ended: Promise<string>): Promise<void> {
    const how = this.#ended = await ended
    for (const [answers, take] of this.#open) take({ answers, problems: [sentenceOf(how)] })
  }

  /** Throws an Error, one problem a line, when the other one says no, ends, or says nothing within `withinMs` (NoAnswer); time in which this process cannot listen does not count. */
  async ask<Name extends Question> (question: Name, given: Questions[Name][0], withinMs: number): Promise<Questions[Name][1]> {
    if (this.#ended !== undefined) throw new Error(sentenceOf(this.#ended))
    const ask = ++this.#count
    const answer = new Promise<Answered>((resolve) => {
      this.#open.set(ask, resolve)
      this.#channel.send({ ask, question, given } satisfies Asked)
    })
    try {
      const answered = await inTime(answer, withinMs)
      if ('problems' in answered) throw new Error(answered.problems.join('\n'))
      return answered.gives as Questions[Name][1]
    } catch (error) {
      throw error instanceof TooLate ? new NoAnswer(question, withinMs) : error
    } finally {
      this.#open.delete(ask)
    }
  }
}

const sentenceOf = (how: string): string => `the process ended: ${how}`
