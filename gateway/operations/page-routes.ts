import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify'
import type { Operated } from '../operations.ts'
import { isOwnForm } from './access.ts'
import type { Access } from './access.ts'
import type { OperationsPage } from './page.ts'

declare module 'fastify' {
  interface FastifyContextConfig {
    /** Says itself who may have it; every other route of the operations listener takes the token. */
    isOpen?: boolean
  }
}

/** Refuses as the operations listener does. */
export type RefuseOperations = (reply: FastifyReply, status: number, facts: { readonly detail: string, readonly code: string }) => FastifyReply

/** The form to sign in is the longest that is sent to the page; in bytes. */
const bodyLimit = 4096
const formType = 'application/x-www-form-urlencoded'

/**
 * The page for the people who run the gateway: `/`, what it is kept fresh with (`/-/view`), its files, and the forms to sign in and out, which only take what a page of this
 * listener sent. Everything else of it is loaded when it is first asked for. `now` in epoch ms.
 */
export function addPage (app: FastifyInstance, operated: Pick<Operated, 'reports' | 'processes'>, access: Access, now: () => number, refuse: RefuseOperations): void {
  let opened: Promise<OperationsPage> | undefined
  const page = async (): Promise<OperationsPage> => opened ??= import('./page.ts').then(async ({ openPage }) => openPage(operated, now))
  const refuseStranger = (reply: FastifyReply): FastifyReply => refuse(reply, 403, { detail: 'This form is only taken from the operations page itself.', code: 'foreign-form' })
  app.addContentTypeParser(formType, { parseAs: 'string', bodyLimit }, (_request, body, done) => { done(null, new URLSearchParams(body as string)) })

  app.get('/', { config: { isOpen: true } }, async (request, reply) => {
    if (access.admits(request)) return (await page()).send(reply)
    return (await page()).askToken(reply.code(401).header('www-authenticate', 'Bearer'), 'none')
  })
  app.get('/-/view', async (_request, reply) => (await page()).sendView(reply))
  app.get('/-/page/:folder/:file', { config: { isOpen: true } }, async (request, reply) => {
    const { folder, file } = request.params as { readonly folder: string, readonly file: string }
    return await (await page()).sendFile(request, reply, `${folder}/${file}`) ?? refuse(reply, 404, { detail: 'The page has no such file.', code: 'route-not-found' })
  })
  app.post('/-/sign-in', { config: { isOpen: true } }, async (request, reply) => {
    if (!isOwnForm(request)) return refuseStranger(reply)
    const signedIn = access.signIn(request, tokenOf(request))
    if ('cookie' in signedIn) return reply.header('set-cookie', signedIn.cookie).redirect('/', 303)
    const { blockedSeconds } = signedIn
    return blockedSeconds === 0
      ? (await page()).askToken(reply.code(401).header('www-authenticate', 'Bearer'), 'wrong')
      : (await page()).askToken(reply.code(429).header('retry-after', String(blockedSeconds)), 'blocked')
  })
  app.post('/-/sign-out', { config: { isOpen: true } }, async (request, reply) => {
    if (!isOwnForm(request)) return refuseStranger(reply)
    return reply.header('set-cookie', access.signOut(request)).redirect('/', 303)
  })
}

function tokenOf ({ body }: FastifyRequest): string {
  return body instanceof URLSearchParams ? body.get('token')?.trim() ?? '' : ''
}
