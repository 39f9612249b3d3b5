/** For tests of single handlers, with vitest, node:test or any other runner. */
export { fakeContext, type FakeContext, type FakeOptions, type LogLine } from './fakeContext.js'
export { fakeRequest } from './fakeRequest.js'
export { MemoryState } from './memoryState.js'
export { MemoryStreams, type Sent } from './memoryStreams.js'
