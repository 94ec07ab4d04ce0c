/** Console: lets xterm.js set its styles under a policy without inline styles, by the two ways that the policy allows. */

/**
 * Gives every new style element the nonce of this page, and sets the style attributes that xterm.js writes as text on
 * spans, for colours beyond the palette, through the object model.
 *
 * xterm.js takes another document in its options, but makes one of its style elements with the window's own.
 */
export function allowXtermStyles(): void {
  const nonce = document.querySelector('style')?.nonce ?? ''
  const createElement = document.createElement.bind(document)
  document.createElement = (name: string, options?: ElementCreationOptions): HTMLElement => {
    const element = createElement(name, options)
    if (element instanceof HTMLStyleElement) element.nonce = nonce
    return element
  }
  HTMLSpanElement.prototype.setAttribute = function setAttribute(name: string, value: string): void {
    if (name === 'style') this.style.cssText = value
    else Element.prototype.setAttribute.call(this, name, value)
  }
}
