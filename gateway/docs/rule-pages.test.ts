import Fastify from 'fastify'
import t from 'tap'
import { catalogue } from '../../openapi/lint/rules/catalogue.ts'
import { addRulePages } from './rule-pages.ts'

const app = Fastify()
addRulePages(app)
t.teardown(async () => app.close())

t.test('every rule has its page, in both languages, with what it comes from', async (t) => {
  for (const { id, says, why, rac, reference } of catalogue) {
    const { statusCode, headers, body } = await app.inject(`/rules/${id}`)
    t.equal(statusCode, 200, id)
    t.match(headers, { 'content-type': 'text/html; charset=utf-8', 'x-content-type-options': 'nosniff' })
    for (const text of [says.it, says.en, why.it, why.en]) t.ok(body.includes(text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;')), `${id}: ${text}`)
    for (const name of [rac, reference]) if (name !== undefined) t.ok(body.includes(name), `${id}: ${name}`)
    t.notMatch(body, /<script/)
    t.match(body, /<main>[^]*<pre tabindex="0">[^]*<\/main>/, 'a reader of the screen finds its way, and the keyboard scrolls')
  }
})

t.test('the list leads to each of them', async (t) => {
  const { body } = await app.inject('/rules')
  t.match(body, /^<!doctype html><html lang="it">/)
  t.strictSame([...body.matchAll(/href="\/rules\/([^"]+)"/g)].map(([, id]) => id), catalogue.map(({ id }) => id))
})

t.test('a rule that there is not has no page', async (t) => {
  t.equal((await app.inject('/rules/no-such-rule')).statusCode, 404)
})
