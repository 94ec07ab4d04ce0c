/** Bench: a text file for terminals to show; every OS user may read it. */
import { randomBytes } from 'node:crypto'
import { chmod, mkdtemp, open, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'

/** Characters of a line, as base64 is usually cut. */
const lineLength = 76

/** A file, and how many bytes a terminal makes of it: a carriage return before every line feed. */
export type TextFile = { readonly path: string; readonly shownBytes: number }

/** Runs `use` with a file of about so many bytes that goes away with it. */
export async function withTextFile<Value>(bytes: number, use: (file: TextFile) => Promise<Value>): Promise<Value> {
  const folder = await mkdtemp(join(tmpdir(), 'sallyport-bench-text-'))
  try {
    await chmod(folder, 0o755)
    const path = join(folder, 'text')
    const block = makeBlock(1_000_000)
    const blocks = Math.ceil(bytes / block.length)
    const file = await open(path, 'wx', 0o644)
    for (let count = 0; count < blocks; count += 1) await file.write(block)
    await file.close()
    const shownBytes = blocks * (block.length + block.length / (lineLength + 1))
    return await use({ path, shownBytes })
  } finally {
    await rm(folder, { recursive: true, force: true })
  }
}

function makeBlock(bytes: number): Buffer {
  const lines = Math.floor(bytes / (lineLength + 1))
  const text = randomBytes(lines * lineLength).toString('base64')
  return Buffer.from(
    Array.from({ length: lines }, (_, line) => `${text.slice(line * lineLength, (line + 1) * lineLength)}\n`).join(''),
  )
}
