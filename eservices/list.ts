import type { EService } from './eservice.ts'

/** The e-services that the host serves. Adding one is a line here. */
export const eservices: readonly EService[] = []
