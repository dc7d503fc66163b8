import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { canaryContract, filesBelow, hostileRequests, secretsIn } from '../../gateway/harness/canaries.ts'
import { basePath } from '../../gateway/harness/platform.ts'
import { Wire } from '../../gateway/harness/wire.ts'
import { whole } from '../report/numbers.ts'
import type { Figure, Measured, Run } from './figure.ts'
import type { SiteGateway } from './site.ts'

/** Where operations look. */
const pages = ['/metrics', '/', '/-/view', '/-/config', '/-/eservices', '/-/registry', '/-/shared-state', '/-/processes'] as const

async function measure (run: Run): Promise<Measured> {
  await using stack = new AsyncDisposableStack()
  const folder = await mkdtemp(join(tmpdir(), 'varco-secrets-'))
  stack.defer(async () => rm(folder, { recursive: true, force: true }))
  const contract = join(folder, 'contract.json')
  await writeFile(contract, JSON.stringify(canaryContract))
  const site = await run.startSite({ config: (content) => { Object.assign(content['eservices'].tickets, { contract, path: basePath }) } }, stack, run.signal)
  const [gateway] = site.gateways as [SiteGateway]
  const voucher = await site.platform.mint({ purpose: 'tickets' })
  const { host } = new URL(gateway.url)
  const requests = hostileRequests(host, voucher, Date.now())
  const answers = await Promise.all([...requests].map(async ([name, bytes]) => [`the answer to ${name}`, await send(gateway, bytes)] as const))
  const seen = [...answers, ...await Promise.all(pages.map(async (path) => [path, await gateway.read(path)] as const)), ...await filesBelow(gateway.state), ['the log', await readFile(gateway.log, 'utf8')] as const]
  const found = seen.flatMap(([name, text]) => secretsIn(text, voucher).map((secret) => `${secret} in ${name}`))
  const records = seen.filter(([name]) => name.endsWith('.audit')).reduce((sum, [, text]) => sum + text.split('"correlationId"').length - 1, 0)
  return {
    promised: `0 of what callers sent as secrets or personal data in ${whole(requests.size)} hostile requests is found in answers, log, metrics, pages and audit files`,
    measured: `${whole(found.length)} in ${whole(seen.length)} places; ${whole(records)} records`,
    kept: found.length === 0 && records === requests.size,
    numbers: { requests: requests.size, places: seen.length, records, found: found.length },
    unexpected: found
  }
}

/** What came back for bytes that are sent as they are. */
async function send ({ url }: SiteGateway, bytes: string): Promise<string> {
  const wire = new Wire(Number(new URL(url).port))
  wire.write(bytes)
  const { headers, body } = await wire.answer()
  wire.destroy()
  return JSON.stringify(headers) + body
}

export const secrets: Figure = {
  name: 'secrets',
  promise: 'nothing that a caller sends as a secret, or that tells of a person, gets into a log, a record, a metric, a page or an answer',
  method: 'requests with a canary or a codice fiscale in every header, query, path and body that can have one, most with a good voucher, are sent to a gateway; then every answer, its log, its state folder and every page of operations are searched',
  measure
}
