import { isObject } from '../../document.ts'
import { member } from './value.ts'

/** Something in a document, and the way to it. */
export interface Place { readonly value: unknown, readonly path: readonly string[] }

export const methods: readonly string[] = ['get', 'put', 'post', 'delete', 'options', 'head', 'patch', 'trace']

/** The member of a place, as a place, whether it is there or not. */
export function at ({ value, path }: Place, ...names: readonly string[]): Place {
  return names.reduce<Place>((place, name) => ({ value: member(place.value, name), path: [...place.path, name] }), { value, path })
}

/** What an object or a list at a place holds. */
export function each ({ value, path }: Place): Place[] {
  if (typeof value !== 'object' || value === null) return []
  return Object.entries(value).map(([name, inner]: [string, unknown]) => ({ value: inner, path: [...path, name] }))
}

/** The last step of the way to a place. */
export function keyOf ({ path }: Place): string {
  return path.at(-1) ?? ''
}

/** Only what is there. */
export function present (places: readonly Place[]): Place[] {
  return places.filter(({ value }) => value !== undefined)
}

export function root (document: unknown): Place {
  return { value: document, path: [] }
}

/** Every path of a document (not its webhooks and callbacks). */
export function pathItems (document: unknown): Place[] {
  return each(at(root(document), 'paths')).filter(({ value }) => isObject(value))
}

/** Every operation; only those of `method`, if given. */
export function operations (document: unknown, ...only: readonly string[]): Place[] {
  return pathItems(document).flatMap((item) => each(item)).filter((place) => isObject(place.value) && (only.length > 0 ? only : methods).includes(keyOf(place)))
}

/** Every answer of every operation whose status matches. */
export function responses (document: unknown, status = /^/): Place[] {
  return operations(document).flatMap((operation) => each(at(operation, 'responses'))).filter((place) => isObject(place.value) && status.test(keyOf(place)))
}

/** The header objects of the answers whose status matches, where they have any. */
export function headerLists (document: unknown, status?: RegExp): Place[] {
  return responses(document, status).map((response) => at(response, 'headers')).filter(({ value }) => isObject(value))
}

/** Every media type of the answers whose status matches. */
export function answerMedia (document: unknown, status?: RegExp): Place[] {
  return responses(document, status).flatMap((response) => each(at(response, 'content')))
}

/** Every parameter of the document, those that nothing refers to included, whose `in` is one of `places`. */
export function parameters (document: unknown, ...places: readonly string[]): Place[] {
  const calledBack = operations(document).flatMap((operation) => each(at(operation, 'callbacks'))).flatMap((callback) => each(callback)).flatMap((item) => [item, ...each(item)])
  const holders = [...pathItems(document), ...operations(document), ...calledBack, at(root(document), 'components')]
  const lists = holders.map((holder) => at(holder, 'parameters'))
  return lists.flatMap((list) => each(list)).filter(({ value }) => places.includes(String(member(value, 'in'))))
}

/** Every server: of the document, of its paths and of its operations. */
export function servers (document: unknown): Place[] {
  return [root(document), ...pathItems(document), ...operations(document)].flatMap((holder) => each(at(holder, 'servers')))
}

/** The security schemes of a type. */
export function securitySchemes (document: unknown, type?: string): Place[] {
  return each(at(root(document), 'components', 'securitySchemes')).filter(({ value }) => isObject(value) && (type === undefined || member(value, 'type') === type))
}
