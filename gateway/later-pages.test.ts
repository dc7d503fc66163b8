import fastify from 'fastify'
import t from 'tap'
import { addLaterPages } from './later-pages.ts'

t.test('pages are made when somebody first asks for one, once, and anew when that failed', async (t) => {
  const outcomes = ['no memory', undefined]
  let built = 0
  let closed = 0
  const app = fastify()
  t.teardown(async () => app.close())
  const pages = addLaterPages(app, async () => {
    const fault = outcomes[built++]
    if (fault !== undefined) throw new Error(fault)
    const own = fastify({ exposeHeadRoutes: false })
    own.get('/docs/', async () => 'documentation')
    own.addHook('onClose', () => { closed++ })
    return own.ready().then(() => own)
  })
  const ask = async (url: string, method: 'GET' | 'HEAD' | 'POST' = 'GET'): Promise<number> => (await app.inject({ url, method })).statusCode

  t.equal(await ask('/elsewhere'), 404)
  t.equal(await ask('/docs/', 'POST'), 404)
  t.equal(built, 0, 'what is no page makes none')
  t.equal(await ask('/docs/'), 500)
  t.strictSame(await Promise.all([ask('/docs/'), ask('/docs/'), ask('/docs/nothing'), ask('/docs/', 'HEAD'), ask('/')]), [200, 200, 404, 404, 404])
  t.equal(built, 2)
  await pages.close()
  t.equal(closed, 1)
})

t.test('where nobody asked there is nothing to close', async (t) => {
  const app = fastify()
  t.teardown(async () => app.close())
  await t.resolves(addLaterPages(app, async () => { throw new Error('not asked') }).close())
})
