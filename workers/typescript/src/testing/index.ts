/** For tests of single handlers, with vitest, node:test or any other runner. */
export { fakeContext, type FakeContext, type FakeOptions, type LogLine } from './fakeContext.js'
export { fakeRequest } from './fakeRequest.js'
export { type FakeAnswers, type MadeCall, MemoryCalls } from './memoryCalls.js'
export { MemoryState } from './memoryState.js'
export { MemoryStreams, type Sent } from './memoryStreams.js'
