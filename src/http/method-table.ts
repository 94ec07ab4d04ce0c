/** HTTP: the methods of every path, to answer 405 for a wrong method and 404 for a wrong path. */

/** A registered path, split at its slashes. `:name` matches any one part, and `*` at the end matches all further parts. */
type KnownPath = { readonly parts: readonly string[]; readonly methods: Set<string> }

/** Collects the registered routes. */
export class MethodTable {
  readonly #paths: KnownPath[] = []

  /** Adds one route. */
  add(path: string, methods: readonly string[]): void {
    const parts = path.split('/')
    const known = this.#paths.find((candidate) => candidate.parts.join('/') === path)
    if (known === undefined) this.#paths.push({ parts, methods: new Set(methods) })
    else for (const method of methods) known.methods.add(method)
  }

  /** Returns the sorted methods of a path without its query; empty if no route serves it. */
  methodsOf(path: string): string[] {
    const parts = path.split('/')
    const methods = this.#paths.filter((known) => isMatch(known.parts, parts)).flatMap((known) => [...known.methods])
    return [...new Set(methods)].sort()
  }
}

function isMatch(pattern: readonly string[], parts: readonly string[]): boolean {
  const isOpen = pattern.at(-1) === '*'
  if (isOpen ? parts.length < pattern.length : parts.length !== pattern.length) return false
  const fixed = isOpen ? pattern.slice(0, -1) : pattern
  return fixed.every((part, index) => (part.startsWith(':') ? parts[index] !== '' : part === parts[index]))
}
