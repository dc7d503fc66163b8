import { messagesPath, received, signedMessagesPath } from '../answers.ts'
import { bearer, signed } from '../proofs.ts'
import type { Scenario } from '../scenario.ts'
import { gateway } from '../targets.ts'
import { admitted } from './admitted.ts'

const audience = 'https://loadtest.example.it/rest/messages/v1'
const kinds = ['question', 'answer', 'note'] as const

/** A message that is good by the contract (messages.v1.yaml), of so many bytes: as many lines as fit, and the rest in its subject. */
export function messageOf (bytes: number): string {
  const line = (number: number): object => ({ number, kind: kinds[number % kinds.length], text: `Riga ${number} di una pratica che passa da un ente a un altro.` })
  const write = (subject: number, lines: number): string => JSON.stringify({
    subject: 'x'.repeat(subject),
    sentAt: '2026-03-02T10:00:00Z',
    urgent: false,
    sender: { ipaCode: 'loadtest_c', office: 'Ufficio protocollo' },
    recipients: ['3e5b0c1d-8a47-4f2e-9d60-b1c7e4f8a201', '9c2f7a64-1d3b-4e85-a0f9-d86b5e3c7f02'],
    lines: Array.from({ length: lines }, (_, index) => line(index + 1))
  })
  let lines = 1
  while (write(1, lines + 1).length <= bytes) lines++
  return write(1 + bytes - write(1, lines).length, lines)
}

const kib = 1024
const message = { method: 'POST', headers: { 'content-type': 'application/json' }, target: gateway, expected: { status: 200, body: received } } as const

/** Calls with bodies: validated against the contract and, where the contract demands it, signed. */
export const bodies: readonly Scenario[] = [
  { ...message, name: 'post 1 KiB', group: 'bodies', ratioTo: admitted, path: messagesPath, body: messageOf(kib), proof: bearer({ purpose: 'messages' }) },
  { ...message, name: 'integrity 1 KiB', group: 'bodies', ratioTo: 'post 1 KiB', path: signedMessagesPath, body: messageOf(kib), proof: signed('messages', audience) },
  { ...message, name: 'post 100 KiB', group: 'bodies', ratioTo: admitted, path: messagesPath, body: messageOf(100 * kib), proof: bearer({ purpose: 'messages' }) },
  { ...message, name: 'integrity 100 KiB', group: 'bodies', ratioTo: 'post 100 KiB', path: signedMessagesPath, body: messageOf(100 * kib), proof: signed('messages', audience) }
]
