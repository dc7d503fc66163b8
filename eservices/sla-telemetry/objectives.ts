import { readFile } from 'node:fs/promises'
import { fileURLToPath } from 'node:url'
import { DocumentError, isObject, parseObject } from '../../openapi/document.ts'
import type { Json, JsonObject } from '../../openapi/document.ts'

/** What an e-service is held to, month by month: percentages, and times in ms. */
export interface Objectives {
  readonly availability: number
  readonly responseTimeMean: number
  readonly responseTimeP90: number
  readonly successRate: number
}

const names = ['availability', 'responseTimeMean', 'responseTimeP90', 'successRate'] as const

/** Reads declared objectives: gives those of an e-service by its name, the default ones where nothing else is declared. Throws DocumentError naming what is wrong. */
export async function loadObjectives (file: URL | string): Promise<(eservice: string) => Objectives> {
  const path = typeof file === 'string' ? file : fileURLToPath(file)
  const text = await readFile(path, 'utf8').catch((error: NodeJS.ErrnoException) => { throw new DocumentError(path, `cannot be read (${error.code ?? 'unknown error'})`) })
  const { default: usual, eservices = {}, ...others } = parseObject(text, path)
  const [stranger] = Object.keys(others)
  if (stranger !== undefined) throw new DocumentError(path, `"${stranger}" is neither default nor eservices`)
  const common = read(usual, 'default', path)
  const missing = names.find((name) => common[name] === undefined)
  if (missing) throw new DocumentError(path, `default needs ${missing}`)
  if (!isObject(eservices)) throw new DocumentError(path, 'eservices needs objectives by name')
  const own = new Map(Object.entries(eservices).map(([name, objectives]) => [name, { ...common as Objectives, ...read(objectives, name, path) }]))
  return (eservice) => own.get(eservice) ?? common as Objectives
}

function read (raw: Json | undefined, of: string, path: string): Partial<Objectives> {
  if (!isObject(raw)) throw new DocumentError(path, `${of} needs objectives`)
  for (const name of Object.keys(raw)) refuseWrong(raw, name, of, path)
  return raw
}

// Of 100 % nothing is left that a budget could be taken from.
const ranges: Readonly<Record<string, readonly [above: number, to: number]>> = {
  availability: [0, 100], responseTimeMean: [0, 1_000_000], responseTimeP90: [0, 1_000_000], successRate: [0, 99.999]
}

function refuseWrong (raw: JsonObject, name: string, of: string, path: string): void {
  const range = ranges[name]
  if (!range) throw new DocumentError(path, `${of}: "${name}" is none of ${names.join(', ')}`)
  const value = raw[name]
  if (typeof value !== 'number' || !(value > range[0] && value <= range[1])) throw new DocumentError(path, `${of}: ${name} must be a number above ${range[0]} and at most ${range[1]}`)
}
