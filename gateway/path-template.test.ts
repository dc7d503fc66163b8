import Fastify from 'fastify'
import t from 'tap'
import { pathOf, patternOf, piecesOf, valuesOf } from './path-template.ts'
import { routing } from './route.ts'

const templates = ['/a/{id}', '/a/{id}:run', '/a/{id}:stop', '/b/{name}.{ext}', '/c/{from}-{to}/days', '/d/{id};v=1', "/e('{key}')", '/f/{codice-fiscale}/{a b}', '/g/v{major},{minor}', '/h:check']

t.test('each template is matched by its own paths, with the values under the names of the contract', async (t) => {
  const app = Fastify({ logger: false, ...routing })
  for (const template of templates) {
    const pieces = piecesOf(template)
    app.get(patternOf(pieces), (request, reply) => {
      const matched = request.params as Record<string, string>
      void reply.send({ template, values: valuesOf(pieces, matched), path: pathOf(pieces, matched) })
    })
  }
  const cases: readonly (readonly [path: string, template: string, values: Readonly<Record<string, string>>])[] = [
    ['/a/7', '/a/{id}', { id: '7' }],
    ['/a/7:run', '/a/{id}:run', { id: '7' }],
    ['/a/7:stop', '/a/{id}:stop', { id: '7' }],
    ['/b/report.final.csv', '/b/{name}.{ext}', { name: 'report', ext: 'final.csv' }],
    ['/c/1-2/days', '/c/{from}-{to}/days', { from: '1', to: '2' }],
    ['/d/7;v=1', '/d/{id};v=1', { id: '7' }],
    ["/e('x')", "/e('{key}')", { key: 'x' }],
    ['/f/x/y%20z', '/f/{codice-fiscale}/{a b}', { 'codice-fiscale': 'x', 'a b': 'y z' }],
    ['/g/v1,2', '/g/v{major},{minor}', { major: '1', minor: '2' }],
    ['/h:check', '/h:check', {}]
  ]
  for (const [path, template, values] of cases) t.strictSame((await app.inject(path)).json(), { template, values, path }, path)
  t.equal((await app.inject('/d/7')).statusCode, 404)
})
