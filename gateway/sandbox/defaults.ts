import { join } from 'node:path'

/** Where the sandbox keeps its keys, below the folder in which it is started; never in version control. */
export const defaultState = join('.varco', 'sandbox')

/** The demonstration's administrations, e-services, agreements and purposes. */
export const defaultRegistry = join(import.meta.dirname, 'registry.yaml')
