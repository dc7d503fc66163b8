import { randomUUID } from 'node:crypto'
import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { parseArgs } from 'node:util'
import { loadContract } from '../../openapi/contract.ts'
import { isUuid } from '../../policies/claim.ts'
import { loadConfig } from '../config.ts'
import type { Config } from '../config.ts'
import { describeEService } from '../live.ts'
import { openDpopKey } from '../pdnd/dpop-key.ts'
import { findProducerKey, judgeAnswer } from '../pdnd/producer-signature.ts'
import type { AnswerVerdict } from '../pdnd/producer-signature.ts'
import { signRequest } from '../pdnd/signed-request.ts'
import type { Consumer, UnsignedRequest } from '../pdnd/signed-request.ts'
import { withPlatform } from '../platform-access.ts'
import { rawHeadersOf, writeHead, writeRequest } from '../raw-request.ts'
import type { RawRequest } from '../raw-request.ts'
import { answerText, nonceAskedFor, valueOf } from './call-answer.ts'
import { exitCodes, UsageError } from './command.ts'
import type { Command, Terminal } from './command.ts'
import { consumerOptions, openConsumer } from './consumer.ts'
import { prepareCall } from './demanded-call.ts'
import { prepareFind } from './find-operation.ts'
import type { FoundOperation } from './find-operation.ts'
import { chooseEService, readInput } from './input.ts'
import { claimsOf, headersOf } from './request-arguments.ts'
import { sendRequest } from './send-request.ts'
import type { ClientCertificate, RawAnswer } from './send-request.ts'

const options = {
  ...consumerOptions,
  config: { type: 'string' },
  body: { type: 'string' },
  'content-type': { type: 'string' },
  header: { type: 'string', multiple: true },
  claim: { type: 'string', multiple: true },
  dpop: { type: 'boolean', default: false },
  'dpop-key': { type: 'string' },
  sign: { type: 'boolean', default: false },
  evidence: { type: 'boolean', default: false },
  callback: { type: 'string' },
  interaction: { type: 'string' },
  'client-certificate': { type: 'string' },
  'dry-run': { type: 'boolean', default: false },
  save: { type: 'string' }
} as const

