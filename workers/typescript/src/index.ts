/** What step files import from `wistro`. */
export * from './context.js'
export * from './durations.js'
export * from './errors.js'
export * from './schemas.js'
export * from './state.js'
export * from './streams.js'
