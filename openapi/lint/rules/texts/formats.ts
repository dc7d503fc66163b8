import type { RuleText } from '../rule-text.ts'

/** How values are written. */
export const formatTexts: readonly RuleText[] = [
  {
    id: 'integer-format', reference: 'integer-format', rac: 'RAC_REST_FORMAT_004', pdnd: 'error', modi: 'error',
    says: { it: 'l\'intero non dice quanto può essere grande; aggiungere format: int32 o int64', en: 'the integer does not say how large it may be; add format: int32 or int64' },
    why: { it: 'Il formato sceglie il tipo nel client: un numero troppo grande verrebbe troncato in silenzio. Il controllore nazionale cerca ovunque, anche negli esempi.', en: 'The format chooses the type in the client: too large a number would be cut off in silence. The national checker looks everywhere, examples included.' },
    bad: 'type: integer', good: 'type: integer\nformat: int32'
  },
  {
    id: 'number-format', reference: 'number-format', rac: 'RAC_REST_FORMAT_004', pdnd: 'error', modi: 'error',
    says: { it: 'il numero non dice con quale precisione è scritto; aggiungere format: double, float, decimal32, decimal64 o decimal128', en: 'the number does not say how precise it is; add format: double, float, decimal32, decimal64 or decimal128' },
    why: { it: 'Un importo letto con la precisione sbagliata cambia valore. Il controllore nazionale cerca ovunque, anche negli esempi.', en: 'An amount read with the wrong precision changes its value. The national checker looks everywhere, examples included.' },
    bad: 'type: number', good: 'type: number\nformat: double'
  },
  {
    id: 'allowed-integer-format', reference: 'allowed-integer-format', rac: 'RAC_REST_FORMAT_004', pdnd: 'hint', modi: 'hint',
    says: { it: 'il formato di un intero è int32 o int64; usare uno dei due', en: 'the format of an integer is int32 or int64; use one of them' },
    why: { it: 'Altri formati sono ignorati dagli strumenti.', en: 'Other formats are ignored by tools.' },
    bad: 'type: integer\nformat: long', good: 'type: integer\nformat: int64'
  },
  {
    id: 'allowed-number-format', reference: 'allowed-number-format', rac: 'RAC_REST_FORMAT_004', pdnd: 'hint', modi: 'hint',
    says: { it: 'il formato di un numero è float, double, decimal32, decimal64 o decimal128; usare uno di questi', en: 'the format of a number is float, double, decimal32, decimal64 or decimal128; use one of these' },
    why: { it: 'Altri formati sono ignorati dagli strumenti.', en: 'Other formats are ignored by tools.' },
    bad: 'type: number\nformat: money', good: 'type: number\nformat: decimal64'
  },
  {
    id: 'date-format', rac: 'RAC_GEN_FORMAT_003', modi: 'info',
    says: { it: 'la proprietà sembra una data; aggiungere format: date o date-time (RFC 3339)', en: 'the property looks like a date; add format: date or date-time (RFC 3339)' },
    why: { it: 'Senza formato 01/02/2026 si legge in due modi.', en: 'Without a format 01/02/2026 can be read in two ways.' },
    bad: 'birthDate: { type: string }', good: 'birthDate: { type: string, format: date }'
  },
  {
    id: 'date-format-name', rac: 'RAC_GEN_FORMAT_003', modi: 'info',
    says: { it: 'il formato della data non è fra quelli di OpenAPI; usare date o date-time (RFC 3339)', en: 'the format of the date is none of OpenAPI\'s; use date or date-time (RFC 3339)' },
    why: { it: 'Un formato sconosciuto non viene verificato da nessuno.', en: 'Nobody checks a format that is not known.' },
    bad: 'type: string\nformat: YYYY-MM-DD', good: 'type: string\nformat: date'
  },
  {
    id: 'duration-format', rac: 'RAC_GEN_FORMAT_004', modi: 'info',
    says: { it: 'la proprietà sembra una durata; esprimerla in secondi (type: integer) o aggiungere format: duration (ISO 8601)', en: 'the property looks like a duration; give it in seconds (type: integer) or add format: duration (ISO 8601)' },
    why: { it: 'Un testo libero non dice se sono minuti o secondi.', en: 'A free text does not say whether it is minutes or seconds.' },
    bad: 'duration: { type: string }', good: 'duration: { type: string, format: duration }'
  },
  {
    id: 'code-format', rac: 'RAC_GEN_FORMAT_005', modi: 'hint',
    says: { it: 'lingue, paesi e valute si scrivono con i codici ISO 639, 3166 e 4217; limitare il testo con enum, pattern o maxLength', en: 'languages, countries and currencies are written with the codes of ISO 639, 3166 and 4217; narrow the text with enum, pattern or maxLength' },
    why: { it: 'Italia, ITALIA e IT sono tre valori diversi per chi unisce i dati.', en: 'Italia, ITALIA and IT are three different values to whoever joins data.' },
    bad: 'country: { type: string }', good: 'country: { type: string, pattern: \'^[A-Z]{2}$\' }'
  },
  {
    id: 'sli-names', rac: 'RAC_ROBUSTEZZA_003', modi: 'hint',
    says: { it: 'il nome dell\'indicatore di servizio ha un\'unità diversa; usare le unità del Sistema Internazionale e per gli intervalli solo s, m, d, y (30d, non 1month)', en: 'the name of the service level indicator has another unit; use SI units and for intervals only s, m, d, y (30d, not 1month)' },
    why: { it: 'Indicatori nella stessa unità si confrontano fra enti senza conversioni.', en: 'Indicators in the same unit compare between administrations without conversion.' },
    bad: 'response_time_ms: { type: integer, format: int32 }', good: 'response_time_30d: { type: number, format: double, description: In secondi. }'
  },
  {
    id: 'nullable-without-type', modi: 'warn',
    says: { it: 'nullable senza type non ha effetto in OpenAPI 3.0; scrivere il type accanto', en: 'nullable without type has no effect in OpenAPI 3.0; write the type beside it' },
    why: { it: 'Uno strumento accetta null, un altro lo rifiuta: dipende da come legge la specifica.', en: 'One tool takes null, another refuses it: it depends on how it reads the specification.' },
    bad: 'nullable: true\nallOf: [{ $ref: \'#/components/schemas/Address\' }]', good: 'type: object\nnullable: true\nallOf: [{ $ref: \'#/components/schemas/Address\' }]'
  },
  {
    id: 'pattern-valid', modi: 'error',
    says: { it: 'il pattern non è un\'espressione regolare valida (ECMA-262); correggerlo', en: 'the pattern is no valid regular expression (ECMA-262); correct it' },
    why: { it: 'Un pattern che non si può leggere non verifica nulla, o impedisce di usare il contratto.', en: 'A pattern that cannot be read checks nothing, or keeps the contract from being used.' },
    bad: 'pattern: \'[A-Z\'', good: 'pattern: \'^[A-Z]$\''
  },
  {
    id: 'pattern-unicode', modi: 'warn',
    says: { it: 'il pattern vale solo senza Unicode; togliere le barre rovesciate davanti ai caratteri che non ne hanno bisogno, e gli elementi di Java o PCRE (\\h, \\z)', en: 'the pattern is valid without Unicode only; remove backslashes before characters that need none, and what belongs to Java or PCRE (\\h, \\z)' },
    why: { it: 'JSON Schema legge i pattern con Unicode: alcuni strumenti rifiutano l\'intero contratto, altri danno a \\h il significato di h.', en: 'JSON Schema reads patterns with Unicode: some tools refuse the whole contract, others take \\h for h.' },
    bad: 'pattern: \'^[\\w\\-\\h]+$\'', good: 'pattern: \'^[\\w \\t-]+$\''
  },
  {
    id: 'pattern-linear', modi: 'error',
    says: { it: 'il pattern può richiedere un tempo smisurato e usa costrutti (riferimenti, sguardi avanti o indietro) che un motore lineare non ha; semplificarlo, o limitare le ripetizioni', en: 'the pattern may take excessive time and uses constructs (references, looking ahead or behind) that a linear engine lacks; simplify it, or bound its repetitions' },
    why: { it: 'Con un testo preparato apposta una sola richiesta può bloccare il servizio.', en: 'With a text made for it one request can block the service.' },
    bad: 'pattern: \'^(?=(a+)+$)\'', good: 'pattern: \'^a{1,64}$\''
  }
]
