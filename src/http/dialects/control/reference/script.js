// Runs in the browser, on the page /docs. Texts of a document become text nodes, never markup.
const [bar, list, pane] = ['nav', 'aside', 'main'].map((name) => document.querySelector(name))
const names = document.body.dataset.documents.split(' ')
const methods = ['get', 'put', 'post', 'delete', 'patch']
const documents = new Map()

/** Creates an element. Strings in its content become text nodes. */
function make(tag, attributes, ...content) {
  const element = document.createElement(tag)
  for (const [name, value] of Object.entries(attributes)) element.setAttribute(name, value)
  element.append(...content.flat().filter((part) => part !== null))
  return element
}

function resolve(api, schema) {
  const name = schema.$ref?.split('/').pop()
  return name === undefined ? schema : api.components.schemas[name]
}

/** Returns a type in words: `string (date-time)`, `list of Account`, `"a" or "b"`. */
function typeOf(schema) {
  const orNull = schema.nullable ? ' or null' : ''
  if (schema.$ref) return schema.$ref.split('/').pop()
  if (schema.allOf) return schema.allOf.map(typeOf).join(' and ') + orNull
  if (schema.anyOf) return schema.anyOf.map(typeOf).join(' or ') + orNull
  if (schema.enum) return schema.enum.map((value) => JSON.stringify(value)).join(' or ') + orNull
  if (schema.type === 'array') return `list of ${typeOf(schema.items ?? {})}${orNull}`
  return `${schema.type ?? 'anything'}${schema.format ? ` (${schema.format})` : ''}${orNull}`
}

/** Returns a row for each member of a schema and of its members, by dotted names. A recursive schema appears once. */
function membersOf(api, schema, { at = '', within = [] } = {}) {
  const found = resolve(api, schema.allOf?.[0] ?? schema)
  if (found.type === 'array') return membersOf(api, found.items ?? {}, { at: `${at}[]`, within })
  if (within.includes(found)) return []
  return Object.entries(found.properties ?? {}).flatMap(([name, member]) => {
    const path = at === '' ? name : `${at}.${name}`
    const isRequired = found.required?.includes(name) ?? false
    const row = { path, type: typeOf(member), isRequired, text: resolve(api, member).description }
    return [row, ...membersOf(api, member, { at: path, within: [...within, found] })]
  })
}

/** Returns an example value of a schema, for the curl line. */
function exampleOf(api, schema, name) {
  const found = resolve(api, schema)
  if (found.enum) return found.enum[0]
  if (found.anyOf) return exampleOf(api, found.anyOf[0], name)
  if (found.type === 'integer' || found.type === 'number') return 0
  if (found.type === 'boolean') return true
  if (found.type === 'array') return [exampleOf(api, found.items ?? {}, name)]
  if (found.type !== 'object') return name.toUpperCase()
  const wanted = found.required ?? Object.keys(found.properties ?? {})
  return Object.fromEntries(wanted.map((member) => [member, exampleOf(api, found.properties[member], member)]))
}

const quote = (text) => `'${text.replaceAll("'", "'\\''")}'`

/** Returns the credentials of the curl line, by the operation's first way to authenticate. */
function credentialsOf(api, operation) {
  const ways = (operation.security ?? api.security).map((way) => Object.keys(way))
  const [first = []] = ways
  return (ways.some((names) => names.length === 0) ? [] : first).map((name) => {
    const scheme = api.components.securitySchemes[name]
    if (scheme.scheme === 'basic') return `-u ${quote('USERNAME:PASSWORD')}`
    if (scheme.scheme === 'bearer') return `-H ${quote('Authorization: Bearer TOKEN')}`
    const prefix = scheme['x-apikey-prefix']
    return `-H ${quote(`${scheme.name}: ${prefix ? `${prefix} ` : ''}TOKEN`)}`
  })
}

function curlOf(api, { method, path, operation }) {
  const base = new URL(api.servers[0].url, location.href).href.replace(/\/$/, '')
  const address = base + path.replaceAll(/\{(\w+)\}/g, (_, name) => name.toUpperCase())
  const schema = Object.values(operation.requestBody?.content ?? {})[0]?.schema
  const known = new Set(Object.values(api.components.securitySchemes).map((scheme) => scheme.name?.toLowerCase()))
  const headers = (operation.parameters ?? [])
    .filter((parameter) => parameter.in === 'header' && parameter.required && !known.has(parameter.name.toLowerCase()))
    .map(({ name }) => `-H ${quote(`${name}: VALUE`)}`)
  const verb = method === (schema ? 'post' : 'get') ? '' : ` -X ${method.toUpperCase()}`
  const body = schema && [
    `-H ${quote('Content-Type: application/json')}`,
    `-d ${quote(JSON.stringify(exampleOf(api, schema, 'body')))}`,
  ]
  return [`curl${verb} ${quote(address)}`, ...credentialsOf(api, operation), ...headers, ...(body ?? [])].join(
    ' \\\n  ',
  )
}

/** Creates a table without its empty columns. */
function table(heads, rows) {
  if (rows.length === 0) return null
  const columns = heads.map((_, column) => column).filter((column) => rows.some((row) => row[column]))
  const line = (tag, row) =>
    make(
      'tr',
      {},
      columns.map((column) => make(tag, {}, row[column] ?? '')),
    )
  const body = make(
    'tbody',
    {},
    rows.map((row) => line('td', row)),
  )
  return make('div', { class: 'wide' }, make('table', {}, make('thead', {}, line('th', heads)), body))
}

const code = (text) => make('code', {}, text)
const need = (isRequired) =>
  make('span', { class: isRequired ? 'required' : 'optional' }, isRequired ? 'required' : 'optional')

