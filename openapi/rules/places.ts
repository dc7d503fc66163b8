/** Every operation of a document. */
export const operations = '$.paths[*][get,put,post,delete,options,head,patch,trace]'

/** JSONPaths of the names of the parameters whose `in` is one of `places`. */
export function parameterNames (...places: readonly string[]): string[] {
  const filter = `[?(@ && (${places.map((place) => `@.in === '${place}'`).join(' || ')}))].name`
  return [`$.paths[*].parameters${filter}`, `${operations}.parameters${filter}`, `$.components.parameters${filter}`]
}

/** JSONPaths of the names of all response headers. */
export const responseHeaderNames = [`${operations}.responses[*].headers[*]~`, '$.components.responses[*].headers[*]~']
