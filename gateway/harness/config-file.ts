import { rename, rm, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { loadConfig } from '../config.ts'
import type { Config } from '../config.ts'
import { startGateway } from './gateway.ts'
import type { Harness } from './gateway.ts'
import { archiveContract, audience, ids, registryContent, upstreamSecret } from './platform.ts'
import { temporaryFolder } from './process.ts'

/** A configuration as it is written, a document of which a test changes what it likes. */
export type Written = Record<string, any>

/** The files of a gateway's configuration, and the gateway that was started with them. Used by tests only. */
export class ConfigFiles {
  readonly folder: string
  readonly path: string
  content: Written = {}

  constructor (folder: string) {
    this.folder = folder
    this.path = join(folder, 'gateway.yaml')
  }

  /** Writes the configuration, with what a test changes of it: one member a line, so that problems have lines of their own. */
  async change (change: (content: Written) => void): Promise<void> {
    change(this.content)
    await this.write('gateway.yaml', this.content)
  }

  /** Puts a file there, whole. */
  async write (name: string, content: object | string): Promise<void> {
    const path = join(this.folder, name)
    await writeFile(`${path}.new`, typeof content === 'string' ? content : JSON.stringify(content, undefined, 1))
    await rename(`${path}.new`, path)
  }

  async remove (name: string): Promise<void> { await rm(join(this.folder, name)) }

  async load (): Promise<Config> { return loadConfig(this.path, {}) }
}

/** The configuration that a usual one of the harness is when it is written; `contract.json` and `registry.yaml` stand beside it. */
export function writtenOf ({ pdnd: { issuer, jwksUri, apiBase, tokenUrl, clientAssertionAudience }, publicUrl, listeners, state, eservices }: Config): Written {
  const [{ upstream: { url } }] = eservices as [Config['eservices'][number]]
  return {
    pdnd: { environment: 'sandbox', issuer, jwksUri, apiBase, tokenUrl, clientAssertionAudience },
    registry: 'registry.yaml',
    publicUrl,
    state,
    listeners: { public: { port: listeners.public.port }, operations: { port: listeners.operations.port, token: listeners.operations.token } },
    limits: { burst: { requests: 1_000_000, seconds: 60 } },
    eservices: { archive: { contract: 'contract.json', upstream: { url, secret: upstreamSecret }, producer: ids.producer, eserviceId: ids.eservice, descriptorIds: [ids.descriptor], audience: [audience] } }
  }
}

/** Starts a gateway with a configuration that lies in files. */
export async function startFromFiles (t: { teardown (work: () => Promise<void>): void }, change: (content: Written) => void = () => undefined): Promise<{ readonly gateway: Harness, readonly files: ConfigFiles }> {
  const files = new ConfigFiles(await temporaryFolder(t))
  await files.write('contract.json', archiveContract)
  await files.write('registry.yaml', registryContent())
  const gateway = await startGateway(t, {
    load: async (usual) => {
      files.content = writtenOf({ ...usual, listeners: { ...usual.listeners, operations: { ...usual.listeners.operations, port: 1 } } })
      await files.change(change)
      return files.load()
    }
  })
  return { gateway, files }
}
