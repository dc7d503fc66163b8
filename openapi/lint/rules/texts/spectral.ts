import type { Severity } from '../../finding.ts'
import type { RuleText } from '../rule-text.ts'

type Row = readonly [name: string, severity: Severity, it: string, en: string, why: RuleText['why'], bad: string, good: string]

const specification = { it: 'Lo chiede la specifica OpenAPI: gli strumenti possono rifiutare il contratto o leggerlo in modo diverso.', en: 'The OpenAPI specification asks for it: tools may refuse the contract or read it differently.' }
const generators = { it: 'Da qui prendono i nomi la documentazione e i client generati.', en: 'Documentation and generated clients take their names from here.' }
const readers = { it: 'È ciò che legge chi deve decidere se e come usare l\'API.', en: 'This is what people read who decide whether and how to use the API.' }
const examples = { it: 'Chi sviluppa copia gli esempi: uno sbagliato diventa un errore in ogni client.', en: 'Developers copy examples: a wrong one becomes an error in every client.' }
const hostile = { it: 'Le descrizioni diventano pagine web: il codice che contengono verrebbe eseguito.', en: 'Descriptions become web pages: code in them would be run.' }

const rows: readonly Row[] = [
  ['parser', 'error', 'il testo non è YAML o JSON corretto; correggere il punto indicato', 'the text is no correct YAML or JSON; correct it where indicated', specification, 'a: b: c', 'a: { b: c }'],
  ['invalid-ref', 'error', 'il riferimento non porta a nulla che si possa leggere; correggerlo, o salvare il file accanto al contratto', 'the reference leads to nothing that can be read; correct it, or save the file beside the contract', specification, '$ref: \'#/components/schemas/Missing\'', '$ref: \'#/components/schemas/Resident\''],
  ['unrecognized-format', 'warn', 'il documento non è OpenAPI; cominciarlo con openapi: 3.0.3', 'the document is no OpenAPI document; begin it with openapi: 3.0.3', specification, 'title: Anagrafe', 'openapi: 3.0.3\ninfo: …\npaths: …'],
  ['oas3-schema', 'error', 'il documento non rispetta lo schema di OpenAPI; correggere il membro indicato', 'the document does not follow the schema of OpenAPI; correct the member indicated', specification, 'parameters:\n  - { name: id, in: path }', 'parameters:\n  - { name: id, in: path, required: true, schema: { type: string } }'],
  ['oas3-valid-schema-example', 'error', 'l\'esempio o il default non rispetta il proprio schema; correggere l\'uno o l\'altro', 'the example or default does not follow its schema; correct one of them', examples, 'type: integer\nexample: "12"', 'type: integer\nexample: 12'],
  ['oas3-examples-value-or-externalValue', 'warn', 'un esempio ha value oppure externalValue; lasciarne uno', 'an example has value or externalValue; keep one of them', examples, 'examples:\n  one: {}', 'examples:\n  one: { value: { id: 1 } }'],
  ['oas3-api-servers', 'warn', 'mancano i servers; aggiungere gli indirizzi a cui l\'API risponde', 'servers are missing; add the addresses at which the API answers', readers, 'servers: []', 'servers:\n  - url: https://api.example.it/rest/anagrafe/v1'],
  ['oas3-server-trailing-slash', 'warn', 'l\'indirizzo del server finisce con una barra; toglierla', 'the address of the server ends with a slash; remove it', { it: 'I percorsi cominciano già con una barra: ne risulterebbero due.', en: 'Paths begin with a slash already: there would be two.' }, 'url: https://api.example.it/v1/', 'url: https://api.example.it/v1'],
  ['oas3-server-variables', 'error', 'le variabili dell\'indirizzo e quelle descritte non coincidono; descriverle tutte sotto variables, con un default', 'the variables of the address and those described differ; describe all under variables, with a default', specification, 'url: https://{host}/v1', 'url: https://{host}/v1\nvariables:\n  host: { default: api.example.it }'],
  ['oas3-operation-security-defined', 'warn', 'lo schema di sicurezza, o lo scope, non è definito; aggiungerlo a components.securitySchemes', 'the security scheme, or the scope, is not defined; add it to components.securitySchemes', specification, 'security: [{ voucher: [] }]', 'components:\n  securitySchemes:\n    voucher: { type: http, scheme: bearer, bearerFormat: JWT }'],
  ['oas3-unused-component', 'warn', 'nulla usa questo componente; toglierlo, o farvi riferimento', 'nothing uses this component; remove it, or refer to it', readers, 'components:\n  schemas:\n    Old: …', '$ref: \'#/components/schemas/Resident\''],
  ['oas3-callbacks-in-callbacks', 'warn', 'un callback non ne contiene altri; spostarlo sull\'operazione', 'a callback contains no others; move it to the operation', specification, 'callbacks:\n  one: { …: { post: { callbacks: … } } }', 'callbacks:\n  one: { …: { post: … } }'],
  ['oas3_1-callbacks-in-webhook', 'warn', 'un webhook non contiene callback; toglierli', 'a webhook contains no callbacks; remove them', specification, 'webhooks:\n  one: { post: { callbacks: … } }', 'webhooks:\n  one: { post: … }'],
  ['oas3_1-servers-in-webhook', 'warn', 'un webhook non ha servers; toglierli', 'a webhook has no servers; remove them', specification, 'webhooks:\n  one: { servers: … }', 'webhooks:\n  one: { post: … }'],
  ['oas3_2-no-deprecated-xml-attribute', 'warn', 'in OpenAPI 3.2 xml.attribute è superato; usare xml.nodeType: attribute', 'in OpenAPI 3.2 xml.attribute is superseded; use xml.nodeType: attribute', specification, 'xml: { attribute: true }', 'xml: { nodeType: attribute }'],
  ['info-contact', 'warn', 'manca info.contact; indicare chi risponde dell\'API', 'info.contact is missing; say who answers for the API', readers, 'info: { title: Anagrafe }', 'info:\n  contact: { email: anagrafe@comune.example.it }'],
  ['info-description', 'warn', 'manca info.description; spiegare che cosa fa l\'API', 'info.description is missing; explain what the API does', readers, 'info: { title: Anagrafe }', 'info:\n  description: Verifica la residenza dei cittadini.'],
  ['operation-description', 'warn', 'l\'operazione non ha una description; spiegare che cosa fa', 'the operation has no description; explain what it does', readers, 'get:\n  operationId: listResidents', 'get:\n  operationId: listResidents\n  description: Elenca i residenti.'],
  ['operation-operationId', 'warn', 'l\'operazione non ha un operationId; darle un nome unico', 'the operation has no operationId; give it a unique name', generators, 'get:\n  responses: …', 'get:\n  operationId: listResidents'],
  ['operation-operationId-unique', 'error', 'lo stesso operationId è usato due volte; darne uno diverso a ogni operazione', 'the same operationId is used twice; give every operation its own', generators, 'operationId: residents (in due operazioni)', 'operationId: listResidents\noperationId: readResident'],
  ['operation-operationId-valid-in-url', 'warn', 'l\'operationId contiene caratteri non ammessi in un indirizzo; usare lettere, cifre, trattini', 'the operationId has characters that an address does not allow; use letters, digits, hyphens', generators, 'operationId: elenco residenti', 'operationId: listResidents'],
  ['operation-parameters', 'warn', 'lo stesso parametro è dichiarato due volte; lasciarne uno', 'the same parameter is declared twice; keep one of them', specification, '- { name: q, in: query }\n- { name: q, in: query }', '- { name: q, in: query }'],
  ['operation-success-response', 'warn', 'l\'operazione non dichiara alcuna risposta riuscita; aggiungere una 2xx o 3xx', 'the operation declares no successful answer; add a 2xx or 3xx', readers, 'responses:\n  \'404\': …', 'responses:\n  \'200\': …'],
  ['operation-tag-defined', 'warn', 'il tag non è fra quelli del documento; aggiungerlo a tags', 'the tag is none of the document\'s; add it to tags', readers, 'tags: []', 'tags:\n  - name: residenti'],
  ['operation-tags', 'warn', 'l\'operazione non ha tags; assegnarle un gruppo', 'the operation has no tags; assign it to a group', readers, 'get:\n  operationId: listResidents', 'get:\n  operationId: listResidents\n  tags: [residenti]'],
  ['openapi-tags-uniqueness', 'error', 'lo stesso tag è definito due volte; lasciarne uno', 'the same tag is defined twice; keep one of them', specification, 'tags: [{ name: a }, { name: a }]', 'tags: [{ name: a }]'],
  ['path-params', 'error', 'i parametri del percorso e quelli dichiarati non coincidono, o due percorsi sono uguali; correggere gli uni o gli altri', 'the parameters of the path and those declared differ, or two paths are the same; correct one of them', specification, '/residents/{id}: (senza parametro id)', '/residents/{id}:\n  parameters:\n    - { name: id, in: path, required: true, schema: { type: string } }'],
  ['path-declarations-must-exist', 'warn', 'una parte del percorso fra graffe è vuota; darle un nome', 'a part of the path in braces is empty; give it a name', specification, '/residents/{}', '/residents/{id}'],
  ['path-keys-no-trailing-slash', 'warn', 'il percorso finisce con una barra; toglierla', 'the path ends with a slash; remove it', { it: 'Con e senza barra sono due indirizzi diversi.', en: 'With and without the slash are two different addresses.' }, '/residents/', '/residents'],
  ['path-not-include-query', 'warn', 'il percorso contiene una query; dichiararla come parametri (in: query)', 'the path contains a query; declare it as parameters (in: query)', specification, '/residents?q={q}', '/residents:\n  parameters: [{ name: q, in: query }]'],
  ['no-$ref-siblings', 'error', 'accanto a $ref non va altro in OpenAPI 3.0; spostarlo nella definizione, o usare allOf', 'nothing else goes beside $ref in OpenAPI 3.0; move it to the definition, or use allOf', { it: 'Ciò che sta accanto a $ref viene ignorato.', en: 'What stands beside $ref is ignored.' }, '$ref: \'#/components/schemas/Id\'\nmaxLength: 10', 'allOf: [{ $ref: \'#/components/schemas/Id\' }]\nmaxLength: 10'],
  ['array-items', 'error', 'una lista non dice che cosa contiene; aggiungere items', 'a list does not say what it holds; add items', specification, 'type: array', 'type: array\nitems: { type: string }'],
  ['typed-enum', 'warn', 'un valore di enum non ha il tipo dello schema; correggerlo', 'a value of enum has not the type of the schema; correct it', specification, 'type: string\nenum: [1]', 'type: string\nenum: [\'1\']'],
  ['duplicated-entry-in-enum', 'warn', 'lo stesso valore è due volte in enum; lasciarne uno', 'the same value is in enum twice; keep one of them', specification, 'enum: [a, a]', 'enum: [a]'],
  ['no-eval-in-markdown', 'warn', 'la descrizione contiene eval(; toglierlo', 'the description contains eval(; remove it', hostile, 'description: eval(…)', 'description: Elenca i residenti.'],
  ['no-script-tags-in-markdown', 'warn', 'la descrizione contiene <script>; toglierlo', 'the description contains <script>; remove it', hostile, 'description: <script>…</script>', 'description: Elenca i residenti.']
]

// The gate switches it off: it has a rule of this name that looks at nothing.
const mediaExample: RuleText = {
  id: 'oas3-valid-media-example',
  reference: 'oas3-valid-media-example',
  isSpectrals: true,
  modi: 'error',
  says: { it: 'l\'esempio non rispetta lo schema del messaggio; correggere l\'uno o l\'altro', en: 'the example does not follow the schema of the message; correct one of them' },
  why: { it: `${examples.it} Il controllore nazionale non lo verifica.`, en: `${examples.en} The national checker does not check it.` },
  bad: 'schema: { type: object }\nexample: []',
  good: 'schema: { type: object }\nexample: {}'
}

/** The name of a rule of Spectral's as our ids are written. */
const toId = (name: string): string => name.replaceAll(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`).replaceAll(/[$_]/g, '-').replaceAll(/-+/g, '-')

/** The rules for every OpenAPI document that Spectral recommends: they are part of the gate's verdict. */
export const spectralTexts: readonly RuleText[] = [
  ...rows.map(([name, severity, it, en, why, bad, good]): RuleText =>
    ({ id: toId(name), reference: name, isSpectrals: true, pdnd: severity, modi: severity, says: { it, en }, why, bad, good })),
  mediaExample
]
