import { pointedFields } from '../openapi/json/field-tree.ts'
import { testTime } from './fixture.ts'
import type { Grant, Grants } from './grants.ts'
import { withheldParameters } from './withheld-parameters.ts'

/** Grants of the e-service that the tests of the policies call. Used by tests only. */

/** A grant for all operations that withholds `secret` of the one that is called, but for the changes. */
export function grantWith (changes: Partial<Grant> = {}): Grant {
  const { tree } = pointedFields(['/secret'], [{ properties: { secret: {} } }], {})
  const view = { narrowing: { keep: 'all but' as const, tree }, produces: ['application/json'], parameters: withheldParameters(['secret'], ['secret', 'q', 'sort', 'limit'], []) }
  return { id: 'statistics', version: 2, operations: 'all', views: new Map([['listThings', view]]), expires: '2999-12-31', expiresAt: testTime + 1000, legalBasis: 'Reg. (UE) 2016/679, art. 6.1.e', ...changes }
}

/** The grants of which these are; nobody else has one. */
export function grantsWith (grants: Partial<Grants> = {}): Grants {
  return { byPurpose: new Map(), byConsumer: new Map(), any: undefined, ...grants }
}
