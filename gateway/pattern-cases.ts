import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { join } from 'node:path'
import { denials } from '../policies/denials.ts'

/** The tests over a real socket of each pattern. */
export const patternTests: Readonly<Record<string, readonly string[]>> = {
  'ID_AUTH_REST_01, by voucher': ['gateway/voucher.test.ts'],
  'ID_AUTH_REST_01 and _02, by certificate': ['gateway/certificate-caller.test.ts'],
  'internal application, by token and by certificate': ['gateway/internal.test.ts'],
  'DPoP (RFC 9449), ID_AUTH_REST_02 by voucher': ['gateway/dpop.test.ts'],
  'ID_AUTH_CHANNEL_01 and _02': ['gateway/channel.test.ts'],
  'INTEGRITY_REST_01 and _02': ['gateway/integrity.test.ts', 'gateway/client-keys.test.ts'],
  'AUDIT_REST_01 and _02': ['gateway/tracking-evidence.test.ts'],
  'PROFILE_NON_REPUDIATION_01, signed answers': ['gateway/signed-answer.test.ts', 'gateway/evidence.test.ts'],
  'asynchronous exchange': ['gateway/asynchronous-exchange.test.ts'],
  'NONBLOCK_PUSH_REST, NONBLOCK_PULL_REST': ['gateway/non-blocking.test.ts']
}

/** How many tests a pattern has and how many named cases in them, and how many assertions failed. */
export interface CaseCount { readonly pattern: string, readonly tests: number, readonly cases: number, readonly failed: number }

const outcomes: ReadonlySet<string> = new Set(['admitted', ...Object.keys(denials)])

/**
 * The cases in the output of a test (TAP): its assertions that are named "what was sent: what became of it", where the latter is a refusal's code or
 * "admitted". Each name counts once.
 */
export function readCases (tap: string): { readonly tests: number, readonly names: ReadonlySet<string>, readonly failed: number } {
  const assertions = [...tap.matchAll(/^( *)(not )?ok \d+ - (.+?)(?: # time=.*)?$/gm)]
  const names = assertions.map(([, , , name = '']) => name).filter((name) => outcomes.has(/: ([a-z-]+)$/.exec(name)?.[1] ?? ''))
  return { tests: assertions.filter(([, indent]) => indent === '').length, names: new Set(names), failed: assertions.filter(([, , not]) => not !== undefined).length }
}

/** Runs the tests of every pattern, one after the other, and counts. */
export async function countCases (root: string): Promise<readonly CaseCount[]> {
  const counts: CaseCount[] = []
  for (const [pattern, files] of Object.entries(patternTests)) {
    let [tests, cases, failed] = [0, 0, 0]
    for (const file of files) {
      const child = spawn(process.execPath, [join(root, file)], { cwd: root, stdio: ['ignore', 'pipe', 'ignore'] })
      let tap = ''
      child.stdout.on('data', (chunk: Buffer) => { tap += chunk.toString() })
      const [code] = await once(child, 'close') as [number | null]
      const read = readCases(tap)
      tests += read.tests
      cases += read.names.size
      failed += code === 0 ? read.failed : Math.max(1, read.failed)
    }
    counts.push({ pattern, tests, cases, failed })
  }
  return counts
}
