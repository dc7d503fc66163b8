import { readFile } from 'node:fs/promises'
import swagger from '@fastify/swagger'
import swaggerUi from '@fastify/swagger-ui'
import type { FastifyInstance } from 'fastify'
import { stringify } from 'yaml'
import type { Config } from '../config.ts'
import { describeOperations, sandboxOf } from './docs-document.ts'
import { pageHeaders, sendStylesheet } from './page.ts'
import type { LiveEService } from '../route.ts'

/**
 * What developers read: `/docs` (Swagger UI over the document that @fastify/swagger generates from the registered routes) and the contracts
 * as served under `/openapi/`. Everything comes from this process: no CDN, strict CSP. Must be called after the
 * routes of the e-services were added.
 */
export async function addDocs (app: FastifyInstance, eservices: readonly LiveEService[], config: Config): Promise<void> {
  const sandbox = sandboxOf(config)
  addContracts(app, eservices)
  app.get('/page.css', async (_request, reply) => sendStylesheet(reply))
  await app.register(swagger, {
    openapi: { openapi: '3.0.3', info: { title: 'Varco', version: '1.0.0', description: 'Gli e-service pubblicati su questo gateway, come li espone in questo momento.' } },
    hideUntagged: true,
    transform: ({ schema, url, route }) => {
      const live = route.config?.route
      return { schema: live ? { ...schema, tags: [live.eservice.config.name] } : { ...schema, hide: true }, url }
    },
    transformObject: (documentObject) => describeOperations('openapiObject' in documentObject ? documentObject.openapiObject : {}, eservices, config)
  })
  await app.register(async (docs) => {
    docs.addHook('onRequest', async (_request, reply) => { reply.headers(pageHeaders) })
    await docs.register(swaggerUi, {
      routePrefix: '/docs',
      staticCSP: contentSecurityPolicy(sandbox),
      uiConfig: { layout: 'BaseLayout', deepLinking: true, docExpansion: 'none', displayRequestDuration: true, validatorUrl: null, defaultModelsExpandDepth: -1, persistAuthorization: false },
      theme: {
        title: 'Varco · e-service',
        css: [{ filename: 'docs.css', content: await readBeside('docs.css') }],
        ...(sandbox !== undefined && { js: [{ filename: 'sandbox-voucher.js', content: await readBeside('docs-sandbox-voucher.js') }] })
      }
    })
  })
}

async function readBeside (name: string): Promise<string> {
  return readFile(new URL(name, import.meta.url), 'utf8')
}

function addContracts (app: FastifyInstance, eservices: readonly LiveEService[]): void {
  for (const { config: { name }, contract } of eservices) {
    const version = `v${contract.version.split('.')[0]}`
    const serve = (extension: string, write: () => string): void => {
      // Written when it is first asked for: nobody waits for it at start.
      let text: string | undefined
      app.get(`/openapi/${name}.${version}.${extension}`, async (_request, reply) => reply.headers({ ...pageHeaders, 'cache-control': 'no-cache' }).type(`application/${extension}`).send(text ??= write()))
    }
    serve('json', () => JSON.stringify(contract.document, undefined, 2))
    serve('yaml', () => stringify(contract.document, { aliasDuplicateObjects: false }))
  }
}

function contentSecurityPolicy (sandbox: string | undefined): Record<string, string[]> {
  return {
    'default-src': ["'none'"],
    'script-src': ["'self'"],
    'style-src': ["'self'"],
    'img-src': ["'self'", 'data:'],
    'font-src': ["'self'"],
    'connect-src': ["'self'", ...sandbox === undefined ? [] : [sandbox]],
    'base-uri': ["'none'"],
    'form-action': ["'none'"],
    'frame-ancestors': ["'none'"]
  }
}
