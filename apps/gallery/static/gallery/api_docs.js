// Swagger UI in the frame of the other pages: their theme, one box for the key, and an appid that the reader has.
'use strict'

const dark = matchMedia('(prefers-color-scheme: dark)')
const paint = () => document.documentElement.classList.toggle('dark-mode', dark.matches)
paint()
dark.addEventListener('change', paint)

const { schema, appid, csrf } = document.getElementById('swagger-ui').dataset
// as the examples of the document have it
const EXAMPLE = 'wx0123456789abcdef'

function withOwnAppid (part) {
  return part && appid ? JSON.parse(JSON.stringify(part).replaceAll(EXAMPLE, appid)) : part
}

function fitOperation (operation) {
  // either header is enough, and a session needs none
  if (operation.security) operation.security = [{ bearer: [] }]
  operation.requestBody = withOwnAppid(operation.requestBody)
  for (const status of Object.keys(operation.responses)) {
    if (status.startsWith('2')) operation.responses[status] = withOwnAppid(operation.responses[status])
  }
  for (const parameter of operation.parameters || []) {
    if (parameter.in === 'path' && parameter.name === 'appid') parameter.example = appid || EXAMPLE
  }
}

function fit (text) {
  const found = JSON.parse(text)
  const { bearer } = found.components.securitySchemes
  found.components.securitySchemes = { bearer }
  for (const operations of Object.values(found.paths)) Object.values(operations).forEach(fitOperation)
  return JSON.stringify(found)
}

SwaggerUIBundle({
  url: schema,
  dom_id: '#swagger-ui',
  presets: [SwaggerUIBundle.presets.apis],
  layout: 'BaseLayout',
  deepLinking: true,
  requestInterceptor (request) {
    if (request.method && request.method !== 'GET') request.headers['X-CSRFToken'] = csrf
    return request
  },
  responseInterceptor (response) {
    if (response.ok && response.url === new URL(schema, location.href).href) response.text = fit(response.text)
    // of an answer that is a file the page would show a link, so it does not hear that JSON is one
    if (/^application\/(problem\+)?json/.test(response.headers?.['content-type'])) {
      delete response.headers['content-disposition']
    }
    return response
  }
})
