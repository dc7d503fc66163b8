import type { Site } from './site.ts'

/** How the gateways of a site stand with their Redis; as `/-/shared-state` tells it. */
export interface SharedState { readonly place: 'memory' | 'redis' | 'local', readonly answers: { readonly redis: number, readonly local: number, readonly lease: number } }

/** How often a gateway decided without its Redis, because that did not answer in time. */
export async function localAnswers ({ gateways }: Site): Promise<number> {
  const states = await Promise.all(gateways.map(async ({ ask }) => ask<SharedState>('/-/shared-state')))
  return states.reduce((sum, { answers }) => sum + answers.local, 0)
}
