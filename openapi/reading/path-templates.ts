import { escapeToken } from './anatomy.ts'
import { isObject } from '../document.ts'
import type { Json, JsonObject } from '../document.ts'
import type { Notes } from './note.ts'
import { nameOperations } from './operation-ids.ts'
import type { Resolve } from './references.ts'

const methods = ['get', 'put', 'post', 'delete', 'options', 'head', 'patch', 'trace']

/** What reading paths needs: `fail` makes the error for what is at a pointer. */
export interface PathsReader { readonly resolve: Resolve, readonly notes: Notes, readonly fail: (pointer: string, message: string) => Error }

/**
 * Makes the paths of a contract such that each can be served: every template parameter is declared and every operation has an id of its own. What
 * real contracts leave out is filled in, and a path that no router could read is left out, with a note. Throws what `fail` makes for what is no path item.
 */
export function readablePaths (paths: JsonObject, reader: PathsReader): JsonObject {
  const items = Object.entries(paths).filter(([path]) => !path.startsWith('x-')).flatMap(([path, item]): [string, JsonObject][] => {
    const pointer = `/paths/${escapeToken(path)}`
    const template = templateOf(path, pointer, reader)
    if (template !== undefined && template !== path && Object.hasOwn(paths, template)) {
      reader.notes.add(pointer, `the path ${JSON.stringify(path)} is there as ${template} too: only that one is served`)
      return []
    }
    if (item !== null && !isObject(item)) throw reader.fail(pointer, 'an object is expected here')
    return template === undefined ? [] : [[template, withParameters(template, item === null ? {} : reader.resolve(item), pointer, reader)]]
  })
  return nameOperations(Object.fromEntries(withoutTwins(items, reader)), reader.notes)
}

/** The template that a path is; undefined for one that no request could have, or that no router could read: nothing is served there. */
function templateOf (path: string, pointer: string, { notes }: PathsReader): string | undefined {
  const whole = withDistinctNames(withoutStrays(path, pointer, notes), pointer, notes)
  const literal = whole.replaceAll(/\{[^{}]+\}/g, '')
  const fault = /[{}]/.test(literal)
    ? 'has a brace without its other one, or with no name in them'
    : /[?#]/.test(literal) ? 'has a query or a fragment: declare that as parameters'
      : /[*\\\s]/.test(literal) ? 'has a *, a backslash or white space'
        : /\}\{/.test(whole) ? 'has two parameters with nothing between them' : undefined
  if (fault !== undefined) {
    notes.add(pointer, `the path ${JSON.stringify(path)} ${fault}: it is not served`)
    return undefined
  }
  if (whole.startsWith('/')) return whole
  notes.add(pointer, `the path ${JSON.stringify(path)} does not begin with a slash: it is read with one`)
  return `/${whole}`
}

function withoutStrays (path: string, pointer: string, notes: Notes): string {
  const whole = path.trim().replaceAll(/(\{[^{}]+\})\}+/g, '$1')
  if (whole !== path) notes.add(pointer, `the path ${JSON.stringify(path)} has a brace or a space too many: it is read as ${whole}`)
  return whole
}

/** A name that is in a path twice stands for two values; the second gets a name of its own, so that each is checked. */
function withDistinctNames (path: string, pointer: string, notes: Notes): string {
  const seen = new Map<string, number>()
  return path.replaceAll(/\{([^{}]+)\}/g, (whole, name: string) => {
    const count = (seen.get(name) ?? 0) + 1
    seen.set(name, count)
    if (count === 1) return whole
    notes.add(pointer, `the path ${JSON.stringify(path)} has the parameter "${name}" twice: the later one is called ${name}_${count}`)
    return `{${name}_${count}}`
  })
}

