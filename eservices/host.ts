import { createServer } from 'node:http'
import type { Server } from 'node:http'
import { fileURLToPath } from 'node:url'
import Fastify from 'fastify'
import type { FastifyInstance } from 'fastify'
import { loadContract } from '../openapi/contract.ts'
import { telemetryPath } from '../openapi/telemetry.ts'
import { storeDataset } from './collection.ts'
import type { Database, OpenDatabase } from './database.ts'
import { loadDatasets } from './dataset-folder.ts'
import type { EService, Ports } from './eservice.ts'
import { addOperations } from './operations.ts'
import { addTelemetry } from './telemetry.ts'
import { prepareVarcoCall } from './varco-call.ts'

/** What a host needs: `openDatabase` opens the store of each e-service, `secrets` gives each its upstream secret. */
export interface HostOptions {
  readonly openDatabase: OpenDatabase
  readonly secrets: (name: string) => string
  /** The settings of an e-service, by its name. */
  readonly settings?: (name: string) => Readonly<Record<string, string | undefined>>
  readonly now?: () => Date
  readonly randomUUID?: () => string
}

/** A running set of e-services behind one listener that is not listening yet. */
export interface Host { readonly server: Server, close (): Promise<void> }

/**
 * Builds every e-service as a Fastify application of its own and one HTTP server that hands each request to the application whose base
 * path it is under. Throws a sentence naming the file and the operationId when operations and contract do not match.
 */
export async function buildHost (eservices: readonly EService[], options: HostOptions): Promise<Host> {
  const apps = await Promise.all(eservices.map(async (eservice) => buildEService(eservice, options)))
  const server = createServer({ requestTimeout: 10_000, headersTimeout: 5_000, keepAliveTimeout: 65_000, connectionsCheckingInterval: 1_000 }, (request, response) => {
    const app = apps.find(({ basePath, name }) => request.url?.startsWith(`${basePath}/`) || request.url === telemetryPath(name))
    if (app) app.fastify.routing(request, response)
    else response.writeHead(404).end()
  })
  return {
    server,
    async close () {
      await new Promise<void>((resolve) => {
        server.close(() => { resolve() })
        server.closeIdleConnections()
      })
      await Promise.all(apps.map(async ({ fastify, database }) => {
        await fastify.close()
        await database.close()
      }))
    }
  }
}

interface BuiltEService { readonly name: string, readonly basePath: string, readonly fastify: FastifyInstance, readonly database: Database }

async function buildEService (eservice: EService, options: HostOptions): Promise<BuiltEService> {
  const contract = await loadContract(fileURLToPath(eservice.contract))
  const datasets = eservice.data ? await loadDatasets(eservice.data) : new Map()
  const database = await options.openDatabase(eservice.name, eservice.migrations ?? [])
  for (const dataset of datasets.values()) await storeDataset(database, dataset)
  const now = options.now ?? (() => new Date())
  const ports: Ports = { database, datasets, now, randomUUID: options.randomUUID ?? (() => crypto.randomUUID()), settings: options.settings?.(eservice.name) ?? {} }
  const operations = await eservice.operations(ports)
  const fastify = Fastify({ routerOptions: { maxParamLength: 500 }, bodyLimit: 1024 * 1024 })
  const verify = prepareVarcoCall(options.secrets(eservice.name), contract.basePath, now)
  addOperations(fastify, contract, operations, verify)
  if (eservice.telemetry) addTelemetry(fastify, eservice.name, await eservice.telemetry(ports), verify)
  await fastify.ready()
  return { name: eservice.name, basePath: contract.basePath, fastify, database }
}
