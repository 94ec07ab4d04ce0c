/** Protocol: every Content-Security-Policy that the server sends (CSP level 3). */

/** Policy of every answer that is no page: nothing is loaded, and no other page may frame it. */
export const noContentPolicy = "default-src 'none'; frame-ancestors 'none'"

const noEmbedding = ["form-action 'none'", "frame-ancestors 'none'", "base-uri 'none'"]

/** Hashes of a page's inline script and style, such as `sha256-...`. */
export type InlineHashes = { readonly script: string; readonly style: string }

/** Returns the policy of a page with one inline script and one inline style that calls its own origin only. */
export function pagePolicy({ script, style }: InlineHashes): string {
  return [
    "default-src 'none'",
    `script-src '${script}'`,
    `style-src '${style}'`,
    "connect-src 'self'",
    ...noEmbedding,
  ].join('; ')
}

/** What differs from one answer with the terminal page to the next. */
export type TerminalPageSources = {
  /** Hash of the inline import map. */
  readonly importMap: string
  readonly nonce: string
  /** Origins that the page may open WebSockets to. */
  readonly sockets: readonly string[]
}

/**
 * Returns the policy of the terminal page.
 *
 * xterm.js adds style elements and gives them the nonce. Style attributes and every sink that takes HTML are refused.
 */
export function terminalPagePolicy({ importMap, nonce, sockets }: TerminalPageSources): string {
  return [
    "default-src 'none'",
    `script-src 'self' '${importMap}'`,
    `style-src 'self' 'nonce-${nonce}'`,
    `connect-src 'self' ${sockets.join(' ')}`,
    "img-src 'self' data:",
    ...noEmbedding,
    "require-trusted-types-for 'script'",
    "trusted-types 'none'",
  ].join('; ')
}