/** Adds what a template names and nothing declares, and leaves out what is declared for the path and not in it: no request could ever have it. */
function withParameters (template: string, item: JsonObject, pointer: string, reader: PathsReader): JsonObject {
  const names = new Set(namesIn(template))
  const shared = known(item['parameters'], names, `${pointer}/parameters`, reader)
  const members = Object.entries(item).map(([member, operation]): [string, Json] | [] => {
    if (member === 'parameters' || !methods.includes(member)) return [member, operation]
    const place = `${pointer}/${member}`
    if (!isObject(operation)) {
      reader.notes.add(place, 'is no operation: it is left out')
      return []
    }
    const own = known(operation['parameters'], names, `${place}/parameters`, reader)
    const declared = new Set([...shared, ...own].map((parameter) => pathName(reader.resolve(parameter))))
    const missing = [...names].filter((name) => !declared.has(name))
    for (const name of missing.filter((one) => !twinOf(one, [...own, ...shared], reader))) reader.notes.add(place, `the parameter "${name}" of the path is not declared: it is read as a text`)
    return [member, { ...operation, parameters: [...own, ...missing.map((name) => twinOf(name, [...own, ...shared], reader) ?? { name, in: 'path', required: true, schema: { type: 'string' } })] }]
  })
  return { ...Object.fromEntries(members.filter((entry): entry is [string, Json] => entry.length > 0)), parameters: shared }
}

/** The declaration of a parameter that is in the path twice, for its second place. */
function twinOf (name: string, declared: readonly Json[], { resolve }: PathsReader): JsonObject | undefined {
  const first = declared.map((parameter) => resolve(parameter)).find((parameter) => pathName(parameter) === name.replace(/_\d+$/, ''))
  return first && { ...first, name }
}

function known (parameters: Json | undefined, names: ReadonlySet<string>, pointer: string, { resolve, notes, fail }: PathsReader): readonly Json[] {
  return (Array.isArray(parameters) ? parameters as readonly Json[] : []).filter((parameter, index) => {
    if (parameter === null) return false
    if (!isObject(parameter)) throw fail(`${pointer}/${index}`, 'an object is expected here')
    const name = pathName(resolve(parameter))
    if (name === undefined || names.has(name)) return true
    notes.add(`${pointer}/${index}`, `the parameter "${name}" is declared for the path and not in it: it is left out`)
    return false
  })
}

function pathName ({ name, in: place }: JsonObject): string | undefined {
  return place === 'path' && typeof name === 'string' ? name : undefined
}

/**
 * Paths that differ in the names of parameters alone are one path to a router, and to callers. Where both have a method, the operation that is not
 * deprecated is served, or the first of them; the other is left out.
 */
function withoutTwins (items: readonly (readonly [path: string, item: JsonObject])[], { notes }: PathsReader): readonly (readonly [path: string, item: JsonObject])[] {
  const served = new Map<string, string>()
  const shapeOf = (path: string, method: string): string => `${method} ${path.replaceAll(/\{[^{}]+\}/g, '{}')}`
  const operations = items.flatMap(([path, item]) => methods.filter((method) => isObject(item[method])).map((method) => ({ path, method, isOld: (item[method] as JsonObject)['deprecated'] === true })))
  for (const { path, method } of [...operations.filter(({ isOld }) => !isOld), ...operations]) {
    const shape = shapeOf(path, method)
    if (!served.has(shape)) served.set(shape, path)
  }
  return items.map(([path, item]) => [path, Object.fromEntries(Object.entries(item).filter(([method]) => {
    const other = methods.includes(method) ? served.get(shapeOf(path, method)) : path
    if (other === path || other === undefined) return true
    notes.add(`/paths/${escapeToken(path)}/${method}`, `${method.toUpperCase()} ${path} is the same path as ${other} (at #/paths/${escapeToken(other)}/${method}), from which no request can tell it apart: only that one is served`)
    return false
  }))])
}

function namesIn (path: string): readonly string[] {
  return [...path.matchAll(/\{([^{}]+)\}/g)].map(([, name = '']) => name)
}
