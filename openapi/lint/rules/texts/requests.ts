import type { RuleText } from '../rule-text.ts'

const dead = {
  it: ' Il controllore nazionale ha questa regola, ma così come è scritta non può mai segnalare nulla.',
  en: ' The national checker has this rule, but as written it can never find anything.'
}

/** Requests, names and credentials. */
export const requestTexts: readonly RuleText[] = [
  {
    id: 'paths-kebab-case', reference: 'paths-kebab-case', rac: 'RAC_REST_NAME_002', modi: 'warn',
    says: { it: 'il percorso non è in kebab-case; scriverlo con lettere minuscole, cifre e trattini', en: 'the path is not in kebab-case; write it with lower-case letters, digits and hyphens' },
    why: { it: `Gli indirizzi distinguono maiuscole e minuscole e si dettano a voce: una sola forma evita errori.${dead.it}`, en: `Addresses mind capitals and are read out loud: one form avoids mistakes.${dead.en}` },
    bad: 'paths:\n  /codiceFiscale/{id}: …', good: 'paths:\n  /codice-fiscale/{id}: …'
  },
  {
    id: 'paths-http-method', reference: 'paths-http-method', rac: 'RAC_REST_NAME_001', modi: 'hint',
    says: { it: 'il percorso contiene un verbo; nominare la risorsa e lasciare l\'azione al metodo HTTP', en: 'the path contains a verb; name the resource and leave the action to the HTTP method' },
    why: { it: `Il metodo dice già che cosa si fa: GET legge, POST crea, DELETE rimuove.${dead.it}`, en: `The method says already what is done: GET reads, POST creates, DELETE removes.${dead.en}` },
    bad: 'paths:\n  /residents/create:\n    post: …', good: 'paths:\n  /residents:\n    post: …'
  },
  {
    id: 'schemas-pascal-case', reference: 'schema-camel-case', rac: 'RAC_GEN_NAME_002', modi: 'hint',
    says: { it: 'il nome dello schema non è in PascalCase; cominciarlo con una maiuscola, senza trattini né trattini bassi', en: 'the name of the schema is not in PascalCase; begin it with a capital, without hyphens and underscores' },
    why: { it: `Dagli schemi si generano classi: con questa forma il nome resta lo stesso in ogni linguaggio.${dead.it}`, en: `Classes are generated from schemas: in this form the name stays the same in every language.${dead.en}` },
    bad: 'components:\n  schemas:\n    resident_list: …', good: 'components:\n  schemas:\n    ResidentList: …'
  },
  {
    id: 'property-names-one-style', rac: 'RAC_GEN_NAME_002', modi: 'warn',
    says: { it: 'il nome della proprietà non segue lo stile delle altre; usare in tutta l\'API camelCase oppure snake_case, mai entrambi', en: 'the name of the property does not follow the style of the others; use camelCase or snake_case in the whole API, never both' },
    why: { it: 'Chi scrive un client non deve ricordare per ogni campo in quale stile è scritto.', en: 'Whoever writes a client should not have to remember the style of each field.' },
    bad: 'properties:\n  birthDate: …\n  birth_place: …', good: 'properties:\n  birthDate: …\n  birthPlace: …'
  },
  {
    id: 'use-recommended-names-in-schemas', reference: 'use-recommended-names-in-schemas', rac: 'RAC_GEN_NAME_001', pdnd: 'info', modi: 'info',
    says: { it: 'per i dati di una persona usare i nomi delle ontologie nazionali (given_name, family_name, tax_code)', en: 'for the data of a person use the names of the national ontologies (given_name, family_name, tax_code)' },
    why: { it: 'Gli stessi nomi in ogni e-service permettono di unire i dati senza tabelle di conversione. Nel controllore nazionale la regola segnala solo valori dentro agli esempi.', en: 'The same names in every e-service let data be joined without conversion tables. In the national checker the rule finds values inside examples only.' },
    bad: 'properties:\n  cf: { type: string }', good: 'properties:\n  tax_code: { type: string }'
  },
  {
    id: 'use-recommended-names-in-parameters', reference: 'use-recommended-names-in-parameters', rac: 'RAC_GEN_NAME_001', pdnd: 'info', modi: 'info',
    says: { it: 'per i dati di una persona usare i nomi delle ontologie nazionali (given_name, family_name, tax_code)', en: 'for the data of a person use the names of the national ontologies (given_name, family_name, tax_code)' },
    why: { it: 'Un nome comune a tutti gli e-service si capisce senza leggere la documentazione.', en: 'A name shared by all e-services is understood without reading the documentation.' },
    bad: '- { name: cf, in: query }', good: '- { name: tax_code, in: query }'
  },
  {
    id: 'no-method-name-in-operation-id', reference: 'no-method-name-in-operationId', rac: 'RAC_REST_NAME_001', pdnd: 'hint', modi: 'hint',
    says: { it: 'l\'operationId comincia con il nome di un metodo HTTP; dire che cosa fa l\'operazione, per esempio listResidents o readResident', en: 'the operationId begins with the name of an HTTP method; say what the operation does, e.g. listResidents or readResident' },
    why: { it: 'Il metodo è già scritto sopra, e un\'operazione può cambiarlo senza cambiare significato.', en: 'The method is written above already, and an operation may change it without changing its meaning.' },
    bad: 'operationId: getResidents', good: 'operationId: listResidents'
  },
  {
    id: 'query-names', rac: 'RAC_REST_NAME_005', modi: 'info',
    says: { it: 'le linee guida danno a questo parametro un nome comune: cursor, limit e offset per le pagine, sort per l\'ordine, q per la ricerca, fields ed embed per i campi', en: 'the guidelines give this parameter a common name: cursor, limit and offset for pages, sort for the order, q for a search, fields and embed for members' },
    why: { it: 'Chi sa sfogliare una raccolta le sa sfogliare tutte.', en: 'Whoever can page through one collection can page through all.' },
    bad: '- { name: pageSize, in: query }', good: '- { name: limit, in: query }'
  },
  {
    id: 'no-forbidden-headers', reference: 'no-forbidden-headers', rac: 'RAC_REST_NAME_003', pdnd: 'error', modi: 'error',
    says: { it: 'OpenAPI ignora questa intestazione; descrivere i formati con content e le credenziali con securitySchemes', en: 'OpenAPI ignores this header; describe media types with content and credentials with securitySchemes' },
    why: { it: 'Accept, Content-Type e Authorization hanno già un posto nel contratto: dichiararle come parametri non ha effetto e confonde chi genera client.', en: 'Accept, Content-Type and Authorization have their place in the contract: declared as parameters they have no effect and mislead generators.' },
    bad: '- { name: Authorization, in: header }', good: 'security: [{ voucher: [] }]'
  },
  {
    id: 'no-x-headers-request', reference: 'no-x-headers-request', rac: 'RAC_REST_NAME_003', pdnd: 'warn', modi: 'warn',
    says: { it: 'scegliere per l\'intestazione un nome che non comincia con X- (RFC 6648)', en: 'choose a name for the header that does not begin with X- (RFC 6648)' },
    why: { it: 'Il prefisso è sconsigliato da anni: quando l\'intestazione diventa comune, il nome non si può più cambiare.', en: 'The prefix has been discouraged for years: once the header is in common use its name can no longer change.' },
    bad: '- { name: X-Tenant, in: header }', good: '- { name: Tenant, in: header }'
  },
  {
    id: 'no-x-headers-response', reference: 'no-x-headers-response', rac: 'RAC_REST_NAME_003', pdnd: 'warn', modi: 'warn',
    says: { it: 'scegliere per l\'intestazione un nome che non comincia con X- (RFC 6648)', en: 'choose a name for the header that does not begin with X- (RFC 6648)' },
    why: { it: 'Vale quanto detto per le richieste; X-RateLimit-*, X-Correlation-ID e X-ReplyTo sono ammesse.', en: 'As for requests; X-RateLimit-*, X-Correlation-ID and X-ReplyTo are allowed.' },
    bad: 'headers:\n  X-Total: …', good: 'headers:\n  Total-Count: …'
  },
  {
    id: 'request-headers-train-case', reference: 'request-headers-train-case', rac: 'RAC_REST_NAME_003', pdnd: 'hint', modi: 'hint',
    says: { it: 'scrivere il nome dell\'intestazione con le iniziali maiuscole separate da trattini, per esempio If-Match', en: 'write the name of the header with capital initials and hyphens, e.g. If-Match' },
    why: { it: 'Per HTTP le maiuscole non contano, per chi legge il contratto sì.', en: 'Capitals do not matter to HTTP, they do to whoever reads the contract.' },
    bad: '- { name: request_id, in: header }', good: '- { name: Request-Id, in: header }'
  },
  {
    id: 'response-headers-train-case', reference: 'response-headers-train-case', rac: 'RAC_REST_NAME_003', pdnd: 'hint', modi: 'hint',
    says: { it: 'scrivere il nome dell\'intestazione con le iniziali maiuscole separate da trattini, per esempio Retry-After', en: 'write the name of the header with capital initials and hyphens, e.g. Retry-After' },
    why: { it: 'Per HTTP le maiuscole non contano, per chi legge il contratto sì.', en: 'Capitals do not matter to HTTP, they do to whoever reads the contract.' },
    bad: 'headers:\n  retry-after: …', good: 'headers:\n  Retry-After: …'
  },
  {
    id: 'http-request-get-no-body', reference: 'http-request-GET-no-body', rac: 'RAC_REST_NAME_001', pdnd: 'error', modi: 'error',
    says: { it: 'una GET non ha corpo; usare parametri di query, o POST per la ricerca', en: 'a GET has no body; use query parameters, or POST for the search' },
    why: { it: 'Molti intermediari scartano il corpo di una GET o rifiutano la richiesta (RFC 9110).', en: 'Many intermediaries drop the body of a GET or refuse the request (RFC 9110).' },
    bad: 'get:\n  requestBody: …', good: 'get:\n  parameters:\n    - { name: q, in: query, schema: { type: string } }'
  },
  {
    id: 'http-request-delete-no-body', reference: 'http-request-DELETE-no-body', rac: 'RAC_REST_NAME_001', pdnd: 'warn', modi: 'warn',
    says: { it: 'il corpo di una DELETE può andare perso per strada; indicare la risorsa nel percorso, o usare POST', en: 'the body of a DELETE may be lost on its way; name the resource in the path, or use POST' },
    why: { it: 'HTTP non dà significato al corpo di una DELETE (RFC 9110).', en: 'HTTP gives no meaning to the body of a DELETE (RFC 9110).' },
    bad: 'delete:\n  requestBody: …', good: '/residents/{id}:\n  delete: …'
  },
  {
    id: 'patch-without-request-body', reference: 'patch-without-request-body', rac: 'RAC_REST_NAME_001', pdnd: 'error', modi: 'error',
    says: { it: 'la PATCH non richiede un corpo; aggiungere requestBody con required: true', en: 'the PATCH requires no body; add requestBody with required: true' },
    why: { it: 'Una modifica senza modifiche non significa nulla (RFC 5789).', en: 'A change without changes means nothing (RFC 5789).' },
    bad: 'patch:\n  requestBody:\n    content: …', good: 'patch:\n  requestBody:\n    required: true\n    content: …'
  },
  {
    id: 'patch-media-type', reference: 'patch-media-type', rac: 'RAC_REST_NAME_001', pdnd: 'error', modi: 'error',
    says: { it: 'application/json non dice come applicare le modifiche; usare application/merge-patch+json (RFC 7396)', en: 'application/json does not say how changes apply; use application/merge-patch+json (RFC 7396)' },
    why: { it: 'Due server potrebbero intendere lo stesso corpo in modi diversi: un membro assente si cancella o resta?', en: 'Two servers could read the same body differently: is a member that is absent removed or kept?' },
    bad: 'patch:\n  requestBody:\n    content:\n      application/json: …', good: 'patch:\n  requestBody:\n    content:\n      application/merge-patch+json: …'
  },
  {
    id: 'patch-json-patch-mediatype', reference: 'patch-json-patch-mediatype', rac: 'RAC_REST_NAME_001', pdnd: 'warn', modi: 'warn',
    says: { it: 'una JSON Patch è una lista di modifiche (RFC 6902); dare allo schema type: array', en: 'a JSON Patch is a list of changes (RFC 6902); give its schema type: array' },
    why: { it: 'Con un altro schema nessuna JSON Patch valida sarebbe accettata.', en: 'With another schema no valid JSON Patch would be accepted.' },
    bad: 'application/json-patch+json:\n  schema: { type: object }', good: 'application/json-patch+json:\n  schema: { type: array, items: { type: object } }'
  },
  {
    id: 'sec-apikeys-url', reference: 'sec-apikeys-url', rac: 'RAC_GEN_004', pdnd: 'error', modi: 'error',
    says: { it: 'una chiave nell\'indirizzo finisce nei log e nelle cronologie; inviarla in un\'intestazione (in: header)', en: 'a key in the address ends up in logs and histories; send it in a header (in: header)' },
    why: { it: 'Gli indirizzi vengono registrati da ogni intermediario.', en: 'Addresses are recorded by every intermediary.' },
    bad: 'key: { type: apiKey, in: query, name: key }', good: 'key: { type: apiKey, in: header, name: Api-Key }'
  },
  {
    id: 'sec-credentials-parameters', reference: 'sec-credentials-parameters', rac: 'RAC_GEN_004', pdnd: 'error', modi: 'error',
    says: { it: 'una credenziale nell\'indirizzo finisce nei log; inviarla in un\'intestazione, o cambiare nome al parametro se non lo è', en: 'a credential in the address ends up in logs; send it in a header, or rename the parameter if it is none' },
    why: { it: 'Gli indirizzi vengono registrati da ogni intermediario.', en: 'Addresses are recorded by every intermediary.' },
    bad: '- { name: password, in: query }', good: 'security: [{ voucher: [] }]'
  },
  {
    id: 'sec-security-schemes-oauth-http', reference: 'sec-securitySchemes-oauth-http', pdnd: 'error', modi: 'error',
    says: { it: 'l\'indirizzo da cui si ottengono i token non comincia con https://; correggerlo', en: 'the address at which tokens are obtained does not begin with https://; correct it' },
    why: { it: 'Su un canale in chiaro chiunque può copiare il token.', en: 'On a channel in the clear anybody can copy the token.' },
    bad: 'tokenUrl: http://auth.example.it/token', good: 'tokenUrl: https://auth.example.it/token'
  },
  {
    id: 'sec-security-schemes-oauth-allowed-flows', reference: 'sec-securitySchemes-oauth-allowed-flows', pdnd: 'error', modi: 'error',
    says: { it: 'questo flusso affida credenziali o token al browser; usare authorizationCode o clientCredentials', en: 'this flow hands credentials or tokens to the browser; use authorizationCode or clientCredentials' },
    why: { it: 'I flussi implicit e password sono sconsigliati dalle buone pratiche di OAuth (RFC 9700).', en: 'The flows implicit and password are discouraged by the best practice for OAuth (RFC 9700).' },
    bad: 'flows: { implicit: … }', good: 'flows: { clientCredentials: … }'
  }
]
