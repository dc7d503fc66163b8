import cluster from 'node:cluster'
import { setTimeout as wait } from 'node:timers/promises'
import { parseArgs } from 'node:util'
import { loadConfig } from '../config.ts'
import { holdConnections } from './hold.ts'
import { PendingReload } from '../pending-reload.ts'
import { planReload } from '../plan/plan-reload.ts'
import { reportOf } from '../report.ts'
import { filesOf, runGateway } from '../running.ts'
import type { Place, RunningGateway } from '../running.ts'
import { statusOf } from '../status.ts'
import { answerQuestions } from './worker-messages.ts'

const { values } = parseArgs({ options: { config: { type: 'string', default: '' } } })
const source = { path: values.config, env: process.env }

let opening: Promise<RunningGateway> | undefined
let running: RunningGateway | undefined
const reload = new PendingReload(async () => get().prepare())
/** Opens what is behind listeners that are open already, and lets those in who wait there. */
let proceed: (() => void) | undefined
let admit: (() => void) | undefined
let drained: Promise<void> | undefined

async function open (worker: number, standBy?: Place['standBy']): Promise<RunningGateway> {
  return runGateway(await loadConfig(source.path, source.env), source, { worker, ownsFeeds: false, ...standBy && { standBy } })
}

async function stand (worker: number): Promise<void> {
  await new Promise<void>((resolve, reject) => {
    opening = open(worker, async ({ server, internal, listen }) => {
      const releases = [server, ...internal ? [internal] : []].map(holdConnections)
      admit = () => { for (const release of releases) release() }
      await listen()
      const opened = new Promise<void>((open) => { proceed = open })
      resolve()
      await opened
    })
    opening.catch(reject)
  })
}

/** Waits until calls can be admitted, or `patienceMs`; gives why they cannot. */
async function readiness ({ gateway: { keys, live } }: RunningGateway, patienceMs: number): Promise<string | undefined> {
  const status = () => statusOf({ keys, registry: live.registry })
  for (const end = performance.now() + patienceMs; status().status !== 200 && performance.now() < end;) await wait(50)
  const { status: code, detail } = status()
  return code === 200 ? undefined : `the new process cannot admit calls: ${detail}`
}

function get (): RunningGateway {
  if (!running) throw new Error('the gateway is not open')
  return running
}

async function drain (): Promise<null> {
  await (drained ??= running?.stop())
  return null
}

answerQuestions({ send: (message) => { process.send?.(message) }, onMessage: (take) => { process.on('message', take) } }, {
  async stand ({ worker }) {
    await stand(worker)
    return null
  },
  async open ({ worker, patienceMs }) {
    proceed?.()
    running = await (opening ?? open(worker))
    const { live } = running.gateway
    return { unready: await readiness(running, patienceMs), hash: live.hash, files: filesOf(live) }
  },
  async serve () {
    if (admit) admit()
    else await get().listen()
    return null
  },
  own (owned) {
    get().feeds.owned = owned
    return null
  },
  report: ({ withRecent }) => reportOf(get().gateway, get().startedAt, withRecent),
  plan: async () => planReload(get().gateway, source),
  prepare: async () => reload.prepare(),
  commit () {
    reload.commit()
    return { files: filesOf(get().gateway.live) }
  },
  async discard () {
    await reload.discard()
    return null
  },
  ping: () => null,
  drain,
  end: () => process.exit()
})

// Whoever signals a whole group of processes means the one above this one, which asks for what is to be done.
for (const signal of ['SIGTERM', 'SIGINT', 'SIGHUP', 'SIGUSR2']) process.on(signal, () => undefined)
// Without that one the calls that came in are served to their end all the same: node:cluster would end the process at once.
cluster.worker?.once('disconnect', () => {
  if (cluster.worker) cluster.worker.exitedAfterDisconnect = true
  void drain().finally(() => process.exit())
})
