/** HTTP: knows every path that is served and its methods, so that a wrong method is told from a wrong path. */

/** A registered path, cut at its slashes; `:name` stands for any one part, `*` at the end for all that follow. */
type KnownPath = { readonly parts: readonly string[]; readonly methods: Set<string> }

/** Collects routes as they are registered and answers which methods a path takes. */
export class MethodTable {
  readonly #paths: KnownPath[] = []

  /** Adds one route. */
  add(path: string, methods: readonly string[]): void {
    const parts = path.split('/')
    const known = this.#paths.find((candidate) => candidate.parts.join('/') === path)
    if (known === undefined) this.#paths.push({ parts, methods: new Set(methods) })
    else for (const method of methods) known.methods.add(method)
  }

  /** Returns the methods of a path without its query, sorted; none when the path is not served. */
  methodsOf(path: string): string[] {
    const parts = path.split('/')
    const methods = this.#paths.filter((known) => isMatch(known.parts, parts)).flatMap((known) => [...known.methods])
    return [...new Set(methods)].sort()
  }
}

function isMatch(pattern: readonly string[], parts: readonly string[]): boolean {
  const isOpen = pattern.at(-1) === '*'
  if (isOpen ? parts.length < pattern.length : parts.length !== pattern.length) return false
  const told = isOpen ? pattern.slice(0, -1) : pattern
  return told.every((part, index) => (part.startsWith(':') ? parts[index] !== '' : part === parts[index]))
}
