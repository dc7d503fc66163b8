import type { IncomingMessage } from 'node:http'
import { queryOf } from '../../openapi/requests/query.ts'
import { isRefused } from '../../openapi/requests/request-finding.ts'
import { valuesOfHeader } from '../../gateway/header-lines.ts'
import type { OperationValidator } from '../../openapi/requests/validate.ts'
import { goodBody } from './medium-contract.ts'
import type { Stage } from './stage.ts'
import type { World } from './world.ts'

const isGood = (outcome: unknown): boolean => !isRefused(outcome as object)

/** Step 4: parameters and bodies against their contracts. */
export function contractStages ({ request, search, routeOf }: World): readonly Stage[] {
  const { validator } = routeOf('tickets', 'listChannels')
  const { validator: find } = routeOf('medium', 'searchpurposes')
  const { validator: create } = routeOf('medium', 'createpurposes')
  const body = goodBody()
  return [
    { name: 'parameters', ofCall: true, run: parametersOf(validator, request), isRight: isGood },
    { name: 'parameters, medium contract', ofCall: false, run: parametersOf(find, search), isRight: isGood },
    { name: 'body, 1 KiB', ofCall: false, run: () => create.body('application/json', body), isRight: isGood }
  ]
}

function parametersOf (validator: OperationValidator, request: IncomingMessage): () => unknown {
  const query = queryOf(request.url ?? '')
  return () => validator.parameters({ path: {}, query, header: (name) => valuesOfHeader(request, name) })
}
