import { randomUUID } from 'node:crypto'
import { setTimeout as wait } from 'node:timers/promises'
import { clientKeyPath } from '../../gateway/sandbox/key-store.ts'
import type { Platform } from '../platform.ts'
import { admittedPath, figures } from '../admitted-call.ts'
import { Caller } from './caller.ts'
import type { Answer } from './caller.ts'
import type { Figure, Measured, Run } from './figure.ts'
import type { SiteOptions } from './site.ts'
import { Tally } from './tally.ts'

const kinds = { admitted: figures, refused: { status: 403, code: 'purpose-not-active' } }
/** The gateway asks for events every 30 s, and takes a moment to read what they name. */
const withinSeconds = 31
const pollSeconds = 30
/** How often each purpose is called, in ms, and for how long a refusal must last, in s. */
const pauseMs = 50
const lastsSeconds = 3

const aliasOf = (number: number): string => `purpose-${number}`

/** A gateway that follows the platform, on which the consumer has so many purposes for the e-service; beside it one of two workers, if it is wanted. */
function optionsFor (purposes: number, withWorkers: boolean): SiteOptions {
  const apiClient = randomUUID()
  return {
    gateways: withWorkers ? 2 : 1,
    redis: withWorkers,
    registry: (content) => {
      const [usual, client] = [content['purposes'][0], content['clients'][0]]
      for (let number = 0; number < purposes; number++) {
        const purpose = { ...usual, id: randomUUID(), alias: aliasOf(number), versions: [{ ...usual.versions[0], id: randomUUID() }] }
        content['purposes'].push(purpose)
        client.purposes.push(purpose.id)
      }
      content['clients'].push({ id: apiClient, alias: 'api', name: 'Gateway', consumerId: content['tenants'][0].id, kind: 'Api', purposes: [] })
    },
    config: (content, gateway, platform) => {
      if (gateway === 1) content['workers'] = 2
      content['registry'] = 'platform'
      Object.assign(content['pdnd'], { apiBase: platform.url, tokenUrl: `${platform.url}/token.oauth2`, api: { version: 'v3', clientId: apiClient, privateKey: clientKeyPath(platform.keys, apiClient) } })
    }
  }
}

/** One purpose of a platform that is called for, and how. */
interface Called { readonly platform: Platform, readonly alias: string, readonly call: () => Promise<Answer>, readonly tally: Tally<keyof typeof kinds> }

async function measure (run: Run): Promise<Measured> {
  const purposes = run.quick ? 1 : 4
  await using stack = new AsyncDisposableStack()
  const { gateways, platform } = await run.startSite(optionsFor(purposes, !run.quick), stack, run.signal)
  const callers = gateways.map(({ url }) => stack.use(new Caller(url, 'none')))
  const tally = new Tally(kinds)
  const seconds = await Promise.all(Array.from({ length: purposes }, async (_, number) => {
    // The last one is for the workers, if there are any.
    const caller = callers[number === purposes - 1 ? callers.length - 1 : 0] as Caller
    const headers = { authorization: `Bearer ${await platform.mint({ purpose: aliasOf(number) })}` }
    return suspend({ platform, alias: aliasOf(number), call: async () => caller.get(admittedPath, headers), tally }, run)
  }))
  const told = seconds.map((one) => one === undefined ? 'never' : `after ${one.toFixed(1)} s`).join(', ')
  return {
    promised: `refused within ${withinSeconds} s${run.quick ? '' : `, ${purposes - 1} times by one process and once by two workers`}`,
    measured: told,
    kept: seconds.every((one) => one !== undefined && one >= 0 && one <= withinSeconds),
    numbers: { purposes, calls: tally.times.count, ...Object.fromEntries(seconds.map((one, number) => [`seconds${number + 1}`, one ?? Infinity])) },
    unexpected: tally.unexpected
  }
}

/** Suspends a purpose at some moment between two polls while it is called for; gives after how many seconds the last call was admitted, or undefined when that went on. */
async function suspend ({ platform, alias, call, tally }: Called, { quick, signal, tell }: Run): Promise<number | undefined> {
  const suspendsAt = performance.now() + (quick ? 1000 : Math.random() * pollSeconds * 1000)
  let suspendedAt = Infinity
  let refusedAt: number | undefined
  for (const isOver = (): boolean => performance.now() - Math.max(suspendedAt, refusedAt ?? 0) > (refusedAt === undefined ? 2 * withinSeconds : lastsSeconds) * 1000; !isOver();) {
    if (suspendedAt === Infinity && performance.now() >= suspendsAt) {
      await platform.changePurpose(alias, 'Suspended')
      suspendedAt = performance.now()
      tell(`${alias} is suspended`)
    }
    const answer = await call()
    // Whatever was refused before does not count once a call is admitted again.
    refusedAt = tally.note(answer) === 'refused' ? refusedAt ?? answer.sentAt : undefined
    await wait(pauseMs, undefined, { signal })
  }
  return refusedAt === undefined ? undefined : (refusedAt - suspendedAt) / 1000
}

export const suspension: Figure = {
  name: 'suspension',
  promise: 'a purpose that is suspended on the platform is refused within one poll of its events, although the voucher lives on',
  method: 'purposes are suspended on the sandbox at some moment while they are called for twenty times a second, on a new connection each time; counted is the time until every further call is answered 403 purpose-not-active',
  measure
}
