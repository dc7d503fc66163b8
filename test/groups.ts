import { globSync, readFileSync } from 'node:fs'
import { join } from 'node:path'

/** The repository's root. */
export const root = join(import.meta.dirname, '..')

/** The test files that share a process, by their paths from the root: groups that take about as long as each other. A file is of the first that names it. */
const groups = {
  policies: ['policies/**/*'],
  openapi: ['openapi/**/*'],
  // Those that share a PostgreSQL and wait for one that is away.
  postgres: ['eservices/postgres-*', 'gateway/doctor/*'],
  eservices: ['eservices/**/*'],
  'adapters-a': ['gateway/adapters/[a-h]*'],
  'adapters-i': ['gateway/adapters/[i-z]*'],
  platform: ['gateway/{pdnd,sandbox}/*'],
  'gateway-a': ['gateway/[a-d]*', 'gateway/docs/*'],
  'gateway-e': ['gateway/[e-l]*'],
  'gateway-m': ['gateway/[m-q]*', 'gateway/plan/*'],
  'gateway-r': ['gateway/[r-z]*', 'gateway/fleet/*'],
  rest: ['**/*']
} as const

export type Group = keyof typeof groups

/** All of them. */
export const groupNames = Object.keys(groups) as readonly Group[]

/** The test files that have a process of their own: tap starts them itself. */
export const alone: readonly string[] = (JSON.parse(readFileSync(join(root, 'package.json'), 'utf8')) as { tap: { include: string[] } }).tap.include.filter((file) => file.endsWith('.test.ts'))

/** The test files of a group, in their order. */
export function filesOf (group: Group): readonly string[] {
  const taken = groupNames.slice(0, groupNames.indexOf(group)).flatMap((name) => testFiles(groups[name]))
  return testFiles(groups[group]).filter((file) => !alone.includes(file) && !taken.includes(file))
}

/** Every test file that the patterns name. */
export function testFiles (patterns: readonly string[]): readonly string[] {
  return globSync(patterns.map((pattern) => `${pattern}.test.ts`), { cwd: root, exclude: (name) => name === 'node_modules' }).toSorted()
}
