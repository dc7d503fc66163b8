import type { Contract } from '../../openapi/contract.ts'
import { isObject } from '../../openapi/document.ts'
import type { Json } from '../../openapi/document.ts'
import type { LiveEService } from '../route.ts'

/** What a contract says of itself to people. Only addresses of the web and mail addresses become links. */
export interface ContractText {
  readonly summary: string | undefined
  readonly description: string | undefined
  readonly terms: string | undefined
  readonly contact: { readonly name: string | undefined, readonly url: string | undefined, readonly email: string | undefined }
}

/** Reads what a contract says of itself; what is not there or is no text is undefined. Where it has no summary the first sentence of its description is one. */
export function contractText ({ document }: Contract): ContractText {
  const info = objectOf(document['info'])
  const contact = objectOf(info['contact'])
  const description = textOf(info['description'])
  return {
    summary: textOf(info['x-summary']) ?? textOf(info['summary']) ?? firstSentence(description),
    description,
    terms: webAddress(info['termsOfService']),
    contact: { name: textOf(contact['name']), url: webAddress(contact['url']), email: mailAddress(contact['email']) }
  }
}

/** What people call an e-service. */
export function titleOf ({ config: { name }, contract: { title } }: Pick<LiveEService, 'config' | 'contract'>): string {
  return title.trim() === '' ? name : title
}

const mostSummary = 200

function firstSentence (description: string | undefined): string | undefined {
  const sentence = description?.split(/\n\s*\n|(?<=[.!?])\s/)[0]?.replaceAll(/[*`#]/g, '').trim()
  if (sentence === undefined || sentence === '') return undefined
  return sentence.length > mostSummary ? `${sentence.slice(0, mostSummary)}…` : sentence
}

function objectOf (value: Json | undefined): Readonly<Record<string, Json>> {
  return isObject(value) ? value : {}
}

function textOf (value: Json | undefined): string | undefined {
  return typeof value === 'string' && value.trim() !== '' ? value.trim() : undefined
}

/** An https or http address, as it may stand in a link. */
export function webAddress (value: Json | undefined): string | undefined {
  const text = textOf(value)
  return text !== undefined && URL.canParse(text) && /^https?:$/.test(new URL(text).protocol) ? text : undefined
}

function mailAddress (value: Json | undefined): string | undefined {
  const text = textOf(value)
  return text !== undefined && /^[^\s@<>"?&]+@[^\s@<>"?&]+$/.test(text) ? text : undefined
}
