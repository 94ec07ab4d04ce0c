/** HTTP: collects the documentation of routes as they are registered. Every enabled dialect has a document. */
import type { RouteOptions } from 'fastify'
import type { Dialect } from '../../core/dialects.ts'
import { type DocumentedRoute, type OpenApiDocument, writeDocument } from './document.ts'
import type { DialectDocument } from './operation.ts'

type Entry = { readonly dialect: DialectDocument; readonly prefix: string; readonly routes: DocumentedRoute[] }

/** The documents of the running app. */
export class DocumentCatalogue {
  readonly #entries = new Map<Dialect, Entry>()
  readonly #undocumented: string[] = []

  /** Starts the document of an enabled dialect. */
  open(name: Dialect, dialect: DialectDocument, prefix: string): void {
    this.#entries.set(name, { dialect, prefix, routes: [] })
  }

  /** Adds a route of a dialect. HEAD is never documented. */
  add(name: Dialect, { method, url, schema }: RouteOptions): void {
    const methods = [method].flat().filter((one) => one !== 'HEAD')
    const operation = schema?.openapi
    if (operation === undefined) this.#undocumented.push(...methods.map((one) => `${one} ${url}`))
    if (operation === undefined || operation === 'left out') return
    const { body, params, querystring, headers } = schema as DocumentedRoute['validated']
    const validated = { body, params, querystring, headers } as DocumentedRoute['validated']
    const routes = this.#entries.get(name)?.routes
    for (const one of methods) routes?.push({ method: one.toLowerCase(), url, operation, validated })
  }

  /** Returns the dialects that have a document, sorted. */
  dialects(): Dialect[] {
    return [...this.#entries.keys()].sort()
  }

  /** Returns method and path of every route that is neither documented nor marked as left out. */
  undocumentedRoutes(): readonly string[] {
    return this.#undocumented
  }

  /**
   * Returns a document.
   *
   * @param publicUrl base URL of this server; null for the document in a file, which names only the original's server.
   * @throws Error if the dialect is not enabled.
   */
  document(name: Dialect, publicUrl: string | null): OpenApiDocument {
    const entry = this.#entries.get(name)
    if (entry === undefined) throw new Error(`The dialect ${name} is not enabled.`)
    const { dialect, prefix, routes } = entry
    return writeDocument(dialect, routes, publicUrl === null ? null : { publicUrl, prefix })
  }
}

declare module 'fastify' {
  interface FastifyInstance {
    /** The documents of this app. */
    readonly openApi: DocumentCatalogue
  }
}
