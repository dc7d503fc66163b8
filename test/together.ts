import { registerHooks } from 'node:module'
import { join, resolve } from 'node:path'
import { pathToFileURL } from 'node:url'
import t from 'tap'
import { filesOf, root } from './groups.ts'
import type { Group } from './groups.ts'
import { running } from './running.ts'

const ownTest = new URL('own-test.ts', import.meta.url).href

// A test file that asks for tap is given the test of its own file instead of that of the process.
registerHooks({
  resolve (specifier, context, next) {
    if (specifier === 'tap' && context.parentURL?.endsWith('.test.ts')) return { url: `${ownTest}?${context.parentURL}?`, shortCircuit: true }
    return next(specifier, context)
  }
})

/**
 * Runs the test files of a group in this process, one after the other, each as a test of its own: what they all load, and keys that are made once per process,
 * would take longer than most of them. A file is as alone as in a process of its own, but for what belongs to a process: its folder, its environment, its signals.
 */
export function runTogether (group: Group): void {
  // Run by itself, too, a group may take as long as tap gives it.
  t.setTimeout(300_000)
  for (const file of filesOf(group)) {
    void t.test(file, { timeout: 120_000 }, async (test) => {
      // As if it ran alone: names of folders must not grow too long.
      test.testdirName = resolve('.tap/fixtures', file.replaceAll('/', '-'))
      running.test = test
      await import(pathToFileURL(join(root, file)).href)
    })
  }
}
