import { setTimeout as wait } from 'node:timers/promises'
import t from 'tap'
import { inTime, TooLate } from '../adapters/deadline.ts'
import { Fleet } from './fleet.ts'
import type { FleetOptions } from './fleet.ts'
import { until } from '../harness/gateway.ts'
import { Pauses } from './pauses.ts'
import { NoAnswer } from './worker-messages.ts'
import type { Question } from './worker-messages.ts'
import type { WorkerProcess } from './worker-process.ts'

const usualTimes = { openMs: 1000, serveMs: 300, reportMs: 50, drainMs: 300, pingMs: 60_000, silentMs: 60_000 }

/** What every process of a test is told, in its order, and what the files are that they read. */
class Stage {
  readonly told: string[] = []
  readonly events: string[] = []
  readonly workers: Actor[] = []
  files = 'first'
  /** What one of them finds in the files. */
  readBy: (actor: Actor) => string = () => this.files
  /** What a process does instead of what it is asked: it throws what is wrong, or waits. */
  instead: (actor: Actor, question: Question) => unknown = () => undefined

  fleet (workers: number, more: Partial<FleetOptions> = {}): Fleet {
    return new Fleet({
      workers, sideBySide: true, now: Date.now, fork: () => new Actor(this), times: usualTimes,
      tell: (event, facts) => { this.events.push(`${event} ${JSON.stringify(facts)}`) }, ...more
    })
  }

  /** The processes that have not ended. */
  get alive (): readonly Actor[] { return this.workers.filter(({ how }) => how === undefined) }

  /** Takes out what was told so far. */
  take (...questions: readonly Question[]): readonly string[] {
    return this.told.splice(0).filter((line) => questions.length === 0 || questions.some((question) => line.split(' ')[1] === question))
  }
}

/** A process that is none: it does at once what it is asked. Its pid counts from 1. */
class Actor implements WorkerProcess {
  readonly #stage: Stage
  readonly pid: number
  readonly #ended = Promise.withResolvers<string>()
  readonly ended = this.#ended.promise
  how: string | undefined
  hash = ''
  prepared: string | undefined

  constructor (stage: Stage) {
    this.#stage = stage
    this.pid = stage.workers.push(this)
  }

  end (how: string): void {
    this.how ??= how
    this.#ended.resolve(how)
  }

  kill (): void { this.end('SIGKILL') }