function parametersOf(operation) {
  const rows = (operation.parameters ?? []).map((one) => [
    code(one.name),
    one.in,
    typeOf(one.schema),
    need(one.required),
    one.description,
  ])
  return rows.length === 0
    ? null
    : make('section', {}, make('h4', {}, 'Parameters'), table(['Name', 'In', 'Type', '', 'What it is'], rows))
}

/** Creates the table of a body's members. Only a request's body shows which of them are required. */
function schemaOf(api, schema, isSent) {
  const rows = membersOf(api, schema).map((row) => [
    code(row.path),
    row.type,
    isSent ? need(row.isRequired) : null,
    row.text,
  ])
  return table(['Member', 'Type', '', 'What it is'], rows)
}

const inWords = (mediaType) => (mediaType === '*/*' ? 'any media type' : mediaType)

function bodyOf(api, operation) {
  const [type, media] = Object.entries(operation.requestBody?.content ?? {})[0] ?? []
  if (!media?.schema) return null
  const head = make(
    'p',
    {},
    code(typeOf(media.schema)),
    ` as ${inWords(type)}`,
    operation.requestBody.description ? `: ${operation.requestBody.description}` : '',
  )
  return make('section', {}, make('h4', {}, 'Body'), head, schemaOf(api, media.schema, true))
}

function answerOf(api, [status, { description, content }]) {
  const [type, media] = Object.entries(content ?? {})[0] ?? []
  const kind = /^[23]/.test(status) ? 'good' : 'bad'
  const facts = make(
    'summary',
    {},
    make('b', { class: kind }, status),
    ` ${description} `,
    media ? make('small', {}, code(typeOf(media.schema)), ` ${inWords(type)}`) : make('small', {}, 'no body'),
  )
  return make('details', kind === 'good' ? { open: '' } : {}, facts, media ? schemaOf(api, media.schema, false) : null)
}

function accessOf(api, operation) {
  const ways = (operation.security ?? api.security).map((way) => Object.keys(way).join(' and ') || 'none')
  return make('p', { class: 'access' }, `Authorization: ${ways.length === 0 ? 'none' : ways.join(' or ')}.`)
}

function curlLine(api, entry) {
  const text = curlOf(api, entry)
  const button = make('button', { type: 'button' }, 'Copy')
  button.addEventListener('click', async () => {
    await navigator.clipboard.writeText(text)
    button.textContent = 'Copied'
  })
  return make('div', { class: 'curl' }, make('pre', {}, text), button)
}

const badge = (method) => make('span', { class: `method ${method}` }, method.toUpperCase())

function articleOf(api, entry) {
  const { method, path, operation, id } = entry
  return make(
    'article',
    { id },
    make('h3', {}, badge(method), code(path)),
    make('p', { class: 'summary' }, operation.summary),
    operation.description ? make('p', {}, operation.description) : null,
    accessOf(api, operation),
    curlLine(api, entry),
    parametersOf(operation),
    bodyOf(api, operation),
    make(
      'section',
      {},
      make('h4', {}, 'Answers'),
      Object.entries(operation.responses).map((answer) => answerOf(api, answer)),
    ),
  )
}

/** Returns the operations of a document by tag, in the order of its tags. */
function groupsOf(api, name) {
  const entries = Object.entries(api.paths).flatMap(([path, item]) =>
    methods
      .filter((method) => item[method])
      .map((method) => ({
        method,
        path,
        operation: item[method],
        id: `${name}/${item[method].operationId ?? `${method}${path}`}`,
      })),
  )
  return api.tags
    .map((tag) => ({ tag, entries: entries.filter(({ operation }) => operation.tags.includes(tag.name)) }))
    .filter((group) => group.entries.length > 0)
}

async function load(name) {
  if (!documents.has(name)) {
    const answer = await fetch(`openapi/${name}.json`)
    if (!answer.ok) throw new Error(`The server answered ${answer.status} for the document of ${name}.`)
    documents.set(name, await answer.json())
  }
  return documents.get(name)
}

let shown = null

async function show() {
  const wanted = decodeURIComponent(location.hash.slice(1))
  const name = names.find((one) => wanted === one || wanted.startsWith(`${one}/`)) ?? names[0]
  for (const link of bar.children) link.toggleAttribute('aria-current', link.textContent === name)
  if (shown !== name) {
    const api = await load(name)
    const groups = groupsOf(api, name)
    list.replaceChildren(
      ...groups.flatMap(({ tag, entries }) => [
        make('h2', {}, tag.name),
        ...entries.map(({ id, method, operation }) =>
          make('a', { href: `#${id}` }, badge(method), make('span', {}, operation.summary)),
        ),
      ]),
    )
    pane.replaceChildren(
      make(
        'header',
        {},
        make('h1', {}, api.info.title),
        make('p', {}, api.info.description),
        make(
          'p',
          {},
          make('a', { href: `openapi/${name}.json` }, `openapi/${name}.json`),
          ` · version ${api.info.version} · ${api.servers[0].url}`,
        ),
      ),
      ...groups.flatMap(({ tag, entries }) => [
        make('h2', {}, tag.name),
        make('p', { class: 'tag' }, tag.description),
        ...entries.map((entry) => articleOf(api, entry)),
      ]),
    )
    shown = name
  }
  document.getElementById(wanted)?.scrollIntoView()
}

function start() {
  show().catch((error) => pane.replaceChildren(make('p', { role: 'alert' }, error.message)))
}

bar.append(...names.map((name) => make('a', { href: `#${name}` }, name)))
addEventListener('hashchange', start)
start()
