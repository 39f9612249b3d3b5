/// <reference path="../motia.d.ts" preserve="true" />
/** What step files import from `wistro`. */
export * from './context.js'
export * from './durations.js'
export * from './errors.js'
export * from './handlers.js'
export * from './motia.js'
export * from './policies.js'
export * from './requests.js'
export * from './schemas.js'
export * from './state.js'
export * from './steps.js'
export * from './streams.js'
export * from './topics.js'
