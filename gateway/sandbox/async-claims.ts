import { asyncScopes } from '../../policies/demands.ts'
import type { AsyncScope } from '../../policies/demands.ts'
import { isUuid } from './client-assertion.ts'
import type { Check, FurtherClaims } from './client-assertion.ts'
import { isAnything } from './compact-jws.ts'
import type { Members } from './compact-jws.ts'
import { failure, shown } from './error-codes.ts'
import type { Failure } from './error-codes.ts'

/** The claims of an assertion for an asynchronous exchange, once their form was checked. */
export interface AsyncClaims {
  readonly sub: string
  readonly scope: AsyncScope
  readonly purposeId?: string
  readonly interactionId?: string
  readonly urlCallback?: string
  readonly entityNumber?: number | null
}

const isScope = (value: unknown): value is AsyncScope => asyncScopes.some((scope) => scope === value)

const checkScope: Check = ({ payload: { scope } }) => {
  if (!scope) return [failure('0034')]
  return isScope(scope) ? [] : [failure('0035', `received ${shown(scope)}`)]
}

const checkInteractionId: Check = ({ payload: { interactionId } }) =>
  interactionId === undefined || isUuid(interactionId) ? [] : [failure('0036', `received ${shown(interactionId)}`)]

const checkUrlCallback: Check = ({ payload: { urlCallback } }) =>
  urlCallback === undefined || (typeof urlCallback === 'string' && URL.canParse(urlCallback)) ? [] : [failure('0037')]

const checkEntityNumber: Check = ({ payload: { entityNumber } }) =>
  entityNumber === undefined || (typeof entityNumber === 'number' && entityNumber >= 0) ? [] : [failure('0038', `received ${shown(entityNumber)}`)]

/** The claims that only an assertion for an asynchronous exchange has, whatever its scope. */
export const asyncClaims: FurtherClaims = {
  checks: [checkScope, checkInteractionId, checkUrlCallback, checkEntityNumber],
  members: { scope: isAnything, interactionId: isAnything, urlCallback: isAnything, entityNumber: isAnything }
}

/** What a scope needs and the claims have not. */
export function checkScopeClaims ({ scope, purposeId, interactionId, urlCallback, entityNumber }: Members): Failure[] {
  if (scope === 'start_interaction') return [...urlCallback ? [] : [failure('0040')], ...purposeId ? [] : [failure('0030')]]
  return [
    ...interactionId ? [] : [failure('0041')],
    ...scope === 'callback_invocation' && entityNumber === undefined ? [failure('0042')] : [],
    ...scope === 'callback_invocation' && entityNumber === 0 ? [failure('0043', 'received 0')] : []
  ]
}
