import type { FastifyReply, FastifyRequest } from 'fastify'
import type { Operated } from '../operations.ts'
import { prepareDisk } from './disk.ts'
import { openFiles } from './files.ts'
import { contentOf, pageHeaders, titleOf, writePage, writeSignIn } from './frame.ts'
import type { Asked } from './frame.ts'
import { chartsOf } from './section-traffic.ts'
import { viewOf } from './view-of.ts'
import type { OperationsView } from './view.ts'

/** How long a view is told, in ms: however many look at the page, processes are asked no more often. */
const freshMs = 1000
const forGood = 'public, max-age=31536000, immutable'
const page = 'text/html; charset=utf-8'

/** The operations page; whoever is answered was asked for the token before. */
export interface OperationsPage {
  /** The page, complete without its script. */
  send (reply: FastifyReply): Promise<FastifyReply>
  /** The part of it that changes, and what its charts are drawn from, as JSON. */
  sendView (reply: FastifyReply): Promise<FastifyReply>
  /** The form to sign in. */
  askToken (reply: FastifyReply, asked: Asked): FastifyReply
  /** One of its files; undefined when there is none at this path. */
  sendFile (request: FastifyRequest, reply: FastifyReply, path: string): Promise<FastifyReply | undefined>
}

/** Opens the page of a gateway; `now` in epoch ms. */
export async function openPage ({ reports, processes }: Pick<Operated, 'reports' | 'processes'>, now: () => number): Promise<OperationsPage> {
  const files = await openFiles()
  const diskOf = prepareDisk(now)
  let made: { readonly at: number, readonly view: Promise<OperationsView> } | undefined
  const make = async (): Promise<OperationsView> => {
    const [all, every] = await Promise.all([reports(true), processes()])
    return viewOf(all, every, await diskOf(all[0]?.about), now())
  }
  const view = async (): Promise<OperationsView> => {
    if (!made || now() - made.at >= freshMs) made = { at: now(), view: make() }
    return made.view
  }
  return {
    async send (reply) {
      return reply.headers(pageHeaders).type(page).send(writePage(await view(), files))
    },
    async sendView (reply) {
      const told = await view()
      return reply.headers(pageHeaders).send({ title: titleOf(told), html: contentOf(told).text, ...chartsOf(told.traffic) })
    },
    askToken (reply, asked) {
      return reply.headers(pageHeaders).type(page).send(writeSignIn(asked, files))
    },
    async sendFile (request, reply, path) {
      const answer = path.startsWith(`${files.folder}/`) ? files.answers.get(path.slice(files.folder.length + 1)) : undefined
      return answer?.send(request, reply, { ...pageHeaders, 'cache-control': forGood })
    }
  }
}
