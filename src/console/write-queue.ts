/** Console: keeps the steps of a terminal in order: sizes and resets wait until all output before them was parsed. */

/** Parses output and reports when it is done. */
export type Parser = { readonly write: (bytes: Uint8Array, parsed: () => void) => void }

type Step = { readonly bytes: Uint8Array; readonly parsed: () => void } | { readonly run: () => void }

/** The steps of one terminal. */
export class WriteQueue {
  readonly #parser: Parser
  #waiting: Step[] = []
  #unparsed = 0

  constructor(parser: Parser) {
    this.#parser = parser
  }

  /** Parses output after all earlier steps. */
  write(bytes: Uint8Array, parsed: () => void = () => undefined): void {
    this.#waiting.push({ bytes, parsed })
    this.#go()
  }

  /** Runs something after all earlier steps. */
  run(run: () => void): void {
    this.#waiting.push({ run })
    this.#go()
  }

  /** Output goes to the parser as it comes: it has its own queue, and works best if that is full. */
  #go(): void {
    for (let step = this.#waiting[0]; step !== undefined; step = this.#waiting[0]) {
      if ('run' in step) {
        if (this.#unparsed > 0) return
        this.#waiting.shift()
        step.run()
      } else {
        this.#waiting.shift()
        this.#parse(step.bytes, step.parsed)
      }
    }
  }

  #parse(bytes: Uint8Array, parsed: () => void): void {
    this.#unparsed += 1
    this.#parser.write(bytes, () => {
      this.#unparsed -= 1
      parsed()
      this.#go()
    })
  }
}
