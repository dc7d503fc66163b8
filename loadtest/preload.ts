import { join } from 'node:path'
import { pathToFileURL } from 'node:url'

/** The variables with which a Node program loads a file of this folder before anything else, beside what is preloaded already; `given` is what the file finds in its environment. */
export function preloading (file: string, given: Readonly<Record<string, string>>): Readonly<Record<string, string>> {
  const preload = `--import=${pathToFileURL(join(import.meta.dirname, file)).href}`
  return { ...given, NODE_OPTIONS: `${process.env['NODE_OPTIONS'] ?? ''} ${preload}`.trim() }
}
