import type { CallerFact } from './caller.ts'
import { firstFailure, shown } from './check.ts'
import type { Check } from './check.ts'
import { grantFor } from './grants.ts'
import type { Grant, View } from './grants.ts'
import type { Policy } from './policy.ts'
import { findWithheldParameter } from './withheld-parameters.ts'

/** The grant under which a call is made, and what it leaves of the answer where it narrows it; null where the producer grants nothing one by one. */
export type GrantFact = { readonly id: string, readonly version: number, readonly view: View | undefined } | null

/** Who calls when, and the grant that counts for it. */
interface Holder { readonly grant: Grant | undefined, readonly caller: Pick<CallerFact, 'consumerId' | 'purposeId'>, readonly now: number }
/** What is called; `query` is that of the request target as it came. */
interface Use { readonly grant: Grant | undefined, readonly operationId: string | undefined, readonly query: string }

const nameOf = ({ id, version }: Grant): string => `${shown(id)}, version ${version}`

/** Where there are grants nobody goes without one, and one that is no longer good is none. */
export const holderChecks: readonly Check<Holder>[] = [
  { name: 'grant', code: 'grant-missing', holds: ({ grant }) => grant !== undefined, expected: ({ caller }) => `a grant for purpose ${shown(caller.purposeId)}, for consumer ${shown(caller.consumerId)} or for all`, got: ({ grant }) => grant ? nameOf(grant) : 'none' },
  { name: 'grant expiry', code: 'grant-expired', holds: ({ grant, now }) => grant !== undefined && now < grant.expiresAt, expected: () => 'one that is still good', got: ({ grant }) => grant ? `${nameOf(grant)}, good until ${grant.expires}` : 'none' }
]

/** It is good for the operations that it names, and what it withholds cannot be asked for in another way. */
export const useChecks: readonly Check<Use>[] = [
  { name: 'grant operation', code: 'operation-not-granted', holds: ({ grant, operationId }) => grant?.operations === 'all' || (operationId !== undefined && grant?.operations.has(operationId) === true), expected: ({ grant }) => grant ? operationsOf(grant) : '-', got: ({ operationId }) => shown(operationId) },
  { name: 'grant fields', code: 'field-withheld', holds: (use) => withheldParameterOf(use) === undefined, expected: () => 'no parameter that selects by a field that the grant withholds', got: (use) => withheldParameterOf(use) ?? 'none' }
]

function operationsOf ({ operations }: Grant): string {
  return operations === 'all' ? 'any operation' : [...operations].join(' or ')
}

function withheldParameterOf ({ grant, operationId, query }: Use): string | undefined {
  const view = grant?.views.get(operationId ?? '')
  return view && query !== '' ? findWithheldParameter(query, view.parameters) : undefined
}

/** Proves that the producer granted this purpose, its consumer or everybody the operation, and says what of its answer may be seen. */
export const grant: Policy<'grant', 'caller' | 'purpose'> = {
  name: 'grant',
  stage: 'before-body',
  needs: ['caller', 'purpose'],
  denials: [...holderChecks, ...useChecks].map((check) => check.code),
  prepare: (_ports, { grants }) => {
    if (!grants) return () => null
    return ({ caller, operationId, query, now }) => {
      const found = grantFor(grants, caller.purposeId, caller.consumerId)
      const denial = firstFailure(holderChecks, { grant: found, caller, now }) ?? firstFailure(useChecks, { grant: found, operationId, query })
      if (denial) return denial
      const { id, version, views } = found as Grant
      return { id, version, view: views.get(operationId ?? '') }
    }
  }
}