  async ask (question: Question, given: unknown, withinMs: number): Promise<never> {
    this.#stage.told.push(`${this.pid} ${question}${given === null ? '' : ` ${JSON.stringify(given)}`}`)
    if (this.how !== undefined) throw new Error(`the process ended: ${this.how}`)
    await inTime(Promise.race([this.#stage.instead(this, question), this.ended]), withinMs).catch((error: unknown) => {
      throw error instanceof TooLate ? new NoAnswer(question, withinMs) : error
    })
    return this.#do(question) as never
  }

  #do (question: Question): unknown {
    if (this.how !== undefined) throw new Error(`the process ended: ${this.how}`)
    if (question === 'open') return { hash: this.hash = this.#stage.readBy(this), files: [this.hash], unready: undefined }
    if (question === 'prepare') return { hash: this.prepared = this.#stage.readBy(this) }
    if (question === 'commit') return { files: [this.hash = this.prepared as string] }
    if (question === 'report') return { pid: this.pid, startedAt: '', hash: this.hash, status: { code: 'ok' }, registry: {}, sharedState: {} }
    if (question === 'end') this.end('exit code 0')
    return null
  }
}

async function started (workers: number, more?: Partial<FleetOptions>): Promise<{ stage: Stage, fleet: Fleet }> {
  const stage = new Stage()
  const fleet = stage.fleet(workers, more)
  await fleet.start()
  await until(() => stage.told.some((line) => line.endsWith('own true')))
  return { stage, fleet }
}

const serving = async (fleet: Fleet): Promise<readonly unknown[]> => (await fleet.processes()).flatMap((one) => (one as { state: string }).state === 'serving' ? [(one as { pid: number }).pid] : [])

t.test('pauses: none at first, then longer and longer, and none after good work', async (t) => {
  const pauses = new Pauses()
  t.strictSame([0, 5, 59_999, 0, 0, 0, 0, 0, 0, 0].map((served) => pauses.after(served)), [0, 100, 200, 400, 800, 1600, 3200, 6400, 10_000, 10_000])
  t.strictSame([60_000, 0].map((served) => pauses.after(served)), [0, 100])
})

t.test('every process is opened with a number of its own, serves, and one owns the feeds', async (t) => {
  const { stage, fleet } = await started(3)
  const told = stage.take()
  t.strictSame(told.filter((line) => line.includes('open')), [1, 2, 3].map((one) => `${one} open {"worker":${one},"patienceMs":0}`))
  t.strictSame(told.filter((line) => line.includes('own')), ['1 own true'])
  t.match(await fleet.processes(), [1, 2, 3].map((one) => ({ worker: one, pid: one, state: 'serving', answers: true, ownsFeeds: one === 1, restarts: 0, lastEnd: null, hash: 'first' })))
  t.strictSame(fleet.files, ['first'])
  await fleet.stop()
  t.strictSame(stage.take('drain').length, 3)
  t.strictSame(stage.alive, [])
})

t.test('a fleet of which one cannot start does not start, and leaves none', async (t) => {
  const stage = new Stage()
  stage.instead = ({ pid }, question) => { if (pid === 2 && question === 'open') throw new Error('things.yaml:3: is wrong\nthings.yaml:4: too') }
  await t.rejects(stage.fleet(3).start(), { message: 'things.yaml:3: is wrong\nthings.yaml:4: too' })
  t.strictSame(stage.alive, [])
})

t.test('one that ends is started again: at once, then after pauses; the others are not asked anything', async (t) => {
  const { stage, fleet } = await started(2)
  stage.take()
  for (let count = 0; count < 3; count++) {
    const before = performance.now()
    stage.workers.at(-1)?.end('exit code 7')
    await until(() => stage.alive.length === 2 && stage.told.some((line) => line.includes('serve')))
    await until(() => stage.events.length === 4 + 2 * count)
    const took = performance.now() - before
    t.ok(took >= [0, 100, 200][count]! - 2, `${took} ms`)
    t.strictSame(stage.take().filter((line) => line.startsWith('1 ')), [])
  }
  t.match((await fleet.processes())[1], { pid: 5, worker: 2, restarts: 3, lastEnd: { how: 'exit code 7' } })
  t.match(stage.events.filter((line) => line.startsWith('worker ended')), [/"worker":2,"pid":2,"how":"exit code 7"/, /"pid":3/, /"pid":4/])
  await fleet.stop()
})

t.test('the next owner is told only when the one before has let go, or is gone', async (t) => {
  const { stage, fleet } = await started(2)
  stage.take()
  stage.workers[0]?.end('SIGKILL')
  await until(() => stage.alive.length === 2 && stage.told.some((line) => line.includes('own true')))
  t.match(stage.take('own').at(-1), '2 own true', 'the one that served already')
  const [lets, drains] = [Promise.withResolvers<void>(), Promise.withResolvers<void>()]
  stage.instead = ({ pid }, question) => pid === 2 ? { own: lets.promise, drain: drains.promise }[question as string] : undefined
  const restarted = fleet.restart()
  await until(() => stage.told.includes('2 drain'))
  t.notOk(stage.told.some((line) => line.includes('own true')))
  lets.resolve()
  await until(() => stage.told.some((line) => line.includes('own true')))
  t.equal(stage.told.filter((line) => line.includes(' own ')).join(), '2 own false,4 own true')
  drains.resolve()
  t.match(await restarted, { hash: 'first' })
  await fleet.stop()
})

const never = new Promise<never>(() => undefined)
const watchful = { times: { ...usualTimes, pingMs: 20, silentMs: 100 } }

t.test('one that lives but does not answer is killed, and replaced as if it had crashed', async (t) => {
  const { stage, fleet } = await started(2, watchful)
  const stopped = performance.now()
  stage.instead = ({ pid }) => pid === 1 ? never : undefined
  await until(() => stage.alive.length === 2 && stage.events.length === 4)
  const took = performance.now() - stopped
  t.ok(took > 95, `${took} ms`)
  t.strictSame(stage.workers.map(({ how }) => how), ['SIGKILL', undefined, undefined])
  await until(() => stage.told.includes('2 own true'))
  const how = 'SIGKILL: the process did not answer within 0.1 s (ping)'
  t.match(await fleet.processes(), [{ pid: 3, restarts: 1, lastEnd: { how } }, { pid: 2, ownsFeeds: true, restarts: 0, lastEnd: null }])
  t.equal(stage.events[2], `worker ended ${JSON.stringify({ worker: 1, pid: 1, how })}`)
  await wait(300)
  t.equal(stage.alive.length, 2, 'those that answer are left alone')
  t.ok(stage.told.filter((line) => line === '2 ping').length > 3)
  await fleet.stop()
})

t.test('one that starts or drains may take its time', async (t) => {
  const { stage, fleet } = await started(1, watchful)
  stage.instead = async ({ pid }, question) => question === 'ping' ? never : (pid === 2 && question === 'open') || question === 'drain' ? wait(200) : undefined
  stage.workers[0]?.end('exit code 7')
  await until(() => stage.told.includes('2 serve'))
  t.notOk(stage.told.includes('2 ping'))
  await until(() => stage.told.includes('2 ping'))
  await fleet.stop()
  t.strictSame(stage.workers.map(({ how }) => how), ['exit code 7', 'exit code 0'])
})

t.test('a reload goes live in all or in none', async (t) => {
  const { stage, fleet } = await started(2)
  stage.take()
  stage.files = 'second'
  t.strictSame(await fleet.reload(), { hash: 'second' })
  t.strictSame(stage.take(), ['1 prepare', '2 prepare', '1 commit', '2 commit'])
  t.strictSame(fleet.files, ['second'])

  await t.test('one that finds something wrong keeps all from it', async (t) => {
    stage.files = 'third'
    stage.instead = ({ pid }, question) => { if (pid === 2 && question === 'prepare') throw new Error('things.yaml:3: is wrong') }
    t.strictSame(await fleet.reload(), { problems: ['things.yaml:3: is wrong'] })
    t.strictSame(stage.take(), ['1 prepare', '2 prepare', '1 discard'])
    t.strictSame(stage.alive.map(({ hash }) => hash), ['second', 'second'])
  })

  await t.test('when they read different files they read again, once', async (t) => {
    stage.instead = () => undefined
    let reads = 0
    stage.readBy = () => `${Math.min(++reads, 3)}`
    t.strictSame(await fleet.reload(), { hash: '3' })
    t.strictSame(stage.take('prepare', 'discard', 'commit').map((line) => line.slice(2)), ['prepare', 'prepare', 'discard', 'discard', 'prepare', 'prepare', 'commit', 'commit'])
    stage.readBy = ({ pid }) => `of ${pid}`
    t.match(await fleet.reload(), { problems: [/changed while they were read/] })
    t.strictSame(stage.alive.map(({ hash }) => hash), ['3', '3'])
  })

  await t.test('one that ends meanwhile does not count; one that does not go live with the others is killed, and what comes reads the same', async (t) => {
    stage.take()
    stage.readBy = () => stage.files
    stage.files = 'fourth'
    stage.instead = (actor, question) => { if (actor.pid === 1 && question === 'prepare') actor.end('SIGSEGV') }
    t.strictSame(await fleet.reload(), { hash: 'fourth' })
    await until(() => stage.events.length === 4)
    stage.files = 'fifth'
    stage.instead = (actor, question) => { if (actor.pid === 3 && question === 'commit') throw new Error('late') }
    t.strictSame(await fleet.reload(), { hash: 'fifth' })
    await until(() => stage.events.length === 6)
    t.strictSame(stage.alive.map(({ pid, hash }) => [pid, hash]), [[2, 'fifth'], [4, 'fifth']])
  })
  await fleet.stop()
})

t.test('one that is started again has what is live, or all have what it read', async (t) => {
  const { stage, fleet } = await started(2)
  stage.files = 'second'
  stage.workers[1]?.end('SIGKILL')
  await until(() => stage.events.length === 4)
  t.strictSame(stage.alive.map(({ pid, hash }) => [pid, hash]), [[1, 'second'], [3, 'second']])

  stage.files = 'third'
  stage.instead = ({ pid }, question) => { if (pid === 1 && question === 'prepare') throw new Error('things.yaml:3: takes a restart') }
  stage.workers[2]?.end('SIGKILL')
  await until(() => stage.events.some((line) => line.startsWith('worker cannot serve')))
  t.match(stage.events.at(-1), 'worker cannot serve {"problems":["things.yaml:3: takes a restart"]}')
  t.strictSame(await serving(fleet), [1])
  t.match((await fleet.processes())[1], { state: 'waiting', worker: null, pid: null, answers: false })
  stage.files = 'second'
  await until(() => stage.alive.length === 2 && stage.events.at(-1)?.startsWith('worker serves') === true)
  t.strictSame(stage.alive.map(({ hash }) => hash), ['second', 'second'])
  await fleet.stop()
})

t.test('a rolling restart replaces one after the other: the old one drains when the new one serves, in a folder of its own', async (t) => {
  const { stage, fleet } = await started(2)
  stage.take()
  stage.files = 'second'
  t.strictSame(await fleet.restart(), { hash: 'second' })
  t.strictSame(stage.take('open', 'serve', 'drain', 'end'), ['3 open {"worker":3,"patienceMs":10000}', '3 serve', '1 drain', '1 end', '4 open {"worker":1,"patienceMs":10000}', '4 serve', '2 drain', '2 end'])
  t.strictSame(await serving(fleet), [3, 4])
  t.match(await fleet.processes(), [{ restarts: 0, lastEnd: null }, { restarts: 0, lastEnd: null }], 'nobody ended that was not asked to')

  await t.test('one that does not come up ends it, and is told; what serves serves on', async (t) => {
    stage.instead = ({ pid }, question) => { if (pid === 6 && question === 'open') throw new Error('port 1 is taken') }
    const outcomes = await Promise.all([fleet.restart(), fleet.restart()])
    t.strictSame(outcomes, [{ problems: ['port 1 is taken'] }, { problems: ['port 1 is taken'] }], 'who asks meanwhile is told the same')
    t.strictSame(await serving(fleet), [5, 4])
    stage.instead = ({ pid }, question) => { if (pid === 7 && question === 'open') stage.workers[6]?.end('exit code 1') }
    t.match(await fleet.restart(), { problems: [/ended: exit code 1/] })
    t.strictSame(await serving(fleet), [5, 4])
  })

  await t.test('one that does not drain is killed in time', async () => {
    stage.instead = ({ pid }, question) => { if (pid === 5 && question === 'drain') throw new Error('the process did not answer within 0.3 s') }
    t.match(await fleet.restart(), { hash: 'second' })
    t.equal(stage.workers[4]?.how, 'SIGKILL')
  })
  await fleet.stop()
})

t.test('a rolling restart that ends half-way leaves all with the same files', async (t) => {
  const { stage, fleet } = await started(2)
  stage.files = 'second'
  stage.instead = ({ pid }, question) => { if (pid === 4 && question === 'open') throw new Error('no space left') }
  t.strictSame(await fleet.restart(), { problems: ['no space left'] })
  t.strictSame(stage.alive.map(({ pid, hash }) => [pid, hash]), [[2, 'second'], [3, 'second']])

  stage.files = 'third'
  stage.instead = ({ pid }, question) => {
    if (pid === 6 && question === 'open') throw new Error('no space left')
    if (pid === 2 && question === 'prepare') throw new Error('gateway.yaml:3: pdnd: has changed, and takes a restart')
  }
  t.strictSame(await fleet.restart(), { problems: ['no space left', 'gateway.yaml:3: pdnd: has changed, and takes a restart'] }, 'or says why not')
  await fleet.stop()
})

t.test('where two may not count side by side the new one takes the connections, and opens the rest when the old one is gone', async (t) => {
  const { stage, fleet } = await started(1, { sideBySide: false })
  stage.take()
  t.strictSame(await fleet.restart(), { hash: 'first' })
  t.strictSame(stage.take().filter((line) => !line.includes('report')), ['2 stand {"worker":1}', '1 prepare', '1 discard', '1 drain', '1 own false', '1 end', '2 open {"worker":1,"patienceMs":0}', '2 serve', '2 own true'])

  await t.test('a reload that is under way is not taken apart by it', async (t) => {
    stage.instead = async (_actor, question) => question === 'prepare' ? wait(20) : undefined
    const [reloaded, restarted] = await Promise.all([fleet.reload(), fleet.restart()])
    t.strictSame([reloaded, restarted], [{ hash: 'first' }, { hash: 'first' }])
    t.strictSame(stage.take('prepare', 'commit', 'discard'), ['2 prepare', '2 commit', '2 prepare', '2 discard'])
  })

  await t.test('what is wrong with the files is found while the old one serves', async (t) => {
    stage.instead = ({ pid }, question) => { if (pid === 3 && question === 'prepare') throw new Error('things.yaml:3: is wrong') }
    t.strictSame(await fleet.restart(), { problems: ['things.yaml:3: is wrong'] })
    t.strictSame(await serving(fleet), [3])
    t.strictSame(stage.alive.map(({ pid }) => pid), [3])
  })

  await t.test('one that fails after that is started again', async (t) => {
    stage.instead = ({ pid }, question) => { if (pid === 5 && question === 'open') throw new Error('no space left') }
    t.strictSame(await fleet.restart(), { problems: ['no space left'] })
    await until(() => stage.alive.length === 1 && stage.alive[0]?.pid === 6 && stage.told.includes('6 serve'))
    await wait(5)
    t.strictSame(await serving(fleet), [6])
  })
  await fleet.stop()
})

t.test('a fleet that stops starts nothing any more, and waits for nobody for ever', async (t) => {
  const { stage, fleet } = await started(2)
  stage.instead = ({ pid }, question) => question === 'drain' && pid === 1 ? wait(100).then(() => { throw new Error('late') }) : question === 'open' ? wait(1000) : undefined
  stage.workers[1]?.end('SIGKILL')
  await until(() => stage.workers.length === 3)
  await fleet.stop()
  t.strictSame(stage.alive, [])
  await wait(150)
  t.equal(stage.workers.length, 3)
  t.strictSame(await fleet.reload(), { problems: ['no process of the gateway serves just now: try again'] })
  t.strictSame(await fleet.plan(), { problems: ['no process of the gateway serves just now: try again'] })
})
