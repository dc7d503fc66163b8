import { join, resolve } from 'node:path'
import { setTimeout as wait } from 'node:timers/promises'
import { figures } from '../admitted-call.ts'
import { fire } from '../fire.ts'
import { rssBytesOf } from '../process-figures.ts'
import type { Begun } from './begin.ts'
import { openInstallation } from './installation.ts'
import type { Installation } from './installation.ts'

/** How often each program is started, whether memory is looked at, too, and the folder of another version of this source tree whose starts are measured in turn. */
export interface Wanted { readonly starts: number, readonly memory: boolean, readonly against: string | undefined }

/** What the starts of one kind took, in their order. */
export interface Started { readonly name: string, readonly starts: readonly Begun[] }

/** Resident memory of a gateway in bytes: when nothing is left to do after a start, and at the end of a load; undefined where the system does not tell. */
export interface Memory { readonly name: string, readonly idle: number | undefined, readonly loaded: number | undefined }

/** A version of the gateway, and the state folder that its warm starts share. */
interface Version { readonly name: string, readonly tree: string, readonly state: string }

/** What the other starts are compared with. */
export const reference = 'bare Fastify'

/** By then a gateway has done what it puts off until after a start: judged its contracts, ended its threads. In ms. */
const settledMs = 12_000
/** By then it has kept for the next start what it keeps. In ms. */
const keptMs = 2500
const load = { seconds: 3, connections: 64 }

/**
 * Starts programs again and again, in turn, and measures each until its first right answer: a bare Node, a bare Fastify, and the gateway as `npm run gateway` does, on what an
 * earlier start kept (warm) and on nothing (cold). Throws when one does not start or answers wrongly.
 */
export async function measureStarts ({ starts, memory, against }: Wanted, signal: AbortSignal, tell: (line: string) => void): Promise<{ readonly started: readonly Started[], readonly memories: readonly Memory[] }> {
  await using stack = new AsyncDisposableStack()
  const installation = await openInstallation(stack, signal)
  const { bareNode, bareFastify, gateway, freshFolder } = installation
  const versions = await Promise.all([['gateway', resolve(import.meta.dirname, '../..')] as const, ...against === undefined ? [] : [['other gateway', resolve(against)] as const]].map(async ([name, tree]): Promise<Version> => ({ name, tree, state: join(await freshFolder(), 'state') })))
  const kinds: readonly (readonly [name: string, start: () => Promise<Begun>])[] = [
    ['node -e 0', bareNode],
    [reference, bareFastify],
    ...versions.map(({ name, tree, state }) => [`${name}, warm`, async () => gateway({ tree, state })] as const),
    ...versions.map(({ name, tree }) => [`${name}, cold`, async () => gateway({ tree, state: join(await freshFolder(), 'state'), cache: await freshFolder() })] as const)
  ]
  tell('a first start of each, which does not count')
  await bareFastify()
  for (const { tree, state } of versions) await gateway({ tree, state, serving: async () => wait(keptMs, undefined, { signal }) })

  const started = kinds.map(([name]): { name: string, starts: Begun[] } => ({ name, starts: [] }))
  for (let round = 1; round <= starts; round++) {
    for (const [index, [, start]] of kinds.entries()) started[index]?.starts.push(await start())
    tell(`round ${round} of ${starts}: ${started.map(({ name, starts: all }) => `${name} ${Math.round(all.at(-1)?.ms ?? 0)} ms`).join(', ')}`)
  }
  const memories: Memory[] = []
  for (const version of memory ? versions : []) memories.push(await memoryOf(version, installation, signal))
  return { started, memories }
}

async function memoryOf ({ name, tree, state }: Version, { gateway }: Installation, signal: AbortSignal): Promise<Memory> {
  let memory: Memory = { name, idle: undefined, loaded: undefined }
  await gateway({
    tree,
    state,
    async serving (pid, { url, headers }) {
      await wait(settledMs, undefined, { signal })
      const idle = rssBytesOf([pid])
      await fire({ url, headers, expected: figures, ...load })
      memory = { name, idle, loaded: rssBytesOf([pid]) }
    }
  })
  return memory
}
