import type { FastifyInstance } from 'fastify'
import { addCatalogue } from './catalogue/catalogue.ts'
import type { CatalogueParts } from './catalogue/parts.ts'
import { addDocs } from './docs/docs.ts'
import { addProblemPages } from './docs/problem-pages.ts'
import { addRulePages } from './docs/rule-pages.ts'

/** Adds every page that people read: documentation and catalogue. Must be called after the routes of the e-services were added. */
export async function addPages (app: FastifyInstance, parts: CatalogueParts): Promise<void> {
  await addDocs(app, parts.eservices, parts.config)
  addProblemPages(app)
  addRulePages(app)
  await addCatalogue(app, parts)
  await app.ready()
}
