/** The reserve of room for ends: its file, how it is given up, and when it is filled. */
import assert from 'node:assert/strict'
import { mkdirSync, readFileSync, statSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'
import { deflateSync } from 'node:zlib'
import { fileReserve, usualReserveBytes } from '../../src/stores/sqlite/reserve.ts'
import { smallDisk } from '../fixtures/small-disk.ts'
import { atEnd, openServerStore, temporaryFolder } from '../fixtures/sqlite-store.ts'

const mebibyte = 1024 * 1024

test('SQL-27 the reserve is a file of 16 MiB that no file system can compress, with mode 0600', async (t) => {
  const dataDir = temporaryFolder(t)
  const store = await openServerStore(dataDir, { reserveBytes: usualReserveBytes })
  atEnd(t, () => store.close())
  const path = join(dataDir, 'reserve')
  const { size, blocks, mode } = statSync(path)
  assert.deepEqual([size, blocks * 512 >= size, mode & 0o777], [16 * mebibyte, true, 0o600])
  assert.ok(deflateSync(readFileSync(path).subarray(0, mebibyte)).length >= mebibyte)
  assert.equal(store.hasRoom(), true)
})

test('SQL-27 the reserve is given up piece by piece, and filled again while there is room', (t) => {
  const path = join(temporaryFolder(t), 'reserve')
  const reserve = fileReserve(path, 3 * mebibyte)
  const size = () => statSync(path).size / mebibyte
  assert.deepEqual([reserve.isWhole(), size()], [true, 3])
  assert.deepEqual([reserve.giveUp(), size()], [true, 2])
  assert.deepEqual([reserve.giveUp(), reserve.giveUp(), reserve.giveUp(), size()], [true, true, false, 0])
  assert.deepEqual([reserve.isWhole(), size()], [true, 3])
  const first = readFileSync(path).subarray(0, mebibyte)
  assert.equal(first.equals(readFileSync(path).subarray(mebibyte, 2 * mebibyte)), false)
})

test('SQL-27 a given-up piece goes to the end of the log, and the rest of the log stays', (t) => {
  const folder = temporaryFolder(t)
  const log = join(folder, 'log')
  writeFileSync(log, 'frames')
  const reserve = fileReserve(join(folder, 'reserve'), 2 * mebibyte, log)
  assert.deepEqual([reserve.isWhole(), reserve.giveUp()], [true, true])
  const bytes = readFileSync(log)
  assert.deepEqual([bytes.subarray(0, 6).toString(), bytes.length], ['frames', 6 + mebibyte - 64 * 1024])
  assert.ok(deflateSync(bytes).length >= bytes.length)
})

test('SQL-27 a file that cannot be used is no reserve, and nothing else fails', (t) => {
  const folder = temporaryFolder(t)
  mkdirSync(join(folder, 'folder'))
  for (const path of [join(folder, 'folder'), join(folder, 'absent', 'reserve')]) {
    const reserve = fileReserve(path, 3 * mebibyte)
    assert.deepEqual([reserve.isWhole(), reserve.giveUp()], [false, false], path)
  }
})

test('SQL-27 the reserve is not filled if that would leave no room for others', (t) => {
  const disk = smallDisk(t, 16)
  if (disk === null) return
  const reserve = fileReserve(join(disk.folder, 'reserve'), 8 * mebibyte)
  const ballast = (mebibytes: number) => writeFileSync(join(disk.folder, 'ballast'), Buffer.alloc(mebibytes * mebibyte))
  ballast(5)
  assert.equal(reserve.isWhole(), false)
  ballast(3)
  assert.equal(reserve.isWhole(), true)
  assert.equal(reserve.giveUp(), true)
  disk.fill()
  assert.deepEqual([reserve.isWhole(), disk.freeBytes()], [false, 0])
  assert.equal(statSync(join(disk.folder, 'reserve')).size, 7 * mebibyte)
  disk.empty()
  assert.equal(reserve.isWhole(), true)
})