/** `varco call`: a call through the gateway with every proof that its contract demands. */
export const call: Command = {
  name: 'call',
  summary: 'Make a call with every proof that its contract demands',
  usage: `varco call ESERVICE METHOD PATH [OPTIONS]

Obtains a voucher and makes a call through the gateway with exactly what the contract of the operation demands: DPoP proof, Digest and
Agid-JWT-Signature, tracking evidence. Prints status, headers and body of the answer, and whether its signature is good.
  ESERVICE               tickets, surveys, service-usage or sla-telemetry; with --config FILE one of that configuration
  METHOD PATH            the operation, as the contract has it, with the query: GET '/channels?channel=infoline'
  --body FILE            the bytes to send, - for standard input
  --content-type TYPE    their media type (default: the one that the contract declares)
  --header 'NAME: VALUE' a further header; can be given again
  --consumer NAME        who calls (default istat); see gateway/sandbox/registry.yaml
  --purpose ID           for which purpose, by id or alias (default: the consumer's active one on that e-service)
  --client-id ID --key FILE  a client of your own, with its key (PKCS#8 PEM); --purpose is then the id of its purpose
  --certificate FILE     the chain (PEM, leaf first) with whose key a client outside the platform signs; --client-id is its registered name
  --config FILE          the gateway's configuration, with the contracts (default: the demonstration's)
  --dpop                 bind the voucher to a new key where the contract does not demand it
  --dpop-key FILE        bind it to the ES256 key of this PEM file, which is made when it is not there
  --sign, --evidence     sign the message, add tracking evidence, where the contract does not demand it
  --claim NAME=VALUE     an agreed claim of the tracking evidence, as JSON or text; can be given again
  --callback URL         where the callback of an asynchronous exchange goes (start_interaction)
  --interaction ID       which asynchronous exchange the call goes on with
  --client-certificate FILE  certificate and key (one PEM file) for mutual TLS
  --dry-run              print the head of the request, and send no call
  --save FILE            write the whole request to a file, which is worth a voucher: varco explain FILE says of each check how it ends
Exit code 0 when the answer is 2xx and its signature, if it has one, is not wrong, 1 otherwise.`,
  async run (args, terminal) {
    const { values, positionals: [name, method, path, ...more] } = parseArgs({ args: [...args], options, allowPositionals: true })
    if (name === undefined || method === undefined || path === undefined || more.length > 0) throw new UsageError('name one e-service, one method and one path')
    const config = await loadConfig(values.config ?? join(import.meta.dirname, '../gateway.yaml'), terminal.env, { secrets: 'ignored' })
    const { found, url } = await aim(config, name, method.toUpperCase(), path)
    const { operation, eservice, demands } = found
    const body = values.body === undefined ? Buffer.alloc(0) : await readInput(values.body, terminal)
    const request: UnsignedRequest = { method: operation.method, url, headers: headersOf(operation, values, body), body }
    const moment = { now: terminal.now, randomUUID }
    const consumer = operation.isPublic ? undefined : await openConsumer(values, config, eservice.config, terminal)
    const sign = consumer ? await prepareCall({
      ...moment,
      request,
      demands,
      consumer,
      environment: config.pdnd,
      audience: eservice.terms.audience[0] as string,
      adds: values,
      dpopKey: values['dpop-key'] === undefined ? undefined : await openDpopKey(values['dpop-key']),
      claims: claimsOf(values.claim ?? []),
      interaction: { urlCallback: values.callback, interactionId: values.interaction }
    }) : async () => signRequest(request, undefined, undefined, moment)
    const signed = await sign()
    if (values.save !== undefined) await writeFile(values.save, writeRequest(signed), { mode: 0o600 })
    if (values['dry-run']) {
      terminal.out(writeHead(signed).replaceAll('\r\n', '\n'))
      return exitCodes.ok
    }
    const pem = values['client-certificate'] === undefined ? undefined : await readInput(values['client-certificate'], terminal)
    const { sent, answer } = await send(url, signed, sign, pem && { cert: pem, key: pem })
    const successful = answer.status >= 200 && answer.status < 300
    const verdict = consumer && (await judge(answer, sent, consumer, config, terminal) ?? (successful && demands.signedResponse ? unsigned : undefined))
    terminal.out(answerText(answer, verdict))
    return successful && verdict?.outcome !== 'wrong' ? exitCodes.ok : exitCodes.findings
  }
}

/** The operation that is meant, and the URL at which the gateway has it. */
async function aim (config: Config, name: string, method: string, path: string): Promise<{ found: FoundOperation, url: URL }> {
  const eservice = chooseEService(config, name)
  const described = await describeEService(config, eservice, await loadContract(eservice.contract))
  if (!path.startsWith('/')) throw new UsageError(`the path must begin with /: ${path}`)
  const url = new URL(config.publicUrl + described.basePath + path)
  const found = await (await prepareFind([described]))(method, url.pathname)
  if (found) return { found, url }
  const operations = described.contract.operations.map((operation) => `  ${operation.method} ${operation.path}`)
  throw new UsageError(`${name} has no operation ${method} ${path.split('?')[0]}. There are:\n${operations.join('\n')}`)
}

/** Sends a call, and once more with the nonce that the gateway asks for. */
async function send (url: URL, request: RawRequest, sign: (nonce: string) => Promise<RawRequest>, tls: ClientCertificate | undefined): Promise<{ sent: RawRequest, answer: RawAnswer }> {
  const answer = await sendRequest(url, request, tls)
  const nonce = nonceAskedFor(answer)
  if (nonce === undefined) return { sent: request, answer }
  const sent = await sign(nonce)
  return { sent, answer: await sendRequest(url, sent, tls) }
}

const unsigned: AnswerVerdict = { outcome: 'wrong', reason: 'there is none, and the contract promises one' }

async function judge (answer: RawAnswer, request: RawRequest, consumer: Consumer, config: Config, { now }: Terminal): Promise<AnswerVerdict | undefined> {
  return withPlatform(config, now, async ({ api }) => judgeAnswer({ rawHeaders: rawHeadersOf(answer), body: answer.body }, {
    // Who is outside the platform may know itself by another name than its producer has for it.
    clientId: isUuid(consumer.clientId) ? consumer.clientId : undefined, now, requestDigest: valueOf(request.headers, 'digest'), findKey: async (kid) => findProducerKey(api, kid)
  }))
}
