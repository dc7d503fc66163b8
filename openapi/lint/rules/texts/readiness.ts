import type { RuleText } from '../rule-text.ts'

/** What a gateway needs to serve a contract, and what the ModI patterns put in its messages. */
export const readinessTexts: readonly RuleText[] = [
  {
    id: 'no-external-reference', modi: 'warn',
    says: { it: 'il riferimento porta fuori dal contratto e dalla sua cartella; salvare il file accanto al contratto e usare un percorso relativo', en: 'the reference leads out of the contract and its folder; save the file beside the contract and use a relative path' },
    why: { it: 'Ciò che sta altrove può cambiare o sparire: il contratto pubblicato deve bastare a sé stesso. Un gateway legge solo ciò che è nella cartella del contratto, o che refs.lock.yaml vi fissa con la sua impronta.', en: 'What is elsewhere may change or vanish: the published contract must suffice. A gateway reads only what is in the folder of the contract, or what refs.lock.yaml there pins by its hash.' },
    bad: '$ref: https://example.it/common.yaml#/components/schemas/Problem', good: '$ref: ./common.yaml#/components/schemas/Problem'
  },
  {
    id: 'paths-ambiguous', modi: 'warn',
    says: { it: 'una richiesta può corrispondere a questo percorso e a un altro; distinguerli con una parte fissa', en: 'a request may be meant for this path and for another; tell them apart by a fixed part' },
    why: { it: 'OpenAPI non dice quale vale: ogni gateway sceglie a modo suo.', en: 'OpenAPI does not say which one holds: every gateway chooses for itself.' },
    bad: 'paths:\n  /{type}/list: …\n  /residents/{id}: …', good: 'paths:\n  /types/{type}/list: …\n  /residents/{id}: …'
  },
  {
    id: 'media-type-schema', modi: 'warn',
    says: { it: 'il formato non ha uno schema; aggiungerlo, così richieste e risposte si possono verificare', en: 'the media type has no schema; add one so that requests and answers can be checked' },
    why: { it: 'Senza schema passa qualunque contenuto e nessuno può generare un client.', en: 'Without a schema any content passes and nobody can generate a client.' },
    bad: 'content:\n  application/json: {}', good: 'content:\n  application/json:\n    schema: { $ref: \'#/components/schemas/Resident\' }'
  },
  {
    id: 'refusals-declared', modi: 'warn',
    says: { it: 'questi rifiuti non sono dichiarati: aggiungerli alle risposte (o default) con application/problem+json', en: 'these refusals are not declared: add them to the responses (or default) with application/problem+json' },
    why: { it: 'Un\'operazione protetta e limitata li darà comunque: chi la chiama deve conoscerne la forma.', en: 'An operation that is protected and limited will give them anyway: its callers must know their shape.' },
    bad: 'responses:\n  \'200\': …', good: 'responses:\n  \'200\': …\n  \'401\': …\n  \'403\': …\n  \'429\': …\n  \'503\': …'
  },
  {
    id: 'bearer-jwt-scheme', rac: 'RAC_GEN_004', modi: 'warn',
    says: { it: 'nessuno schema di sicurezza prende il voucher; aggiungere a securitySchemes uno di type: http, scheme: bearer, bearerFormat: JWT', en: 'no security scheme takes the voucher; add to securitySchemes one of type: http, scheme: bearer, bearerFormat: JWT' },
    why: { it: 'Un e-service sulla PDND si chiama con un voucher: il contratto deve dirlo.', en: 'An e-service on PDND is called with a voucher: the contract must say so.' },
    bad: 'components: {}', good: 'components:\n  securitySchemes:\n    voucher: { type: http, scheme: bearer, bearerFormat: JWT }'
  },
  {
    id: 'bearer-format-jwt', modi: 'hint',
    says: { it: 'lo schema bearer non dice che il token è un JWT; aggiungere bearerFormat: JWT', en: 'the bearer scheme does not say that the token is a JWT; add bearerFormat: JWT' },
    why: { it: 'Il voucher della PDND è un JWT firmato: chi legge il contratto deve saperlo.', en: 'The voucher of PDND is a signed JWT: whoever reads the contract must know.' },
    bad: 'voucher: { type: http, scheme: bearer }', good: 'voucher: { type: http, scheme: bearer, bearerFormat: JWT }'
  },
  {
    id: 'integrity-headers-declared', modi: 'warn',
    says: { it: 'l\'operazione chiede un messaggio firmato ma non dichiara queste intestazioni: aggiungerle come parametri (in: header)', en: 'the operation asks for a signed message but does not declare these headers: add them as parameters (in: header)' },
    why: { it: 'Con INTEGRITY_REST_01 e 02 la firma (Agid-JWT-Signature) protegge l\'impronta del corpo (Digest): servono entrambe.', en: 'With INTEGRITY_REST_01 and 02 the signature (Agid-JWT-Signature) protects the digest of the body (Digest): both are needed.' },
    bad: 'parameters:\n  - { name: Agid-JWT-Signature, in: header }', good: 'parameters:\n  - { name: Agid-JWT-Signature, in: header }\n  - { name: Digest, in: header }'
  },
  {
    id: 'evidence-header-declared', modi: 'warn',
    says: { it: 'l\'operazione chiede la prova di tracciamento ma non dichiara questa intestazione: aggiungerla come parametro (in: header)', en: 'the operation asks for tracking evidence but does not declare this header: add it as a parameter (in: header)' },
    why: { it: 'Con AUDIT_REST_01 e 02 chi fruisce deve sapere di doverla inviare, e con quale nome.', en: 'With AUDIT_REST_01 and 02 a consumer must know that it has to send it, and under which name.' },
    bad: 'x-modi: { patterns: [AUDIT_REST_02] }', good: 'x-modi: { patterns: [AUDIT_REST_02] }\nparameters:\n  - { name: Agid-JWT-TrackingEvidence, in: header }'
  },
  {
    id: 'answer-signature-declared', modi: 'warn',
    says: { it: 'la risposta è firmata ma non dichiara Agid-JWT-Signature e Digest; aggiungerle alle headers', en: 'the answer is signed but does not declare Agid-JWT-Signature and Digest; add them to its headers' },
    why: { it: 'Chi riceve una risposta firmata deve sapere dove trovare la firma.', en: 'Whoever receives a signed answer must know where its signature is.' },
    bad: 'x-modi: { response: signed }\nresponses:\n  \'200\': { headers: {} }', good: 'x-modi: { response: signed }\nresponses:\n  \'200\': { headers: { Agid-JWT-Signature: …, Digest: … } }'
  },
  {
    id: 'push-reply-to-declared', modi: 'warn',
    says: { it: 'la richiesta non bloccante non dichiara questa intestazione: aggiungerla come parametro (in: header)', en: 'the non-blocking request does not declare this header: add it as a parameter (in: header)' },
    why: { it: 'Con NONBLOCK_PUSH_REST la risposta va all\'indirizzo che X-ReplyTo contiene.', en: 'With NONBLOCK_PUSH_REST the answer goes to the address that X-ReplyTo holds.' },
    bad: 'x-modi: { nonBlocking: push }', good: 'x-modi: { nonBlocking: push }\nparameters:\n  - { name: X-ReplyTo, in: header }'
  },
  {
    id: 'push-correlation-declared', modi: 'warn',
    says: { it: 'la richiesta non bloccante deve rispondere 202 e dichiararvi l\'intestazione X-Correlation-ID; aggiungerla', en: 'the non-blocking request must answer 202 and declare the header X-Correlation-ID there; add it' },
    why: { it: 'Solo questo identificativo lega la risposta, che arriva dopo, alla richiesta (NONBLOCK_PUSH_REST).', en: 'This identifier alone ties the answer, which comes later, to the request (NONBLOCK_PUSH_REST).' },
    bad: '\'202\': { description: Presa in carico. }', good: '\'202\': { description: Presa in carico., headers: { X-Correlation-ID: { schema: { type: string } } } }'
  },
  {
    id: 'push-callback-declared', modi: 'warn',
    says: { it: 'la richiesta non bloccante non descrive la chiamata di ritorno; aggiungerla sotto callbacks', en: 'the non-blocking request does not describe the call back; add it under callbacks' },
    why: { it: 'Chi fruisce deve realizzare quell\'operazione: ne ha bisogno come di un contratto (NONBLOCK_PUSH_REST).', en: 'The consumer has to implement that operation: it needs it as a contract (NONBLOCK_PUSH_REST).' },
    bad: 'x-modi: { nonBlocking: push }', good: 'x-modi: { nonBlocking: push }\ncallbacks:\n  result:\n    \'{$request.header#/X-ReplyTo}\': …'
  },
  {
    id: 'pull-location-declared', modi: 'warn',
    says: { it: 'la richiesta non bloccante deve rispondere 202 e dichiararvi l\'intestazione Location; aggiungerla', en: 'the non-blocking request must answer 202 and declare the header Location there; add it' },
    why: { it: 'Location dice dove chiedere a che punto è l\'elaborazione (NONBLOCK_PULL_REST).', en: 'Location says where to ask how far the work has come (NONBLOCK_PULL_REST).' },
    bad: '\'202\': { description: Presa in carico. }', good: '\'202\': { description: Presa in carico., headers: { Location: { schema: { type: string, format: uri-reference } } } }'
  },
  {
    id: 'pull-result-declared', modi: 'warn',
    says: { it: 'lo stato dell\'elaborazione deve rispondere 303 e dichiararvi l\'intestazione Location; aggiungerla', en: 'the state of the work must answer 303 and declare the header Location there; add it' },
    why: { it: 'Quando il risultato è pronto, 303 e Location portano lì (NONBLOCK_PULL_REST).', en: 'When the result is ready 303 and Location lead there (NONBLOCK_PULL_REST).' },
    bad: '\'200\': { description: In corso. }', good: '\'200\': { description: In corso. }\n\'303\': { description: Pronto., headers: { Location: … } }'
  },
  {
    id: 'replay-protection', modi: 'error',
    says: { it: 'ID_AUTH_REST_02 chiede una prova che vale una volta sola, e il voucher non lo è; aggiungere dpop: required, o INTEGRITY_REST_02', en: 'ID_AUTH_REST_02 asks for a proof that holds once only, which a voucher is not; add dpop: required, or INTEGRITY_REST_02' },
    why: { it: 'Lo stesso voucher si usa per molte chiamate: chi lo copiasse potrebbe ripeterne una.', en: 'The same voucher serves many calls: whoever copied it could repeat one.' },
    bad: 'x-modi: { patterns: [ID_AUTH_REST_02] }', good: 'x-modi: { patterns: [ID_AUTH_REST_02], dpop: required }'
  }
]
