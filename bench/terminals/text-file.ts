/** Bench: text files for terminals. Every OS user may read them. */
import { randomBytes } from 'node:crypto'
import { chmod, mkdtemp, open, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'

/** Characters of a line, as base64 is usually cut. */
const lineLength = 76

/** A file, and its bytes in a terminal, with a carriage return before every line feed. */
export type TextFile = { readonly path: string; readonly shownBytes: number }

/** A text without and with colours. A screen parses colours also in lines that it skips. */
export type TextFiles = { readonly plain: TextFile; readonly coloured: TextFile }

/** Runs `use` with files of about `bytes` bytes, and removes them. */
export async function withTextFiles<Value>(bytes: number, use: (files: TextFiles) => Promise<Value>): Promise<Value> {
  const folder = await mkdtemp(join(tmpdir(), 'sallyport-bench-text-'))
  try {
    await chmod(folder, 0o755)
    return await use({
      plain: await writeText(join(folder, 'plain'), bytes, (line) => line),
      coloured: await writeText(join(folder, 'coloured'), bytes, colour),
    })
  } finally {
    await rm(folder, { recursive: true, force: true })
  }
}

/** Colours half of a line in one of seven colours. */
function colour(line: string, index: number): string {
  const half = line.length / 2
  return `\x1b[3${1 + (index % 7)}m${line.slice(0, half)}\x1b[0m${line.slice(half)}`
}

async function writeText(
  path: string,
  bytes: number,
  format: (line: string, index: number) => string,
): Promise<TextFile> {
  const lines = 13_000
  const text = randomBytes(lines * lineLength).toString('base64')
  const shown = Array.from({ length: lines }, (_, line) =>
    format(text.slice(line * lineLength, (line + 1) * lineLength), line),
  )
  const block = Buffer.from(shown.map((line) => `${line}\n`).join(''))
  const blocks = Math.ceil(bytes / block.length)
  const file = await open(path, 'wx', 0o644)
  for (let count = 0; count < blocks; count += 1) await file.write(block)
  await file.close()
  return { path, shownBytes: blocks * (block.length + lines) }
}
