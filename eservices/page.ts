import { parseQuery, queryOf, writeQuery } from '../openapi/requests/query.ts'
import { ProblemError } from './eservice.ts'
import type { Reply } from './eservice.ts'

/** The answer that is one page of a collection: its items and, unless it is the last page, the cursor of the next one. */
export function pageOf (items: readonly unknown[], next: string | undefined): Reply {
  const isLast = next === undefined
  return { body: { items, ...(!isLast && { nextCursor: next }) }, cache: 'no-cache', ...(!isLast && { next }) }
}

/** The Link header (RFC 8288) of the page that a request target asked for: the same target with the cursor of the next page. */
export function nextLink (target: string, next: string): string {
  const [path = ''] = target.split('?', 1)
  const others = parseQuery(queryOf(target))?.filter(({ name }) => name !== 'cursor') ?? []
  return `<${path}${writeQuery([...others, { name: 'cursor', value: next, raw: next }])}>; rel="next"`
}

/** 400: a cursor that the collection never gave out. `detail` says what to send instead. */
export function invalidCursor (detail = 'The cursor is not one that this collection gave out; start again without it.'): ProblemError {
  return new ProblemError({ status: 400, code: 'invalid-cursor', title: 'Invalid cursor', detail })
}
