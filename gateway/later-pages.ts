import type { FastifyInstance } from 'fastify'

/** Where the pages are that people read; what is not there is told by what answers them. */
const places = ['/', '/catalogue/*', '/catalog.jsonld', '/assets/*', '/docs', '/docs/*', '/openapi/*', '/page.css', '/problems', '/problems/*', '/rules', '/rules/*'] as const

/**
 * Answers for pages with an app that `build` makes when somebody first asks for one: a gateway that only serves calls neither loads nor holds it. When that cannot be made the
 * request fails, and the next one tries again. `close` closes what was made.
 */
export function addLaterPages (app: FastifyInstance, build: () => Promise<FastifyInstance>): { close (): Promise<void> } {
  let pages: Promise<FastifyInstance> | undefined
  const get = async (): Promise<FastifyInstance> => pages ??= build().catch((error: Error) => {
    pages = undefined
    throw error
  })
  for (const url of places) {
    app.route({ method: ['GET', 'HEAD'], url, handler: async (request, reply) => {
      const own = await get()
      reply.hijack()
      own.routing(request.raw, reply.raw)
    } })
  }
  return { close: async () => { await (await pages?.catch(() => undefined))?.close() } }
}
