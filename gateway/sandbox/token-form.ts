import { grantType } from '../pdnd/voucher-request.ts'
import { isUuid } from './client-assertion.ts'

/** The fields of a token request (RFC 7523 2.2); nothing but their presence and form is known yet. */
export interface TokenForm {
  readonly client_assertion: string
  readonly client_assertion_type: string
  readonly grant_type: string
  readonly client_id?: string | undefined
}

const fields = ['client_assertion', 'client_assertion_type', 'grant_type', 'client_id'] as const

/** Reads a form body, or says of each field why this is not a token request (a repeated field is never guessed at). */
export function parseTokenForm (body: string): TokenForm | readonly string[] {
  const form = new URLSearchParams(body)
  const problems = fields.flatMap((field) => {
    const values = form.getAll(field)
    if (values.length > 1) return [`${field}: sent more than once`]
    return values.length === 0 && field !== 'client_id' ? [`${field}: required`] : []
  })
  const value = (field: string): string => form.get(field) ?? ''
  const clientId = form.get('client_id') ?? undefined
  if (clientId !== undefined && !isUuid(clientId)) problems.push('client_id: must be a UUID')
  if (form.has('grant_type') && value('grant_type') !== grantType) problems.push(`grant_type: must be ${grantType}`)
  if (problems.length > 0) return problems
  return {
    client_assertion: value('client_assertion'),
    client_assertion_type: value('client_assertion_type'),
    grant_type: value('grant_type'),
    client_id: clientId
  }
}
