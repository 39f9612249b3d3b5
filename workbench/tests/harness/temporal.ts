import { type ChildProcess, spawn } from 'node:child_process'
import { createInterface } from 'node:readline'

/** Says where it is, and ends with its input. */
const SERVER = `
import asyncio, sys
from pathlib import Path
from tempfile import TemporaryDirectory
from wistro.temporal.host.devserver import DevServer, find_binary

async def main():
    with TemporaryDirectory() as folder:
        binary = find_binary(install=False).path
        async with DevServer(binary=binary, folder=Path(folder), ui=False, in_memory=True) as server:
            print(server.address, flush=True)
            await asyncio.to_thread(sys.stdin.read)

asyncio.run(main())
`
const STARTING_MS = 90_000

/** A Temporal server, as those have it who run `wistro start`. */
export async function runTemporal() {
  const child = spawn('python', ['-c', SERVER], { stdio: ['pipe', 'pipe', 'pipe'] })
  const ended = new Promise<void>((resolve) => child.once('exit', () => resolve()))
  const close = async () => {
    child.stdin?.end()
    await ended
  }
  try {
    return { address: await firstLine(child), close }
  } catch (error) {
    await close()
    throw error
  }
}

function firstLine(child: ChildProcess): Promise<string> {
  return new Promise((resolve, reject) => {
    let complaints = ''
    const fail = (why: string) => reject(new Error(`Temporal ${why}\n${complaints}`))
    const timer = setTimeout(() => fail('did not start in time'), STARTING_MS)
    child.stderr?.on('data', (chunk: Buffer) => (complaints += chunk.toString()))
    child.once('error', (error) => fail(`cannot be started: ${error.message}`))
    child.once('exit', (code) => fail(`ended with ${code}`))
    if (!child.stdout) return
    createInterface({ input: child.stdout }).once('line', (line) => {
      clearTimeout(timer)
      resolve(line.trim())
    })
  })
}
