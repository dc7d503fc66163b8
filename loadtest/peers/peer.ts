import { join } from 'node:path'
import { Program } from '../program.ts'
import type { Ground } from '../target.ts'
import type { Work } from './work.ts'

/** What a peer says that it does with a call; each of it is checked before the peer is timed. */
export type Claim = 'voucher' | 'limit' | 'query'

/** Where a peer runs: a folder of its own for what it writes, what stops it, what interrupts its start, its cores, and variables for a Node program. */
export type Place = Pick<Ground, 'folder' | 'stack' | 'signal' | 'cores' | 'env'>

/** A peer that serves: its address, and the process whose time and memory are its own. */
export interface Running { readonly url: string, readonly pid: number }

/** Something that Varco is measured beside. */
export interface Peer {
  readonly name: string
  readonly claims: readonly Claim[]
  /** A sentence that says what is not installed here; undefined when it can be started. */
  readonly missing?: () => string | undefined
  readonly start: (work: Work, place: Place) => Promise<Running>
}

/** Starts a program of this folder that tells where it serves; `args` is what it is given. */
export async function startProgram (name: string, args: readonly string[], { stack, signal, cores, env = {} }: Place): Promise<Running> {
  const program = stack.use(new Program(join(import.meta.dirname, name), signal, { args, cores, env }))
  return await program.hear<Running>()
}
