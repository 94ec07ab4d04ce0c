/** Console: creates elements. Everything from the server becomes text, so that no name and no message becomes markup. */

/** The content of an element. */
export type Content = readonly (Node | string)[]

/** Attributes by name. */
export type Attributes = Readonly<Record<string, string>>

/** Creates an element with attributes and content. */
export function make<Tag extends keyof HTMLElementTagNameMap>(
  tag: Tag,
  attributes: Attributes = {},
  content: Content = [],
): HTMLElementTagNameMap[Tag] {
  const element = document.createElement(tag)
  for (const [name, value] of Object.entries(attributes)) element.setAttribute(name, value)
  element.append(...content)
  return element
}

/** Creates a button that submits nothing. */
export function button(label: string, run: () => void, attributes: Attributes = {}): HTMLButtonElement {
  const made = make('button', { type: 'button', ...attributes }, [label])
  made.addEventListener('click', run)
  return made
}

/** Creates a control with its label above it, and optionally a line of help. */
export function field(label: string, control: HTMLElement, help: string | null = null): HTMLLabelElement {
  const hint = help === null ? [] : [make('small', {}, [help])]
  return make('label', { class: 'field' }, [make('span', {}, [label]), control, ...hint])
}

/** One choice of a select. */
export type Choice = { readonly value: string; readonly label: string }

/** Fills a select and keeps the selection if it is still there; equal choices are left alone, because a list may be open. */
export function fillSelect(select: HTMLSelectElement, choices: readonly Choice[]): void {
  const isSame =
    choices.length === select.options.length &&
    choices.every(({ value, label }, at) => select.options[at]?.value === value && select.options[at].text === label)
  if (isSame) return
  const before = select.value
  select.replaceChildren(...choices.map(({ value, label }) => make('option', { value }, [label])))
  if (choices.some(({ value }) => value === before)) select.value = before
}
