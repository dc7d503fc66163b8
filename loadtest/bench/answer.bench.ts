import type { Dispatcher } from 'undici'
import { AnswerCheck, prepareAnswerChecks } from '../../gateway/answer-check.ts'
import type { AnswerHead } from '../../gateway/answer-head.ts'
import type { Exchange } from '../../gateway/exchange.ts'
import { CallFigures } from '../../gateway/figures/call-figures.ts'
import { forward } from '../../gateway/forward.ts'
import type { Forwarded } from '../../gateway/forward.ts'
import { openLog } from '../../gateway/log.ts'
import type { Outlet } from '../../gateway/outlet.ts'
import { Recorder } from '../../gateway/records/recorder.ts'
import { toRecord } from '../../gateway/records/to-record.ts'
import type { Route } from '../../gateway/route.ts'
import { prepareVarcoCall } from '../../gateway/varco-call.ts'
import { admitted } from './policies.bench.ts'
import { exchangeWith } from './request.ts'
import type { Stage } from './stage.ts'
import type { World } from './world.ts'

/** The head of the answer that the load test's upstream gives. */
const answerHeaders = { 'content-type': 'application/json', 'content-length': '1162', 'cache-control': 'max-age=60', etag: '"1"', date: 'Mon, 02 Mar 2026 10:00:00 GMT', connection: 'keep-alive', 'keep-alive': 'timeout=5' }

/** Steps 6 to 8: what an admitted call is sent on with, its answer's head, and its record. */
export async function answerStages (world: World): Promise<readonly Stage[]> {
  const exchange = await admitted(world)
  const route = exchange.route as Route
  return [varcoCallStage(world, exchange), forwardStage(world, route), headStage(world, exchange, route), recordStage(world, exchange), figuresStage(world, exchange)]
}

function varcoCallStage ({ tickets: { config, basePath }, request }: World, { call, correlationId }: Exchange): Stage {
  const sign = prepareVarcoCall(config.upstream.secret, basePath)
  const { caller, now } = call
  return { name: 'Varco-Call', ofCall: true, run: () => sign({ call: { operationId: 'listChannels', correlationId }, caller, method: 'GET', target: request.url ?? '', now }), isRight: (token) => String(token).split('.').length === 3 }
}

/** The headers of the request to the upstream, and those of the answer put onto that to the caller; between them an upstream that answers at once. */
function forwardStage ({ request, now }: World, live: Route): Stage {
  let sent: Dispatcher.DispatchOptions | undefined
  const controller = { abort: () => undefined, pause: () => undefined, resume: () => undefined } as unknown as Dispatcher.DispatchController
  const dispatch = (options: Dispatcher.DispatchOptions, handler: Dispatcher.DispatchHandler): boolean => {
    sent = options
    handler.onRequestStart?.(controller, undefined)
    handler.onResponseStart?.(controller, 200, answerHeaders, 'OK')
    handler.onResponseEnd?.(controller, {})
    return true
  }
  const route = { ...live, eservice: { ...live.eservice, upstream: { ...live.eservice.upstream, pool: { dispatch } } } } as unknown as Route
  let head: AnswerHead | undefined
  const outlet: Outlet = {
    begun: true,
    begin (_status, _headers, compose) {
      head = compose()
      return undefined
    },
    write: () => 'more',
    end: () => undefined
  }
  const forwarded: Forwarded = { route, method: 'GET', target: request.url ?? '', body: undefined, varcoCall: 'v', trace: [], cookie: undefined, viewHeaders: undefined, openOutlet: () => outlet }
  const refuse = (): void => { throw new Error('the answer is not passed on') }
  return {
    name: 'forward and answer headers',
    ofCall: true,
    run () {
      const exchange = exchangeWith(request, now)
      forward(exchange, forwarded, refuse, () => undefined)
      return head
    },
    isRight: (composed) => (sent?.headers as readonly string[] | undefined)?.includes('via') === true && (composed as AnswerHead).get('etag') === '"1"'
  }
}

function headStage ({ gateway }: World, exchange: Exchange, route: Route): Stage {
  const checks = prepareAnswerChecks(route, gateway.ledgers.of('tickets'))
  if (!checks) throw new Error('the answers of the e-service are not checked')
  return {
    name: 'answer head check',
    ofCall: true,
    run: () => new AnswerCheck(checks, exchange).head(200, answerHeaders),
    isRight: (finding) => finding === undefined
  }
}

function recordStage ({ now }: World, exchange: Exchange): Stage {
  let line = ''
  const trail = { works: true, add: (text: string): void => { line = text } }
  const recorder = new Recorder({ recording: { trail, sinks: [], node: 'n', lost: 0 }, logger: openLog({ write: () => undefined }), now: () => now + 3, explain: () => [] })
  return {
    name: 'record',
    ofCall: true,
    run () {
      recorder.conclude(exchange, 200, () => undefined, () => undefined)
      return line
    },
    isRight: (written) => (written as string).includes('"operationId":"listChannels"')
  }
}

/** What metrics and the operations page are made of. */
function figuresStage ({ now }: World, exchange: Exchange): Stage {
  const figures = new CallFigures(() => now)
  const record = toRecord(exchange, 200, now + 3, 'n')
  return {
    name: 'figures',
    ofCall: true,
    run () {
      figures.count(record)
      return figures
    },
    isRight: () => (figures.report(false).calls[0]?.count ?? 0) > 0
  }
}
