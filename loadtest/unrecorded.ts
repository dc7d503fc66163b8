// Loaded into a gateway before anything else, this makes it forget the records of its calls, which no gateway does: so it can be measured what keeping them costs.
import { AuditTrail } from '../gateway/audit/audit-trail.ts'

AuditTrail.prototype.add = (_text, _endedAt, _durability, told) => { setImmediate(told, true) }
