import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { Cores } from './pinning.ts'
import { startPlatform } from './platform.ts'
import type { Platform } from './platform.ts'
import { Program } from './program.ts'
import type { Target, TargetKind } from './target.ts'

/** What fires at a target, running, and where that is. */
export interface Post { readonly kind: TargetKind, readonly target: Target, readonly generator: Program }

/** The targets of a run and what fires at them, running; and the folder for what they write. */
export interface Range { readonly folder: string, readonly platform: Platform, readonly posts: ReadonlyMap<TargetKind, Post> }

/** What stands around targets: where they may run, what fires, and their upstream. */
interface Side { readonly cores: string | undefined, readonly generator: Program, readonly upstream: string }

/**
 * Starts the platform, these targets, and what they need, on free loopback ports and, where there are cores to share out, each on its own; `stack` stops what was started,
 * `signal` interrupts the start.
 */
export async function startRange (kinds: Iterable<TargetKind>, cores: Cores | undefined, stack: AsyncDisposableStack, signal: AbortSignal): Promise<Range> {
  const folder = await mkdtemp(join(tmpdir(), 'varco-loadtest-'))
  stack.defer(async () => rm(folder, { recursive: true, force: true, maxRetries: 5 }))
  const platform = await startPlatform({ folder, registry: join(import.meta.dirname, 'registry.yaml') }, stack)
  const sides = new Map<boolean, Side>()
  const posts = new Map<TargetKind, Post>()
  for (const kind of new Set(kinds)) {
    const shares = kind.sharesCores === true
    const side = sides.get(shares) ?? await startSide(shares ? { own: cores?.all, others: cores?.all } : { own: cores?.own, others: cores?.rest }, stack, signal)
    sides.set(shares, side)
    const target = await kind.start({ stack, signal, folder, platform, upstream: side.upstream, cores: side.cores })
    posts.set(kind, { kind, target, generator: side.generator })
  }
  return { folder, platform, posts }
}

async function startSide ({ own, others }: { readonly own: string | undefined, readonly others: string | undefined }, stack: AsyncDisposableStack, signal: AbortSignal): Promise<Side> {
  const start = { cores: others }
  const upstream = stack.use(new Program(join(import.meta.dirname, 'upstream.ts'), signal, start))
  const generator = stack.use(await startGenerator(signal, others))
  return { cores: own, generator, upstream: (await upstream.hear<{ url: string }>()).url }
}

/** Starts what fires (generator.ts). */
export async function startGenerator (signal: AbortSignal, cores?: string): Promise<Program> {
  const generator = new Program(join(import.meta.dirname, 'generator.ts'), signal, { cores })
  await generator.hear()
  return generator
}
