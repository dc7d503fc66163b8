import { fork } from 'node:child_process'
import type { ChildProcess } from 'node:child_process'
import { randomBytes } from 'node:crypto'
import { once } from 'node:events'
import { createServer } from 'node:net'
import { join } from 'node:path'
import { setTimeout as wait } from 'node:timers/promises'
import { styleText } from 'node:util'
import { sandboxEnvironment } from './pdnd-environments.ts'
import { listenerPorts } from './ports.ts'
import type { ListenerPorts } from './ports.ts'
import { whenAskedToStop } from './program.ts'
import { demoApplication, makeApplicationKey } from './sandbox/application-key.ts'
import { defaultRegistry, defaultState } from './sandbox/defaults.ts'

const root = join(import.meta.dirname, '..')
const programs = ['gateway/sandbox/main.ts', 'eservices/main.ts', 'gateway/main.ts']

interface Ready { readonly name: string, readonly url: string, readonly operationsToken?: string, readonly internalUrl?: string }

/**
 * Runs the whole demonstration: sandbox PDND, e-services and gateway, each a program of its own on this machine, and prints how to make
 * a first call. Ends when asked to, or when one of the three ends: then the others are stopped too. Throws when a port is taken.
 */
export async function runDemonstration (env: NodeJS.ProcessEnv): Promise<void> {
  const ports = listenerPorts(env)
  await refuseTakenPorts(ports)
  // The gateway looks for it when it starts.
  await makeApplicationKey(defaultState, demoApplication)
  const shared = {
    ...env,
    // One secret for this start, known to the two programs that share it and to nobody else.
    VARCO_CALL_SECRET: env['VARCO_CALL_SECRET'] || randomBytes(48).toString('base64url'),
    TICKETS_DEMO_TICKETS: 'seed'
  }
  const children = programs.map((program) => fork(join(root, program), { env: shared, execArgv: [] }))
  const gateway = children.at(-1) as ChildProcess
  // The gateway first: what it has admitted still needs the e-services.
  const asked = new Set<ChildProcess>()
  const stop = (): void => {
    const running = children.filter((child) => child.exitCode === null && child.signalCode === null)
    // A second signal would end a process in the middle of its end.
    for (const child of (running.includes(gateway) ? [gateway] : running).filter((one) => !asked.has(one))) {
      asked.add(child)
      child.kill('SIGTERM')
    }
  }
  whenAskedToStop(stop)
  for (const child of children) child.once('exit', (code, signal) => {
    // One that could not listen to signals yet, or listens no more, ended as it was asked to.
    process.exitCode ||= code ?? (signal === 'SIGTERM' && asked.has(child) ? 0 : 1)
    stop()
  })
  const waiting = children.map(async (child) => waitUntilReady(child))
  try {
    const [voucher, ...ready] = await Promise.all([firstVoucher(waiting[0], ports), ...waiting])
    if (voucher === undefined || ready.some((one) => one === undefined)) return
    await waitUntilWell(ports)
    process.stdout.write(banner(ready as readonly Ready[], ports, voucher))
  } catch (error) {
    stop()
    throw error
  }
}

/** Looked at before anything is launched: programs of a second start must not touch the files of the first. */
async function refuseTakenPorts (ports: ListenerPorts): Promise<void> {
  for (const port of Object.values(ports) as number[]) {
    const server = createServer().listen(port, '127.0.0.1')
    await once(server, 'listening')
    await once(server.close(), 'close')
  }
}

/** Obtains a voucher as soon as the sandbox can give one; undefined when it ended instead. */
async function firstVoucher (sandboxReady: Promise<Ready | undefined> | undefined, { sandbox }: ListenerPorts): Promise<string | undefined> {
  // Loaded while the programs start, which must not wait for it.
  const { obtainDemoVoucher } = await import('./sandbox/demo-voucher.ts')
  if (await sandboxReady === undefined) return undefined
  const { accessToken } = await obtainDemoVoucher({
    eservice: 'tickets', consumer: 'istat', purpose: undefined, environment: sandboxEnvironment(sandbox), registry: defaultRegistry, state: defaultState
  })
  return accessToken
}

/** The gateway listens a moment before it has the platform's keys; until then it could not verify a voucher. */
async function waitUntilWell ({ operations }: ListenerPorts): Promise<void> {
  while ((await fetch(`http://127.0.0.1:${operations}/status`, { headers: { connection: 'close' } })).status !== 200) await wait(20)
}

async function waitUntilReady (child: ChildProcess): Promise<Ready | undefined> {
  return new Promise((resolve) => {
    child.once('message', (message) => { resolve(message as Ready) })
    child.once('exit', () => { resolve(undefined) })
  })
}

function banner (ready: readonly Ready[], { gateway, operations }: ListenerPorts, voucher: string): string {
  const origin = `http://127.0.0.1:${gateway}`
  const another = `${gateway === listenerPorts({}).gateway ? '' : `PORT=${gateway} `}npx varco voucher tickets`
  const token = ready.find((one) => one.operationsToken)?.operationsToken
  const bold = (text: string): string => styleText('bold', text, { stream: process.stdout })
  const blue = (text: string): string => styleText('cyan', text, { stream: process.stdout })
  return [
    bold('Varco is ready.'),
    '',
    ...ready.map(({ name, url }) => `  ${name.padEnd(14)}${blue(url)}`),
    ...ready.flatMap(({ internalUrl }) => internalUrl === undefined ? [] : [`  ${'applications'.padEnd(14)}${blue(internalUrl)}`]),
    `  ${'operations'.padEnd(14)}${blue(`http://127.0.0.1:${operations}`)}${token ? `  (token ${token})` : ''}`,
    `  ${'catalogue'.padEnd(14)}${blue(`${origin}/`)}`,
    `  ${'docs'.padEnd(14)}${blue(`${origin}/docs`)}`,
    '',
    bold('A first call') + `, with a voucher of the sandbox that is good for 10 minutes (${another} prints another):`,
    '',
    `curl -s -H 'Authorization: Bearer ${voucher}' '${origin}/rest/tickets/v1/channels?channel=infoline&period=2023&measure=tickets'`,
    '',
    ''
  ].join('\n')
}
