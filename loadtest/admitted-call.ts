import { readFileSync } from 'node:fs'
import type { Expected } from './expected.ts'

const query = 'channel=infoline&measure=tickets'

/** The call that everything is compared with: a page of figures, with two parameters that the contract describes. */
export const admittedPath = `/rest/tickets/v1/channels?${query}`
/** The same of an e-service with a limit of one call a day. */
export const limitedPath = `/rest/limited/v1/channels?${query}`

/** What an admitted call is answered. */
export const figures: Expected & { readonly body: string } = { status: 200, body: readFileSync(new URL('channels.json', import.meta.url), 'utf8') }
