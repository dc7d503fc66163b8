import { request } from 'undici'
import type { Dispatcher } from 'undici'
import type { Text } from '../../openapi/lint/finding.ts'
import type { Config } from '../config.ts'
import type { DescribedEService } from '../route.ts'
import type { Problem } from './checked.ts'

/** How long an answer is waited for, in ms. */
const patienceMs = 5000

/** Asks the upstreams, and the platform for its keys, once each: whoever does not answer, or with something else than keys, is a problem. */
export async function findUnreachable ({ files: [file = ''], pdnd: { jwksUri } }: Config, eservices: readonly DescribedEService[]): Promise<readonly Problem[]> {
  const problem = (rule: string, message: Text): Problem => ({ file, severity: 'error', rule, message })
  const upstreams = [...Map.groupBy(eservices, ({ config: { upstream } }) => upstream.url)].map(async ([url, served]) => {
    const fault = await faultOf(`${url}${served[0]?.basePath ?? ''}/status`)
    const names = served.map(({ config: { name } }) => name).join(', ')
    return fault === undefined ? [] : [problem('varco-upstream', { it: `l'upstream ${url} (${names}) non risponde: ${fault}`, en: `the upstream ${url} (${names}) does not answer: ${fault}` })]
  })
  const fault = await faultOf(jwksUri, async (answer) => {
    const { keys } = await answer.body.json() as { keys?: unknown }
    return Array.isArray(keys) && keys.length > 0 ? undefined : `no keys (status ${answer.statusCode})`
  })
  const platform = fault === undefined ? [] : [problem('varco-platform', { it: `le chiavi della piattaforma non si leggono da ${jwksUri}: ${fault}`, en: `the platform's keys cannot be read from ${jwksUri}: ${fault}` })]
  return [...(await Promise.all(upstreams)).flat(), ...platform]
}

async function faultOf (url: string, judge: (answer: Dispatcher.ResponseData) => Promise<string | undefined> = drop): Promise<string | undefined> {
  try {
    return await judge(await request(url, { signal: AbortSignal.timeout(patienceMs) }))
  } catch (error) {
    const { code, name, message } = error as NodeJS.ErrnoException
    return name === 'TimeoutError' ? `no answer within ${patienceMs / 1000} s` : typeof code === 'string' ? code : message
  }
}

/** Any answer will do. */
async function drop ({ body }: Dispatcher.ResponseData): Promise<undefined> {
  await body.dump()
}
