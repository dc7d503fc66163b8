import type { EService } from './eservice.ts'
import { serviceUsage } from './service-usage/service-usage.ts'
import { slaTelemetry } from './sla-telemetry/sla-telemetry.ts'
import { surveys } from './surveys/surveys.ts'
import { tickets } from './tickets/tickets.ts'

/** The e-services that the host serves. Adding one is a line here (and its import). */
export const eservices: readonly EService[] = [tickets, surveys, serviceUsage, slaTelemetry]
