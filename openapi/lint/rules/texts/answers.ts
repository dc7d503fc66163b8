import type { RuleText } from '../rule-text.ts'

/** /status, answers and errors. */
export const answerTexts: readonly RuleText[] = [
  {
    id: 'paths-status', reference: 'paths-status', rac: 'RAC_REST_NAME_011', pdnd: 'error', modi: 'error',
    says: { it: 'manca /status; aggiungere GET /status, che risponde 200 con application/problem+json quando il servizio funziona', en: 'there is no /status; add GET /status, which answers 200 with application/problem+json while the service works' },
    why: { it: 'La piattaforma e i fruitori interrogano /status per sapere se l\'e-service è disponibile.', en: 'The platform and consumers ask /status whether the e-service is available.' },
    bad: 'paths:\n  /residents: …', good: 'paths:\n  /status:\n    get:\n      operationId: readStatus\n      security: []\n      responses:\n        \'200\': { description: Il servizio funziona., content: { application/problem+json: { schema: { $ref: \'#/components/schemas/Problem\' } } } }'
  },
  {
    id: 'paths-status-return-json', reference: 'paths-status-return-json', rac: 'RAC_REST_NAME_011', pdnd: 'error', modi: 'error',
    says: { it: 'GET /status risponde 200 con un altro formato; usare application/problem+json o application/json', en: 'GET /status answers 200 in another format; use application/problem+json or application/json' },
    why: { it: 'Chi sorveglia molti servizi legge la risposta di tutti allo stesso modo.', en: 'Whoever watches many services reads the answer of each in the same way.' },
    bad: '\'200\':\n  content:\n    text/plain: …', good: '\'200\':\n  content:\n    application/problem+json: …'
  },
  {
    id: 'paths-status-return-problem', reference: 'paths-status-return-problem', rac: 'RAC_REST_NAME_011', pdnd: 'error', modi: 'error',
    says: { it: 'un errore di GET /status non è application/problem+json; descriverlo in quel formato', en: 'an error of GET /status is not application/problem+json; describe it in that format' },
    why: { it: 'Un guasto si deve poter riconoscere senza conoscere il singolo servizio.', en: 'A fault must be recognisable without knowing the single service.' },
    bad: '\'503\':\n  content:\n    application/json: …', good: '\'503\':\n  content:\n    application/problem+json: …'
  },
  {
    id: 'paths-status-problem-schema', reference: 'paths-status-problem-schema', rac: 'RAC_REST_NAME_011', pdnd: 'warn', modi: 'warn',
    says: { it: 'lo schema degli errori di /status non ha status, title e detail; aggiungere queste proprietà', en: 'the schema of the errors of /status lacks status, title and detail; add these properties' },
    why: { it: 'Sono i membri che dicono quale problema c\'è e quanto è grave.', en: 'These are the members that say what the problem is and how severe.' },
    bad: 'schema:\n  type: object\n  properties:\n    message: { type: string }', good: 'schema:\n  type: object\n  properties:\n    title: { type: string }\n    status: { type: integer, format: int32 }\n    detail: { type: string }'
  },
  {
    id: 'status-is-public', rac: 'RAC_REST_NAME_011', modi: 'warn',
    says: { it: 'GET /status chiede credenziali; aggiungervi security: [] perché la security del documento non valga', en: 'GET /status asks for credentials; add security: [] to it so that the security of the document does not hold' },
    why: { it: 'La piattaforma chiama /status senza voucher: un 401 farebbe sembrare guasto un servizio che funziona.', en: 'The platform calls /status without a voucher: a 401 would make a service that works look broken.' },
    bad: 'security: [{ voucher: [] }]\npaths:\n  /status:\n    get:\n      operationId: readStatus', good: 'security: [{ voucher: [] }]\npaths:\n  /status:\n    get:\n      operationId: readStatus\n      security: []'
  },
  {
    id: 'http-response-no-content-204-205', reference: 'http-response-no-content-204-205', rac: 'RAC_REST_NAME_001', pdnd: 'error', modi: 'error',
    says: { it: 'una risposta 204 o 205 non ha corpo; togliere content, o rispondere 200', en: 'a 204 or 205 has no body; remove content, or answer 200' },
    why: { it: 'HTTP vieta un corpo in queste risposte: chi lo aspetta non lo riceverà (RFC 9110).', en: 'HTTP forbids a body in these answers: whoever expects one will not get it (RFC 9110).' },
    bad: '\'204\':\n  description: Fatto.\n  content: { application/json: … }', good: '\'204\':\n  description: Fatto.'
  },
  {
    id: 'http-response-content-2xx', reference: 'http-response-content-2xx', rac: 'RAC_REST_NAME_001', pdnd: 'hint', modi: 'hint',
    says: { it: 'la risposta non dice che cosa contiene; aggiungere content con uno schema per ogni formato, o usare 204 se non ha corpo', en: 'the answer does not say what it holds; add content with a schema for each media type, or use 204 if it has no body' },
    why: { it: 'Senza schema nessuno può generare un client né verificare la risposta.', en: 'Without a schema nobody can generate a client or check the answer.' },
    bad: '\'200\':\n  description: I residenti.', good: '\'200\':\n  description: I residenti.\n  content:\n    application/json:\n      schema: { $ref: \'#/components/schemas/Residents\' }'
  },
  {
    id: 'response-with-json-object', reference: 'response-with-json-object', rac: 'RAC_REST_FORMAT_002', pdnd: 'warn', modi: 'warn',
    says: { it: 'la risposta JSON non è un oggetto; racchiuderla, per esempio in {"items": […]}', en: 'the JSON answer is no object; wrap it, e.g. in {"items": […]}' },
    why: { it: 'A un oggetto si possono aggiungere membri (la pagina successiva, il totale) senza rompere i client; a una lista no.', en: 'Members (the next page, the total) can be added to an object without breaking clients; to a list they cannot.' },
    bad: 'schema:\n  type: array\n  items: { $ref: \'#/components/schemas/Resident\' }', good: 'schema:\n  type: object\n  properties:\n    items: { type: array, items: { $ref: \'#/components/schemas/Resident\' } }'
  },
  {
    id: 'use-problem-json-for-errors', reference: 'use-problem-json-for-errors', rac: 'RAC_REST_NAME_008', pdnd: 'error', modi: 'error',
    says: { it: 'l\'errore non è application/problem+json; descriverlo così (RFC 9457), o segnare con x-noqa: true una risposta che non può esserlo', en: 'the error is not application/problem+json; describe it so (RFC 9457), or mark an answer that cannot be with x-noqa: true' },
    why: { it: 'Un solo formato per gli errori permette di trattarli una volta per tutti gli e-service.', en: 'One format of errors lets consumers handle them once for all e-services.' },
    bad: '\'404\':\n  content:\n    application/json: …', good: '\'404\':\n  content:\n    application/problem+json: …'
  },
  {
    id: 'use-problem-schema', reference: 'use-problem-schema', rac: 'RAC_REST_NAME_008', modi: 'warn',
    says: { it: 'lo schema dell\'errore non è quello di un problem; dargli almeno due fra title, status, type e detail', en: 'the schema of the error is not that of a problem; give it at least two of title, status, type and detail' },
    why: { it: 'Il tipo application/problem+json promette i membri della RFC 9457; uno schema diverso smentisce la promessa. Il controllore nazionale ha questa regola, ma così come è scritta non può mai segnalare nulla.', en: 'The type application/problem+json promises the members of RFC 9457; another schema breaks the promise. The national checker has this rule, but as written it can never find anything.' },
    bad: 'application/problem+json:\n  schema: { type: object, properties: { errore: { type: string } } }', good: 'application/problem+json:\n  schema: { $ref: \'#/components/schemas/Problem\' }'
  },
  {
    id: 'hint-problem-schema', reference: 'hint-problem-schema', rac: 'RAC_REST_NAME_008', modi: 'hint',
    says: { it: 'l\'errore si spiega con message, msg o code; usare title e detail, e tenere code solo come membro in più', en: 'the error explains itself by message, msg or code; use title and detail, and keep code as an additional member only' },
    why: { it: 'I membri della RFC 9457 hanno già questo significato e i client li conoscono.', en: 'The members of RFC 9457 have this meaning already and clients know them.' },
    bad: 'properties:\n  code: { type: string }\n  message: { type: string }', good: 'properties:\n  title: { type: string }\n  detail: { type: string }\n  code: { type: string }'
  },
  {
    id: 'missing-retry-after', reference: 'missing-retry-after', rac: 'RAC_ROBUSTEZZA_002', pdnd: 'warn', modi: 'warn',
    says: { it: 'la risposta 503 non dichiara Retry-After; aggiungere l\'intestazione con i secondi da attendere', en: 'the 503 does not declare Retry-After; add that header with the seconds to wait' },
    why: { it: 'Senza, tutti riprovano subito e il servizio sovraccarico non si riprende.', en: 'Without it everybody tries again at once and an overloaded service does not recover.' },
    bad: '\'503\':\n  headers: {}', good: '\'503\':\n  headers:\n    Retry-After: { schema: { type: integer, format: int32 } }'
  },
  {
    id: 'missing-ratelimit', reference: 'missing-ratelimit', rac: 'RAC_ROBUSTEZZA_001', pdnd: 'warn', modi: 'warn',
    says: { it: 'mancano le intestazioni sui limiti; dichiarare X-RateLimit-Limit, X-RateLimit-Remaining e X-RateLimit-Reset, ciascuna in una sola forma', en: 'headers about limits are missing; declare X-RateLimit-Limit, X-RateLimit-Remaining and X-RateLimit-Reset, each in one spelling only' },
    why: { it: 'Chi fruisce regola il proprio ritmo solo se sa quante richieste gli restano.', en: 'A consumer can pace itself only if it knows how many requests it has left.' },
    bad: '\'200\':\n  headers:\n    X-RateLimit-Limit: …', good: '\'200\':\n  headers:\n    X-RateLimit-Limit: …\n    X-RateLimit-Remaining: …\n    X-RateLimit-Reset: …'
  },
  {
    id: 'ratelimit-429-presence', reference: 'ratelimit-429-presence', rac: 'RAC_ROBUSTEZZA_001', pdnd: 'warn', modi: 'warn',
    says: { it: 'la risposta 429 non dice quando riprovare; dichiarare Retry-After, o le tre intestazioni X-RateLimit', en: 'the 429 does not say when to try again; declare Retry-After, or the three X-RateLimit headers' },
    why: { it: 'Chi ha superato il limite deve sapere quanto attendere.', en: 'Whoever exceeded the limit must know how long to wait.' },
    bad: '\'429\':\n  headers: {}', good: '\'429\':\n  headers:\n    Retry-After: { schema: { type: integer, format: int32 } }'
  },
  {
    id: 'ratelimit-429-completeness', reference: 'ratelimit-429-completeness', rac: 'RAC_ROBUSTEZZA_001', modi: 'error',
    says: { it: 'la risposta 429 dichiara solo una parte delle intestazioni sui limiti; dichiararle tutte e tre con lo stesso prefisso', en: 'the 429 declares only some of the headers about limits; declare all three with the same prefix' },
    why: { it: 'Il limite senza il tempo all\'azzeramento non dice quando riprovare. Il controllore nazionale ha questa regola, ma così come è scritta non può mai segnalare nulla.', en: 'A limit without the time to its reset does not say when to try again. The national checker has this rule, but as written it can never find anything.' },
    bad: '\'429\':\n  headers:\n    X-RateLimit-Limit: …\n    RateLimit-Reset: …', good: '\'429\':\n  headers:\n    X-RateLimit-Limit: …\n    X-RateLimit-Remaining: …\n    X-RateLimit-Reset: …'
  },
  {
    id: 'caching-declared', rac: 'RAC_REST_NAME_010', modi: 'info',
    says: { it: 'la risposta non dice se si può conservare; dichiarare Cache-Control (no-store, se non deve esserlo)', en: 'the answer does not say whether it may be kept; declare Cache-Control (no-store, if it may not)' },
    why: { it: 'Senza indicazioni un intermediario può conservare e ridare dati personali o scaduti: le linee guida chiedono di disabilitare la cache se non serve.', en: 'Without a word an intermediary may keep and hand out personal or stale data: the guidelines ask to disable caching where it is not needed.' },
    bad: '\'200\':\n  description: Il residente.', good: '\'200\':\n  description: Il residente.\n  headers:\n    Cache-Control: { description: no-store, schema: { type: string } }'
  },
  {
    id: 'cache-responses-indeterminate-behavior', reference: 'cache-responses-indeterminate-behavior', rac: 'RAC_REST_NAME_010', pdnd: 'info', modi: 'info',
    says: { it: 'fra Cache-Control ed Expires la risposta ne deve dichiarare una, e una sola', en: 'of Cache-Control and Expires the answer must declare one, and only one' },
    why: { it: 'Con entrambe, o con nessuna, ogni intermediario decide a modo suo.', en: 'With both, or with none, every intermediary decides for itself.' },
    bad: 'headers:\n  Cache-Control: …\n  Expires: …', good: 'headers:\n  Cache-Control: …'
  },
  {
    id: 'cache-responses-undocumented', reference: 'cache-responses-undocumented', rac: 'RAC_REST_NAME_010', pdnd: 'info', modi: 'info',
    says: { it: 'l\'intestazione di cache non è spiegata; nominare nella description le direttive usate (no-store, no-cache, max-age, private, no-transform)', en: 'the cache header is not explained; name in its description the directives in use (no-store, no-cache, max-age, private, no-transform)' },
    why: { it: 'Chi conserva le risposte deve conoscere le regole prima di riceverne una.', en: 'Whoever keeps answers must know the rules before it receives one.' },
    bad: 'Cache-Control:\n  schema: { type: string }', good: 'Cache-Control:\n  description: Sempre no-store.\n  schema: { type: string }'
  },
  {
    id: 'cache-control-parameter-undocumented', reference: 'cache-control-parameter-undocumented', rac: 'RAC_REST_NAME_010', pdnd: 'warn', modi: 'warn',
    says: { it: 'il parametro Cache-Control non è spiegato; nominare nella description le direttive che il servizio rispetta (no-cache, max-age…)', en: 'the parameter Cache-Control is not explained; name in its description the directives that the service honours (no-cache, max-age…)' },
    why: { it: 'Chi lo invia deve sapere se avrà effetto.', en: 'Whoever sends it must know whether it has an effect.' },
    bad: '- { name: Cache-Control, in: header, schema: { type: string } }', good: '- name: Cache-Control\n  in: header\n  description: È rispettato no-cache.\n  schema: { type: string }'
  }
]
