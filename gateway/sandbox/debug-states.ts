import type { FastifyInstance } from 'fastify'
import { agreementStates, delegationStates, descriptorStates, purposeVersionStates } from '../../policies/registry.ts'
import type { AgreementState, DelegationState, DescriptorState, PurposeVersionState } from '../../policies/registry.ts'
import { changeAgreement, changeDelegation, changeDescriptor, changePurpose } from './state-changes.ts'
import type { ChangeContext } from './state-changes.ts'
import { sendResult } from './problem.ts'

interface PurposeChange { Params: { name: string }, Body: { state: PurposeVersionState, versionId?: string } }
interface AgreementChange { Params: { id: string }, Body: { state: AgreementState } }
interface DelegationChange { Params: { id: string }, Body: { state: DelegationState } }
interface DescriptorChange { Params: { eservice: string, descriptorId: string }, Body: { state: DescriptorState } }

/** `{state}`, and whatever else is told, as the only members of a body. */
function bodyWith (states: readonly string[], more: Record<string, object> = {}) {
  const body = { type: 'object', additionalProperties: false, required: ['state'], properties: { state: { enum: states }, ...more } }
  return { schema: { body } }
}

/** Changes of state while the sandbox runs, as if somebody had made them on the platform; purposes and e-services by alias or id. */
export async function debugStates (app: FastifyInstance, context: ChangeContext): Promise<void> {
  const purposeBody = bodyWith(purposeVersionStates, { versionId: { type: 'string', maxLength: 64 } })
  app.post<PurposeChange>('/debug/purposes/:name/state', purposeBody, async ({ params, body }, reply) =>
    sendResult(reply, changePurpose(context, params.name, body)))

  app.post<AgreementChange>('/debug/agreements/:id/state', bodyWith(agreementStates), async ({ params, body }, reply) =>
    sendResult(reply, changeAgreement(context, params.id, body.state)))

  app.post<DelegationChange>('/debug/delegations/:id/state', bodyWith(delegationStates), async ({ params, body }, reply) =>
    sendResult(reply, changeDelegation(context, params.id, body.state)))

  const descriptorPath = '/debug/eservices/:eservice/descriptors/:descriptorId/state'
  app.post<DescriptorChange>(descriptorPath, bodyWith(descriptorStates), async ({ params, body }, reply) =>
    sendResult(reply, changeDescriptor(context, params, body.state)))
}
